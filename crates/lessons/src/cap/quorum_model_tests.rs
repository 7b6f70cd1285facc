//! State counts and the lengths of counterexamples, pinned.
use super::Op::{Read, Write};
use super::*;

fn store(replicas: usize, r: usize, w: usize, clients: &[&[Op]]) -> QuorumStore {
    let clients = clients.iter().map(|ops| ops.to_vec()).collect();
    QuorumStore::new(replicas, r, w, clients)
}

fn check(
    replicas: usize,
    r: usize,
    w: usize,
    write_back: bool,
    clients: &[&[Op]],
) -> (usize, Option<usize>) {
    let checked = QuorumStore {
        write_back,
        ..store(replicas, r, w, clients)
    }
    .check();
    (
        checked.states,
        checked.counterexample.map(|run| run.len() - 1),
    )
}

#[test]
fn quorums_that_meet_are_linearizable_in_every_interleaving() {
    let found = [
        check(3, 2, 2, true, &[&[Write(1)], &[Read, Read]]),
        check(3, 2, 2, true, &[&[Write(1)], &[Read], &[Read]]),
        check(2, 1, 2, true, &[&[Write(1)], &[Read, Read]]),
        check(2, 2, 1, true, &[&[Write(1), Read], &[Write(2), Read]]),
        check(3, 1, 3, true, &[&[Write(1)], &[Write(2)], &[Read]]),
    ];
    let states = [3_002, 20_267, 99, 3_501, 8_630];
    assert_eq!(found, states.map(|states| (states, None)));
}

#[test]
fn quorums_that_need_not_meet_are_not() {
    let quorums = [(1, 1), (1, 2), (2, 1)];
    let steps = quorums.map(|(r, w)| check(3, r, w, true, &[&[Write(1)], &[Read]]).1);
    assert_eq!(steps, [Some(2), Some(6), Some(4)]);
}

#[test]
fn without_write_back_the_value_goes_back_again() {
    let found = check(3, 2, 2, false, &[&[Write(1)], &[Read], &[Read]]);
    assert_eq!(found, (1_712, Some(7)));
}

#[test]
fn a_schedule_is_run_as_written() {
    let store = store(2, 1, 1, &[&[Write(1)], &[Read]]);
    let run = store.play(&[Event::Write, Event::Read]).unwrap();
    assert_eq!(run.len(), 3);
    assert_eq!(run[1].1, Some(QuorumStep::Ask(1, Read)));
    assert_eq!(run[2].0.answered, Some((1, Some(0))));
    assert_eq!(store.play(&[Event::Write, Event::Deliver(1, 0)]), Err(1));
}

#[test]
fn two_writers_and_a_reader_are_linearizable_with_majorities() {
    let three = store(3, 2, 2, &[&[Write(1)], &[Write(2)], &[Read]]).writing_back();
    let checked = three.check();
    assert_eq!((checked.states, checked.counterexample), (39_793, None));
}

#[test]
fn duplicates_change_nothing_where_quorums_overlap() {
    let twice = store(3, 2, 2, &[&[Write(1)], &[Read, Read]]).writing_back();
    let checked = twice.with_duplicates().check();
    assert_eq!((checked.states, checked.counterexample), (1_036, None));
}

#[test]
fn a_replica_that_lost_its_disk_breaks_quorums_that_overlap() {
    let lossy = store(3, 2, 2, &[&[Write(1)], &[], &[Read]])
        .writing_back()
        .losing_disks(1);
    let run = lossy.check().counterexample.unwrap();
    let steps: Vec<_> = run.iter().filter_map(|(_, step)| *step).collect();
    assert!(
        steps
            .iter()
            .any(|step| matches!(step, QuorumStep::LoseDisk(_)))
    );
    // One copy more than a majority survives one lost disk.
    let more = store(3, 2, 3, &[&[Write(1)], &[], &[Read]])
        .writing_back()
        .losing_disks(1);
    assert!(more.check().counterexample.is_none());
}

#[test]
fn corollary_1_1_an_available_register_is_stale_though_no_message_is_lost() {
    let clients: [&[Op]; 2] = [&[Write(1)], &[Read]];
    let available = store(2, 1, 1, &clients);
    let run = available.check_if_all_arrives().counterexample.unwrap();
    let (last, _) = run.last().unwrap();
    assert!(last.wire.is_empty());
    // Write, read, and then the message arrives.
    assert_eq!(run.len() - 1, 3);
    assert!(
        available
            .check_answers_if_all_arrives()
            .counterexample
            .is_none()
    );
    // Majorities are consistent in every run, and answer in those in which all arrives.
    let majorities = store(3, 2, 2, &[&[Write(1)], &[Read]]).writing_back();
    assert!(majorities.check().counterexample.is_none());
    assert!(
        majorities
            .check_answers_if_all_arrives()
            .counterexample
            .is_none()
    );
}

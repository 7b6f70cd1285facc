//! State counts and the lengths of counterexamples, pinned.
use super::Op::{Read, Write};
use super::*;

fn check(
    replicas: usize,
    r: usize,
    w: usize,
    write_back: bool,
    clients: &[&[Op]],
) -> (usize, Option<usize>) {
    let clients = clients.iter().map(|ops| ops.to_vec()).collect();
    let checked = QuorumStore {
        replicas,
        r,
        w,
        write_back,
        clients,
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
    let clients = vec![vec![Write(1)], vec![Read]];
    let store = QuorumStore {
        replicas: 2,
        r: 1,
        w: 1,
        write_back: false,
        clients,
    };
    let run = store.play(&[Event::Write, Event::Read]).unwrap();
    assert_eq!(run.len(), 3);
    assert_eq!(run[1].1, Some(QuorumStep::Ask(1, Read)));
    assert_eq!(run[2].0.answered, Some((1, Some(0))));
    assert_eq!(store.play(&[Event::Write, Event::Deliver(1, 0)]), Err(1));
}

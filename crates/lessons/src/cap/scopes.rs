//! What the model checker has tried, with the count of states beside it.
use super::quorum_model::Op::{Read, Write};
use super::quorum_model::{Op, QuorumStore};
use polars::prelude::{DataFrame, PolarsResult, df};

/// What clients ask, in words and one client after another.
const ONE_WRITER: (&str, [&[Op]; 3]) = ("a write, two readers", [&[Write(1)], &[Read], &[Read]]);
const READS_TWICE: (&str, [&[Op]; 3]) =
    ("a write, a reader twice", [&[Write(1)], &[Read, Read], &[]]);
const TWO_WRITERS: (&str, [&[Op]; 3]) =
    ("two writers, a reader", [&[Write(1)], &[Write(2)], &[Read]]);
const ONE_READER: (&str, [&[Op]; 3]) = ("a write, a reader", [&[Write(1)], &[], &[Read]]);

/// A scope: requests, W, whether reads write back, whether messages arrive again, lost disks.
type Scope = ((&'static str, [&'static [Op]; 3]), usize, bool, bool, u8);

/// The scopes of the table. N is 3 and R is 2.
const SCOPES: [Scope; 6] = [
    (ONE_WRITER, 2, false, false, 0),
    (ONE_WRITER, 2, true, false, 0),
    (TWO_WRITERS, 2, true, false, 0),
    (READS_TWICE, 2, true, true, 0),
    (ONE_READER, 2, true, false, 1),
    (ONE_READER, 3, true, false, 1),
];

/// Checks stores of three replicas in several scopes, and returns a row for each: what clients
/// ask, W, whether reads write back, whether messages may arrive again, how many disks may lose
/// what they hold, the number of states that were reached, and the number of steps of the
/// shortest wrong run, if there is one. The check ends at the first wrong run.
///
/// # Errors
/// None in practice: the columns have one length.
pub fn scopes() -> PolarsResult<DataFrame> {
    let yes = |is: bool| if is { "yes" } else { "no" };
    let (mut asked, mut w, mut back, mut again, mut disks) =
        (vec![], vec![], vec![], vec![], vec![]);
    let (mut states, mut wrong) = (vec![], vec![]);
    for (requests, copies, write_back, duplicates, lost_disks) in SCOPES {
        let clients = requests.1.iter().map(|ops| ops.to_vec()).collect();
        let mut store = QuorumStore::new(3, 2, copies, clients).losing_disks(lost_disks);
        (store.write_back, store.duplicates) = (write_back, duplicates);
        let checked = store.check();
        asked.push(requests.0);
        w.push(copies as u64);
        back.push(yes(write_back));
        again.push(yes(duplicates));
        disks.push(u64::from(lost_disks));
        states.push(checked.states as u64);
        wrong.push(match checked.counterexample {
            Some(run) => format!("after {} steps", run.len() - 1),
            None => "none".to_owned(),
        });
    }
    df!(
        "requests" => asked,
        "W" => w,
        "writes back" => back,
        "messages again" => again,
        "lost disks" => disks,
        "states" => states,
        "wrong run" => wrong,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_disk_and_reads_that_do_not_write_back_are_the_wrong_ones() {
        let table = scopes().unwrap();
        let wrong: Vec<Option<&str>> = table
            .column("wrong run")
            .unwrap()
            .str()
            .unwrap()
            .iter()
            .collect();
        let none = wrong.iter().map(|wrong| *wrong == Some("none"));
        assert_eq!(
            none.collect::<Vec<_>>(),
            [false, true, true, true, false, true]
        );
    }
}

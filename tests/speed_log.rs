//! The log: offsets, keys, groups, retention, and what a crash leaves.
use crate::extent;
use lambda_workbook::speed::{EmbeddedLog, Log, SpeedError, partition_of};
use proptest::prelude::*;

fn values(log: &dyn Log, partition: u32, from: u64, n: usize) -> Vec<String> {
    let records = log.read("t", partition, from, n).unwrap();
    let texts = records
        .iter()
        .map(|r| String::from_utf8(r.value.to_vec()).unwrap());
    texts.collect()
}

#[derive(Clone, Debug)]
enum Op {
    Append(u32, usize),
    Read(u32, u64, usize),
    Delete(u32, u64),
    Commit(u32, u64),
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (0u32..2, 0usize..5).prop_map(|(p, n)| Op::Append(p, n)),
        3 => (0u32..2, 0u64..25, 0usize..12).prop_map(|(p, at, n)| Op::Read(p, at, n)),
        1 => (0u32..2, 0u64..25).prop_map(|(p, at)| Op::Delete(p, at)),
        1 => (0u32..2, 0u64..25).prop_map(|(p, at)| Op::Commit(p, at)),
        1 => Just(Op::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: extent::rounds(24, 1_000), failure_persistence: None, ..ProptestConfig::default() })]
    /// Invariants 1, 2 and 4, against a list in memory.
    #[test]
    fn the_log_is_a_list_that_forgets_only_from_the_front(ops in prop::collection::vec(op(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let mut log = EmbeddedLog::open(folder.path()).unwrap();
        log.create_topic("t", 2).unwrap();
        let mut all: [Vec<String>; 2] = Default::default();
        let (mut begins, mut groups) = ([0u64; 2], [None; 2]);
        for op in ops {
            match op {
                Op::Append(p, n) => {
                    let list = &mut all[p as usize];
                    let first = list.len();
                    let new: Vec<String> = (first..first + n).map(|i| format!("{p}/{i}")).collect();
                    let records: Vec<(&[u8], &[u8])> = new.iter().map(|v| (&b"k"[..], v.as_bytes())).collect();
                    prop_assert_eq!(log.append("t", p, &records).unwrap(), first as u64);
                    list.extend(new);
                }
                Op::Read(p, at, n) => {
                    let (begin, end) = (begins[p as usize], all[p as usize].len() as u64);
                    if (begin..=end).contains(&at) {
                        let expected = all[p as usize].iter().skip(at as usize).take(n);
                        prop_assert_eq!(values(&log, p, at, n), expected.cloned().collect::<Vec<_>>());
                    } else {
                        let error = log.read("t", p, at, n).unwrap_err();
                        let out = matches!(error, SpeedError::OutOfRange { begin: b, end: e, .. } if (b, e) == (begin, end));
                        prop_assert!(out, "{}", error);
                    }
                }
                Op::Delete(p, at) => {
                    log.delete_before("t", p, at).unwrap();
                    let at = at.min(all[p as usize].len() as u64);
                    begins[p as usize] = begins[p as usize].max(at);
                }
                Op::Commit(p, at) => {
                    log.commit("g", "t", p, at).unwrap();
                    groups[p as usize] = Some(at);
                }
                Op::Reopen => {
                    drop(log);
                    log = EmbeddedLog::open(folder.path()).unwrap();
                }
            }
            for p in 0..2 {
                prop_assert_eq!(log.end("t", p).unwrap(), all[p as usize].len() as u64);
                prop_assert_eq!(log.begin("t", p).unwrap(), begins[p as usize]);
                prop_assert_eq!(log.committed("g", "t", p).unwrap(), groups[p as usize]);
                prop_assert_eq!(log.committed("other", "t", p).unwrap(), None);
            }
        }
    }
}

#[test]
fn records_of_a_key_lie_in_one_partition_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(folder.path()).unwrap();
    log.create_topic("t", 4).unwrap();
    let items: Vec<(String, String)> = (0..400)
        .map(|i| (format!("k{}", i % 10), format!("{i:03}")))
        .collect();
    let records: Vec<(&[u8], &[u8])> = items
        .iter()
        .map(|(k, v)| (k.as_bytes(), v.as_bytes()))
        .collect();
    for some in records.chunks(7) {
        log.append_by_key("t", some).unwrap();
    }
    let mut read = 0;
    for partition in 0..4 {
        let records = log.read("t", partition, 0, usize::MAX).unwrap();
        for key in (0..10).map(|k| format!("k{k}")) {
            let of_key: Vec<_> = records
                .iter()
                .filter(|r| r.key == key.as_bytes())
                .map(|r| r.value.to_vec())
                .collect();
            assert!(of_key.is_sorted());
            assert!(of_key.is_empty() || partition_of(key.as_bytes(), 4) == partition);
            read += of_key.len();
        }
    }
    assert_eq!(read, 400);
}

#[test]
fn what_cannot_be_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(folder.path()).unwrap();
    for (error, words) in [
        (log.end("none", 0).unwrap_err(), "create_topic"),
        (log.create_topic("a/b", 1).unwrap_err(), "letters, digits"),
        (
            log.create_topic("t", 0).unwrap_err(),
            "at least one partition",
        ),
    ] {
        assert!(error.to_string().contains(words), "{error}");
    }
    log.create_topic("t", 2).unwrap();
    log.create_topic("t", 2).unwrap();
    let error = log.create_topic("t", 3).unwrap_err().to_string();
    assert!(error.contains("exists with 2 partitions"), "{error}");
    let error = log.append("t", 2, &[]).unwrap_err().to_string();
    assert!(error.contains("partitions 0 to 1, not 2"), "{error}");
    // A second process cannot open it; nor can this one twice.
    assert!(matches!(
        EmbeddedLog::open(folder.path()),
        Err(SpeedError::Storage { .. })
    ));
}

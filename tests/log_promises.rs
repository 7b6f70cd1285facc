//! What every log promises, whatever stores it: the same tests for the log of this machine and for
//! Kafka.
use lambda_workbook::speed::{Log, SpeedError};
use proptest::prelude::*;

/// Something that is done with a log.
#[derive(Clone, Debug)]
pub enum Op {
    Append(u32, usize),
    Read(u32, u64, usize),
    Delete(u32, u64),
    Commit(u32, u64),
    Reopen,
}

/// Draws something to do.
pub fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (0u32..2, 0usize..5).prop_map(|(p, n)| Op::Append(p, n)),
        3 => (0u32..2, 0u64..25, 0usize..12).prop_map(|(p, at, n)| Op::Read(p, at, n)),
        1 => (0u32..2, 0u64..25).prop_map(|(p, at)| Op::Delete(p, at)),
        1 => (0u32..2, 0u64..25).prop_map(|(p, at)| Op::Commit(p, at)),
        1 => Just(Op::Reopen),
    ]
}

fn values(log: &dyn Log, topic: &str, partition: u32, from: u64, n: usize) -> Vec<String> {
    let records = log.read(topic, partition, from, n).unwrap();
    let texts = records
        .iter()
        .map(|r| String::from_utf8(r.value.to_vec()).unwrap());
    texts.collect()
}

/// Guarantees 1, 2 and 4 of a log: it is a list that forgets only from the front. `open` opens the
/// log again, after it was dropped.
///
/// # Errors
/// If the log does something else than a list in memory.
pub fn is_a_list(
    open: &dyn Fn() -> Box<dyn Log>,
    topic: &str,
    ops: Vec<Op>,
) -> Result<(), TestCaseError> {
    let mut log = Some(open());
    log.as_ref().unwrap().create_topic(topic, 2).unwrap();
    let mut all: [Vec<String>; 2] = Default::default();
    let (mut begins, mut groups) = ([0u64; 2], [None; 2]);
    let group = format!("group-of-{topic}");
    for op in ops {
        let now = log.as_deref().unwrap();
        match op {
            Op::Append(p, n) => {
                let list = &mut all[p as usize];
                let first = list.len();
                let new: Vec<String> = (first..first + n).map(|i| format!("{p}/{i}")).collect();
                let records: Vec<(&[u8], &[u8])> =
                    new.iter().map(|v| (&b"k"[..], v.as_bytes())).collect();
                prop_assert_eq!(now.append(topic, p, &records).unwrap(), first as u64);
                list.extend(new);
            }
            Op::Read(p, at, n) => {
                let (begin, end) = (begins[p as usize], all[p as usize].len() as u64);
                if (begin..=end).contains(&at) {
                    let expected = all[p as usize].iter().skip(at as usize).take(n);
                    prop_assert_eq!(
                        values(now, topic, p, at, n),
                        expected.cloned().collect::<Vec<_>>()
                    );
                    let next = now.read(topic, p, at, n).unwrap().next();
                    prop_assert_eq!(next, end.min(at + n as u64));
                } else {
                    let error = now.read(topic, p, at, n).unwrap_err();
                    let out = matches!(error, SpeedError::OutOfRange { begin: b, end: e, .. } if (b, e) == (begin, end));
                    prop_assert!(out, "{}", error);
                }
            }
            Op::Delete(p, at) => {
                now.delete_before(topic, p, at).unwrap();
                let at = at.min(all[p as usize].len() as u64);
                begins[p as usize] = begins[p as usize].max(at);
            }
            Op::Commit(p, at) => {
                now.commit(&group, topic, p, at).unwrap();
                groups[p as usize] = Some(at);
            }
            Op::Reopen => {
                drop(log.take());
                log = Some(open());
            }
        }
        let now = log.as_deref().unwrap();
        for p in 0..2 {
            prop_assert_eq!(now.end(topic, p).unwrap(), all[p as usize].len() as u64);
            prop_assert_eq!(now.begin(topic, p).unwrap(), begins[p as usize]);
            prop_assert_eq!(now.committed(&group, topic, p).unwrap(), groups[p as usize]);
            prop_assert_eq!(now.committed("another", topic, p).unwrap(), None);
        }
    }
    Ok(())
}

/// Guarantee 3: records of a key lie in one partition, that which `partition_of` names, and in the
/// order in which they were appended.
pub fn keys_lie_in_one_partition_in_order(
    log: &dyn Log,
    topic: &str,
    partition_of: fn(&[u8], u32) -> u32,
) {
    log.create_topic(topic, 4).unwrap();
    let items: Vec<(String, String)> = (0..400)
        .map(|i| (format!("k{}", i % 10), format!("{i:03}")))
        .collect();
    let records: Vec<(&[u8], &[u8])> = items
        .iter()
        .map(|(k, v)| (k.as_bytes(), v.as_bytes()))
        .collect();
    for some in records.chunks(7) {
        log.append_by_key(topic, some).unwrap();
    }
    let mut read = 0;
    for partition in 0..4 {
        let records = log.read(topic, partition, 0, usize::MAX).unwrap();
        for key in (0..10).map(|k| format!("k{k}")) {
            let of_key = records.iter().filter(|r| r.key == key.as_bytes());
            let of_key: Vec<_> = of_key.map(|r| r.value.to_vec()).collect();
            assert!(of_key.is_sorted());
            assert!(of_key.is_empty() || partition_of(key.as_bytes(), 4) == partition);
            read += of_key.len();
        }
    }
    assert_eq!(read, 400);
}

/// What cannot be is an error that says what to do.
pub fn errors_say_what_to_do(log: &dyn Log, topic: &str) {
    let error = log.end("none", 0).unwrap_err().to_string();
    assert!(error.contains("create_topic"), "{error}");
    let error = log.create_topic(topic, 0).unwrap_err().to_string();
    assert!(error.contains("at least one partition"), "{error}");
    log.create_topic("a/b", 1).unwrap_err();
    log.create_topic(topic, 2).unwrap();
    log.create_topic(topic, 2).unwrap();
    let error = log.create_topic(topic, 3).unwrap_err().to_string();
    assert!(error.contains("exists with 2 partitions"), "{error}");
    let error = log.append(topic, 2, &[]).unwrap_err().to_string();
    assert!(error.contains("partitions 0 to 1, not 2"), "{error}");
    let error = log.read(topic, 7, 0, 1).unwrap_err().to_string();
    assert!(error.contains("partitions 0 to 1, not 7"), "{error}");
}

//! The log of this machine: offsets, keys, groups, retention, and what a second process finds.
use crate::extent;
use crate::log_promises::{self, op};
use lambda_workbook::speed::{EmbeddedLog, Log, SpeedError, partition_of};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: extent::rounds(24, 1_000), failure_persistence: None, ..ProptestConfig::default() })]
    /// Invariants 1, 2 and 4, against a list in memory.
    #[test]
    fn the_log_is_a_list_that_forgets_only_from_the_front(ops in prop::collection::vec(op(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let open = || -> Box<dyn Log> { Box::new(EmbeddedLog::open(folder.path()).unwrap()) };
        log_promises::is_a_list(&open, "t", ops)?;
    }
}

#[test]
fn records_of_a_key_lie_in_one_partition_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(folder.path()).unwrap();
    log_promises::keys_lie_in_one_partition_in_order(&log, "t", partition_of);
}

#[test]
fn what_cannot_be_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(folder.path()).unwrap();
    log_promises::errors_say_what_to_do(&log, "t");
    let error = log.create_topic("a/b", 1).unwrap_err().to_string();
    assert!(error.contains("letters, digits"), "{error}");
    // A second process cannot open it; nor can this one twice.
    assert!(matches!(
        EmbeddedLog::open(folder.path()),
        Err(SpeedError::Storage { .. })
    ));
}

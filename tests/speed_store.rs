//! The realtime store of this machine keeps the promises of every store.
use crate::extent;
use crate::store_promises::{self, PROMISED, op};
use lambda_workbook::speed::{EmbeddedStore, RealtimeStore};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: extent::rounds(32, 1_000), failure_persistence: None, ..ProptestConfig::default() })]
    /// Guarantees 1 and 3, against a map in memory.
    #[test]
    fn the_store_is_a_sorted_map_with_conditions_and_sums(ops in prop::collection::vec(op(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let open = || -> Box<dyn RealtimeStore> {
            Box::new(EmbeddedStore::open(folder.path(), &PROMISED).unwrap())
        };
        store_promises::is_a_sorted_map_of_versions(&open, "", ops)?;
    }
}

#[test]
fn the_store_keeps_the_promises_of_every_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(folder.path(), &PROMISED).unwrap();
    store_promises::a_row_is_seen_whole(&store, "whole", 300);
    store_promises::one_of_many_conditional_writers_succeeds(&store, "conditional", 50);
    store_promises::increments_of_many_writers_add_up(&store, "sum", 50);
    store_promises::a_wide_row_and_many_rows_are_read_whole(&store, "wide");
    store_promises::errors_say_what_to_do(&store);
}

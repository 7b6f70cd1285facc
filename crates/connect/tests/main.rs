//! The real systems behind the traits, each started once for all tests. Where a machine has no Java,
//! the tests say so and are left out.
mod broker;
#[path = "../../../tests/extent.rs"]
mod extent;
mod kafka_exactly_once;
mod kafka_log;
#[path = "../../../tests/log_promises.rs"]
mod log_promises;

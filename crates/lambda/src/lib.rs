//! The Lambda Architecture: `query = function(batch views, realtime views)`.
pub mod batch;
pub mod datum;
pub mod engine;
#[cfg(test)]
#[path = "../../../tests/extent.rs"]
mod extent;
mod forms;
#[cfg(all(test, target_os = "linux"))]
#[path = "../../../tests/memory.rs"]
mod memory;
pub mod query;
pub mod serving;
pub mod speed;

pub use calendar;
pub use query::{
    Answer, Built, Expiry, Freshness, Lambda, Master, Options, Query, Served, batch_run, master,
};

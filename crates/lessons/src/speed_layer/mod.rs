//! Experiments with the speed layer: ways to hand events to workers, what a crash does
//! to each, and what random writes cost.
mod acknowledgements;
mod arrival;
pub mod burst;
mod commit_orders;
pub mod compaction;
mod crash_frames;
mod duplicates;
mod forgetting;
mod grouping;
mod page_rows;
mod page_view_run;
pub mod promises;
pub mod queues;
mod readers;
pub mod recent;
pub mod requirements;
mod retry;
pub mod samples;
mod simulated_disk;
mod steps;
mod topology;
mod value_at;
mod work_queue;

pub use acknowledgements::acknowledgements;
pub use arrival::Arrival;
pub use commit_orders::{StoreOrder, commit_orders};
pub use crash_frames::{CrashFrame, crash_frames};
pub use duplicates::duplicates_found;
pub use forgetting::forgetting;
pub use grouping::{GroupedCounts, count_in_step, groupings};
pub use lambda::faults::Crash;
pub use page_rows::{PageRows, events_of, rows_of, view_of};
pub use page_view_run::{PageViewRun, count_page_views, crash_cases, raw_page_views, viewed_rows};
pub use readers::{LogState, PartitionState, read_as};
pub use retry::{Retried, retried};
pub use simulated_disk::{SimulatedDisk, SimulatedMachine};
pub use steps::{
    step_drain, step_new_to_row, step_next_offset, step_rows_written, step_same_view, step_window,
    step_worker, step_writes,
};
pub use topology::{Acknowledge, QueueTopology, Tuple};
pub use value_at::value_at;
pub use work_queue::WorkQueue;

//! Experiments with the speed layer: ways to hand events to workers, what a crash does
//! to each, and what random writes cost.
mod acknowledgements;
pub mod burst;
pub mod compaction;
mod crashing_disk;
pub mod queues;
pub mod recent;
mod topology;
mod work_queue;

pub use acknowledgements::acknowledgements;
pub use crashing_disk::{Crash, CrashingDisk};
pub use topology::{Fault, Leaves, Topology, Tuple};
pub use work_queue::WorkQueue;

//! Experiments with the speed layer: ways to hand events to workers, what a crash does
//! to each, and what random writes cost.
mod acknowledgements;
pub mod burst;
pub mod compaction;
pub mod queues;
pub mod recent;
mod simulated_disk;
mod topology;
mod work_queue;

pub use acknowledgements::acknowledgements;
pub use lambda::faults::Crash;
pub use simulated_disk::{SimulatedDisk, SimulatedMachine};
pub use topology::{Acknowledge, QueueTopology, Tuple};
pub use work_queue::WorkQueue;

//! The experiments of the chapters, each with its pictures.
//!
//! Everything here stands on the architecture of [`lambda`] and shows one idea beside
//! it: replicas that may disagree ([`crdt`], [`cap`]), micro-batches ([`microbatch`]),
//! data systems and recomputation ([`systems`]), and all of it for a week
//! ([`capstone`]). [`plot`] has every picture that knows a chapter, beside the charts
//! that know none.
pub mod cap;
pub mod capstone;
pub mod checked_step;
pub mod crdt;
pub mod designs;
pub mod engine_progress;
#[cfg(test)]
#[path = "../../../tests/extent.rs"]
mod extent;
pub mod interleavings;
pub mod layers;
#[cfg(all(test, target_os = "linux"))]
#[path = "../../../tests/memory.rs"]
mod memory;
pub mod microbatch;
pub mod misreading;
pub mod pages;
pub mod people;
pub mod plot;
pub mod serving_layer;
pub mod speed_layer;
pub mod systems;

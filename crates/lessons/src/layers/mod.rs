//! Experiments with both layers: what is where while batches run, what is only nearly
//! right and until when, and all of it under load.
pub mod accuracy;
pub mod live;
pub mod merge_cache;
pub mod steps;
pub mod stretches;
pub mod timeline;

//! Experiments with the serving layer: what a store must do, where its rows should lie,
//! and what a query that asks all servers waits for.
mod frames;
mod index_design;
pub mod requirements;
mod rows_file;
mod scatter;
mod service_time;

pub use index_design::{Arrivals, DesignCost, fewest_pages, index_design};
pub use rows_file::{How, PAGE, ReadCost};
pub use scatter::{Gather, Percentiles, Wait, simulate};
pub use service_time::{ServiceTime, any_slow};

//! Experiments with the serving layer: what a store must do, where its rows should be, and how
//! long a query waits that asks all servers.
mod damage;
mod draws;
mod frames;
mod index_design;
mod index_layout;
pub mod publication;
mod ranges;
pub mod requirements;
mod rows_file;
mod samples;
mod scatter;
mod service_time;
mod simulated_folder;
mod small_index;
pub mod tries;

pub use damage::flip_a_bit;
pub use index_design::{Arrivals, DesignCost, ROWS_PER_BLOCK, index_design};
pub use index_layout::{IndexLayout, PlacedRows, RowKey, ShardRead, block_runs};
pub use ranges::{merged_sketch, plan_of_hours, uniques_of_ranges};
pub use rows_file::{DISK_BLOCK, How, ReadCost};
pub use samples::{SAMPLE_MACHINE, sample_design_ms, sample_slow};
pub use scatter::{Gather, Percentiles, Wait, simulate, times_of};
pub use service_time::{ServiceTime, any_slow};
pub use simulated_folder::{FolderOperation, SimulatedFolder};
pub use small_index::{DRAWN_ROW_BYTES, DRAWN_ROWS_PER_BLOCK, SMALL_PAGES, SmallRead, SmallRow};

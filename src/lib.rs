//! Lambda Workbook: the Lambda Architecture, taught by running it.
pub mod batch;
pub mod calendar;
pub mod dataset;
pub mod engine;
pub mod exercises;
pub mod notebook;
pub mod prelude;
pub mod schema;

pub use chrono;
pub use chrono_tz;
pub use hyperloglogplus;
pub use petgraph;
pub use plotters;
pub use polars;
pub use polars_io;
pub use serde_json;

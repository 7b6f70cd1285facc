//! The public libraries that an answer may use.
//!
//! See this package's `Cargo.toml` for why it exists.
pub use {chrono, chrono_tz, hyperloglogplus, petgraph, plotters, polars, polars_io, serde_json};

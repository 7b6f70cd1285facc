//! What a notebook cell needs, in one `use`.
pub use polars::prelude::*;

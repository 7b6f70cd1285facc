//! What a notebook cell needs, in one `use`.
pub use crate::notebook::{EvcxrDebug as _, EvcxrDisplay as _, Render, plot, show, with_time};
pub use crate::plotters;
pub use polars::prelude::*;

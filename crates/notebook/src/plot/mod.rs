//! Pictures of data frame columns, as SVG figures.
//!
//! A chart names its columns, takes options, and ends in `figure()?`:
//!
//! ```
//! use lambda_workbook::prelude::*;
//! let view = df!("page" => ["/", "/blog"], "count" => [101_212i64, 101_732])?;
//! let figure = plot::bars(&view, "page", "count").title("Page views").figure()?;
//! assert!(figure.svg().contains("101,212"));
//! # Ok::<(), PolarsError>(())
//! ```
//!
//! | function | shows |
//! |---|---|
//! | [`bars`] | amounts of categories |
//! | [`lines`] | a value as it changes along a number or along time |
//! | [`timeline`] | buckets in time, above the days of several zones |
//! | [`flow`] | boxes and arrows with numbers of the run |
//! | [`messages`] | a run of replicas, message by message |
//! | [`panels`] | several measures side by side, each on a scale of its own |
//! | [`architecture`] | the map, with the part in hand lit up |
//! | [`draw`] | anything plotters can draw |
//!
//! Figures have no background, and inks of middle brightness, so that they read
//! on a light and on a dark page, also where no style reaches them. What plotters
//! itself draws is dark, so [`draw`] gives it a white ground.
mod architecture;
mod bars;
mod data;
mod flow;
mod lines;
mod messages;
mod panels;
mod timeline;

pub use architecture::{Layer, architecture};
pub use bars::{Bars, bars};
pub use flow::{Flow, flow};
pub use lines::{Lines, lines};
pub use messages::{Messages, messages};
pub use panels::panels;
pub use timeline::{Timeline, timeline};

// What all pictures are drawn with.
pub use show::picture::{Figure, WIDTH, draw};
use show::picture::{canvas, scale, style};

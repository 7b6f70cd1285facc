//! Charts of the columns of a data frame, as SVG figures.
//!
//! A chart is built from a data frame and the names of its columns. Options follow as methods, and
//! `figure()?` draws it:
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
//! | [`bars`] | the amounts of categories |
//! | [`lines`] | a value that changes with a number or with time |
//! | [`timeline`] | buckets in time, above the local days of several zones |
//! | [`flow`] | boxes and arrows, with numbers of a run |
//! | [`messages`] | the messages between replicas in a run |
//! | [`panels`] | several measures side by side, each on a scale of its own |
//! | [`architecture`] | the parts of the Lambda Architecture, some of them highlighted |
//! | [`draw`] | anything that plotters can draw |
//!
//! Every figure stands on white, so that its text can be read in a light and in a dark theme, also
//! without a style sheet. The colours and their meanings are in one place,
//! [`style`](show::picture::style).
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

// The tools to draw figures.
pub use show::picture::{Figure, WIDTH, draw};
use show::picture::{canvas, scale, style};

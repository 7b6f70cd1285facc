//! What cells show.
//!
//! A cell's last expression `x` is displayed by evcxr as `(x).evcxr_display()`.
//! [`display::EvcxrDisplay`] gives that method to tables, figures, verdicts and
//! plain values, so that a cell compiles once. The way of a value, in reading
//! order:
//!
//! | file | step |
//! |---|---|
//! | [`display`] | which types have a rich form, and the method evcxr calls |
//! | [`table`] | a data frame becomes a grid of strings, then HTML and plain text |
//! | `forms` | so do plans, maps, sketches, graphs, dates and our own views |
//! | [`time`] | timestamps beside their UTC and local reading |
//! | [`plot`] | data frame columns become an SVG figure |
//! | [`rich`] | the same content in several MIME types |
//! | [`emit`] | the one place that writes it out |
//! | [`live`], [`progress`](mod@progress) | output while the cell runs, changed in place |
//! | [`scratch`](mod@scratch) | folders for the files of cells |
//! | [`measured`](mod@measured) | tables of times, for a stored notebook without them |
//! | [`predict`](mod@predict) | a question, the reader's answer, and what it is |
//! | [`widgets`] | sliders and buttons, and pictures that follow them |
//! | [`channel`] | the way to the kernel; panics and failed `?` |
//! | [`cells`] | the process that runs the cells |
//! | [`variables`] | the variables that later cells use |
//!
//! Cells compile unoptimised and must compile fast, so what they instantiate is
//! thin: everything heavy is a non-generic function of this crate.
pub mod cells;
pub mod channel;
pub mod display;
pub mod emit;
pub mod live;
#[cfg(all(test, target_os = "linux"))]
#[path = "../../../tests/memory.rs"]
mod memory;
pub mod plot;
pub mod predict;
pub mod progress;
pub mod scratch;
pub mod variables;
pub mod widgets;

pub use display::{EvcxrDebug, EvcxrDisplay};
pub use live::{DisplayHandle, clear_output, display, input, password};
pub use progress::{progress, timed};
pub use scratch::scratch;
// How a value looks, for those who know only the notebook.
pub use show::{AsRich, Render, Rich, escape, measured, rich, steady, table, time, with_time};

//! How a value looks in a cell: the ground on which all other crates stand.
//!
//! | reading order | concept |
//! |---|---|
//! | [`Rich`] | one content in several MIME types |
//! | [`Render`] | a value that has such a form |
//! | [`Outcome`] | what a closure may return, to be shown |
//! | [`table`] | a data frame, a list or a set of facts as a table |
//! | `forms` | how types of polars, chrono, petgraph, serde_json and the standard library look |
//! | [`picture`] | an SVG figure, and what it is drawn with |
//! | [`time`] | an instant on the clock of a place |
//! | [`escape`] | text that may stand in HTML |
//! | [`measured`](mod@measured) | measured times stay out of stored outputs |
pub mod escape;
pub mod forms;
pub mod measured;
pub mod outcome;
pub mod picture;
pub mod render;
pub mod rich;
pub mod table;
pub mod time;

pub use measured::{STEADY, measured, steady};
pub use outcome::Outcome;
pub use render::{AsRich, Render};
pub use rich::Rich;
pub use time::with_time;

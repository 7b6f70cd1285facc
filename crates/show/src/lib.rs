//! Rendering of values in the cells of a notebook. The crates above this one use it to show
//! their own types.
//!
//! | reading order | concept |
//! |---|---|
//! | [`Rich`] | one content in several MIME types |
//! | [`Render`] | implemented by the types that have such a form |
//! | [`InteractOutput`] | implemented by the types that the closure of an interactive cell may return |
//! | [`table`] | data frames, lists and sets of facts as tables |
//! | `forms` | the forms of types of polars, chrono, petgraph, serde_json and the standard library |
//! | [`picture`] | SVG figures, and the tools to draw them |
//! | [`time`] | instants in the local time of a zone |
//! | [`escape`] | text that is safe in HTML |
//! | [`measured`](mod@measured) | keeps measured times out of stored outputs |
pub mod escape;
pub mod forms;
pub mod interact_output;
pub mod measured;
pub mod picture;
pub mod render;
pub mod rich;
pub mod table;
pub mod time;

pub use interact_output::InteractOutput;
pub use measured::{STEADY, measured, steady};
pub use render::{AsRich, Render};
pub use rich::Rich;
pub use time::with_time;

//! The datum: one immutable fact, the shapes every layer agrees on, and the one rule
//! that says what a fact must be.
//!
//! A [`Datum`] is the atom of the master data set. It says one thing (its
//! [`DataUnit`]) and when that thing was known to be true (its [`Pedigree`]).
//! It never changes; a correction is another datum.
//!
//! ```
//! use lambda_workbook::datum::{DataUnit, Datum, PersonId};
//!
//! let line = r#"{"dataunit":{"page_view":{"nonce":4028254285,"page":{"url":"mysite.com/blog"},"person":{"cookie":"PQRST"}}},"pedigree":{"true_as_of_secs":1438913491}}"#;
//! let datum: Datum = serde_json::from_str(line)?;
//! assert_eq!(datum.pedigree.true_as_of_secs, 1_438_913_491);
//! let DataUnit::PageView(view) = &datum.dataunit else { panic!("a page view") };
//! assert_eq!(view.person, PersonId::Cookie("PQRST".into()));
//! assert_eq!(serde_json::to_string(&datum)?, line);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # The rule
//! Parsing alone does not make a fact that can be counted. A line or a row is taken if
//! all of these hold, and is rejected with the [`Reason`] of the first that does not:
//!
//! 1. A line is UTF-8, has at most [`LONGEST_LINE`] bytes and no line end inside.
//! 2. It is JSON of the schema, of a known [`DatumKind`]. A whole number is 64 bits wide.
//! 3. A page view has exactly one person, a nonce and a URL; an equiv has exactly one
//!    person at each end; a property has its person or page.
//! 4. Its time lies within the years 1 to 9999 ([`calendar::TIMESTAMPS`]). Times in
//!    milliseconds do not.
//! 5. The URL of a page view can be normalised ([`normalise_url`]).
//!
//! Every part of the system calls the same functions for this, so that no two layers
//! count different data:
//!
//! | the data are | and need | the function is |
//! |---|---|---|
//! | a line | the fact, its URL normalised | [`read`] |
//! | a line | the fact, its URL as written | [`plain_page_view`], or else [`read_raw`], as the engine normalises each spelling once |
//! | a line | the [`Datum`] itself | [`parse`] |
//! | columns of a table | either | [`Fields`]; [`DatumColumns`] makes them of a `DataFrame` |
//! | a [`Datum`] | the fact | [`Datum::fact`] |
//!
//! The files, in reading order: `types` (the schema), `reason` (why a datum is
//! rejected), `url` (rule 5), `rule` (rules 2 to 4 on fields), `line` (rules 1 and 2 on
//! a line), `scan` (a faster way to read the usual line), `rows` (a table).
//!
//! Invariants, held by `tests/datum.rs`:
//! 1. The same datum is taken by every path, or rejected by every path for the same
//!    reason.
//! 2. What the quick scanner reads, the schema reads in the same way.

mod line;
mod reason;
mod rows;
mod rule;
mod scan;
mod types;
mod url;

pub use line::{LONGEST_LINE, parse, plain_page_view, read, read_raw};
pub use reason::Reason;
pub use rows::DatumColumns;
pub use rule::{DatumKind, End, Fact, Fields, RawFact, RawPageView, ValidPageView, Viewer, Who};
pub use types::*;
pub use url::{MAX_URL_BYTES, UrlError, normalise_url};

//! Why a datum is rejected: every rejected record is reported with its reason.
use super::line::LONGEST_LINE;
use super::rule::DatumKind;
use super::url::UrlError;
use calendar::TIMESTAMPS;

/// The kinds of the schema, as messages name them.
const KNOWN: &str = "page_view, equiv, person_property, page_property";

/// Why a datum is rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The line is longer than [`LONGEST_LINE`].
    #[error("line longer than {LONGEST_LINE} bytes")]
    LineTooLong,
    /// There is a line end inside the record, so it is more than one line.
    #[error("line end at byte {at} of the record; each datum must be one line")]
    LineEnd {
        /// The byte of the record, counted from 0, at which the line ends.
        at: usize,
    },
    /// The bytes are not UTF-8.
    #[error("not UTF-8 at byte {at} of the line")]
    NotUtf8 {
        /// The first wrong byte of the line, counted from 0.
        at: usize,
    },
    /// The line ends inside its JSON, as the last line of a file that was cut short does.
    #[error("truncated: the line ends inside a datum")]
    Truncated,
    /// The line is not JSON of the schema. The text is the parser's.
    #[error("not a datum: {0}")]
    NotADatum(String),
    /// The datum does not say what kind it is.
    #[error("datum without a kind; known: {KNOWN}")]
    NoKind,
    /// The schema does not have this kind. The name of a long one is cut.
    #[error("unknown kind {0:?}; known: {KNOWN}")]
    UnknownKind(String),
    /// A field that a datum of this kind must have is missing or null.
    #[error("{} without {field}", kind.words())]
    Missing {
        /// The kind of the datum.
        kind: DatumKind,
        /// The name of the field.
        field: &'static str,
    },
    /// A datum of this kind has both a cookie and a user id.
    #[error("{} with both a cookie and a user_id", .0.words())]
    TwoPersons(DatumKind),
    /// An end of an equiv is no person, or two.
    #[error("equiv with an end that is not one cookie or one user_id")]
    NotAnEquiv,
    /// The time, in epoch seconds, is outside [`TIMESTAMPS`].
    #[error("timestamp {} is outside the years 1 to 9999{}", .0, ask_about_milliseconds(*.0))]
    Timestamp(i64),
    /// The URL of a page view is malformed.
    #[error(transparent)]
    Url(UrlError),
}

/// Returns the end of the message about a time outside [`TIMESTAMPS`]: a question, if the number
/// would be inside of them as milliseconds.
fn ask_about_milliseconds(secs: i64) -> &'static str {
    if TIMESTAMPS.contains(&(secs / 1000)) {
        "; are these milliseconds? seconds are wanted"
    } else {
        ""
    }
}

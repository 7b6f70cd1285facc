//! Why a datum is rejected: every rejected record is reported with its reason.
use super::line::LONGEST_LINE;
use super::rule::Kind;
use super::url::UrlError;
use calendar::TIMESTAMPS;
use std::fmt;

/// Why a datum is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The line is longer than [`LONGEST_LINE`].
    LineTooLong,
    /// There is a line end at this byte, so this is more than one line.
    LineEnd { at: usize },
    /// The bytes are not UTF-8; the first wrong one is at this byte of the line.
    NotUtf8 { at: usize },
    /// The line ends inside its JSON, as the last line of a file that was cut short does.
    Truncated,
    /// The line is not JSON of the schema; the text is the parser's.
    NotADatum(String),
    /// The datum does not say what kind it is.
    NoKind,
    /// The schema does not have this kind. A long one is cut.
    UnknownKind(String),
    /// A field that a datum of this kind must have is missing or null.
    Missing { kind: Kind, field: &'static str },
    /// There is both a cookie and a user id.
    TwoPersons(Kind),
    /// An end of an equiv is no person, or two.
    NotAnEquiv,
    /// The time is outside [`TIMESTAMPS`].
    Timestamp(i64),
    /// The URL of a page view is malformed.
    Url(UrlError),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::LineTooLong => write!(f, "line longer than {LONGEST_LINE} bytes"),
            Reason::LineEnd { at } => write!(
                f,
                "line end at byte {at} of the record; each datum must be one line"
            ),
            Reason::NotUtf8 { at } => write!(f, "not UTF-8 at byte {at} of the line"),
            Reason::Truncated => write!(f, "truncated: the line ends inside a datum"),
            Reason::NotADatum(why) => write!(f, "not a datum: {why}"),
            Reason::NoKind => write!(f, "datum without a kind; known: {KNOWN}"),
            Reason::UnknownKind(kind) => write!(f, "unknown kind {kind:?}; known: {KNOWN}"),
            Reason::Missing { kind, field } => write!(f, "{} without {field}", kind.words()),
            Reason::TwoPersons(kind) => {
                write!(f, "{} with both a cookie and a user_id", kind.words())
            }
            Reason::NotAnEquiv => {
                write!(f, "equiv with an end that is not one cookie or one user_id")
            }
            Reason::Timestamp(secs) => {
                write!(f, "timestamp {secs} is outside the years 1 to 9999")?;
                if TIMESTAMPS.contains(&(secs / 1000)) {
                    write!(f, "; are these milliseconds? seconds are wanted")?;
                }
                Ok(())
            }
            Reason::Url(error) => error.fmt(f),
        }
    }
}

const KNOWN: &str = "page_view, equiv, person_property, page_property";

impl std::error::Error for Reason {}

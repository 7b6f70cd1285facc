//! What could not be read, and why: nothing is lost in silence.

use super::normalise::{UrlError, normalise_url};
use polars::prelude::*;
use std::borrow::Cow;
use std::fmt;

pub use calendar::TIMESTAMPS;

/// Why a datum was rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Bytes that are no UTF-8, first at this byte of the line.
    NotUtf8 { at: usize },
    /// No datum of the schema; the parser's own words.
    NotADatum(String),
    /// The file ends inside this line.
    Truncated,
    /// A line longer than the reader holds.
    LineTooLong { bytes: u64, limit: usize },
    /// A `kind` that the schema does not have.
    UnknownKind(String),
    /// A field that a page view must have.
    Missing(&'static str),
    /// Both a cookie and a user id.
    TwoPersons,
    /// An equiv with an end that is no person, or two.
    NotAnEquiv,
    /// Seconds outside [`TIMESTAMPS`].
    Timestamp(i64),
    /// A malformed URL.
    Url(UrlError),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NotUtf8 { at } => write!(f, "not UTF-8 at byte {at} of the line"),
            Reason::NotADatum(why) => write!(f, "not a datum: {why}"),
            Reason::Truncated => write!(f, "truncated: the file ends inside this line"),
            Reason::LineTooLong { bytes, limit } => {
                write!(f, "line of {bytes} bytes; at most {limit} are taken")
            }
            Reason::UnknownKind(kind) => write!(
                f,
                "unknown kind {kind:?}; known: page_view, equiv, person_property, page_property"
            ),
            Reason::Missing(field) => write!(f, "page view without {field}"),
            Reason::TwoPersons => write!(f, "page view with both a cookie and a user_id"),
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

impl std::error::Error for Reason {}

/// The kinds of datum that the schema has.
pub const KINDS: [&str; 4] = ["page_view", "equiv", "person_property", "page_property"];

/// A row of datums, as far as a page view needs it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Row<'a> {
    pub true_as_of_secs: Option<i64>,
    pub kind: Option<&'a str>,
    pub url: Option<&'a str>,
    pub cookie: Option<&'a str>,
    pub user_id: Option<i64>,
    pub nonce: Option<i64>,
    /// The other end of an equiv; `None` where the table has no columns for it,
    /// and an equiv says nothing that could be used.
    pub second: Option<End<'a>>,
}

/// An end of an equiv: `cookie2` and `user_id2`.
pub type End<'a> = (Option<&'a str>, Option<i64>);

impl<'a> Row<'a> {
    /// The normalised URL of a page view; `None` for a datum of another kind.
    ///
    /// This is the one place that says what a page view must be. The first
    /// fault found is the reason.
    pub fn check(&self) -> Result<Option<Cow<'a, str>>, Reason> {
        let kind = self
            .kind
            .ok_or_else(|| Reason::NotADatum("kind is null".into()))?;
        if !KINDS.contains(&kind) {
            return Err(Reason::UnknownKind(kind.chars().take(80).collect()));
        }
        let secs = self
            .true_as_of_secs
            .ok_or(Reason::Missing("true_as_of_secs"))?;
        if !TIMESTAMPS.contains(&secs) {
            return Err(Reason::Timestamp(secs));
        }
        if kind == "equiv"
            && let Some((cookie, user_id)) = self.second
            && (cookie.is_some() == user_id.is_some()
                || self.cookie.is_some() == self.user_id.is_some())
        {
            return Err(Reason::NotAnEquiv);
        }
        if kind != "page_view" {
            return Ok(None);
        }
        match (self.cookie, self.user_id) {
            (None, None) => return Err(Reason::Missing("a cookie or a user_id")),
            (Some(_), Some(_)) => return Err(Reason::TwoPersons),
            _ => {}
        }
        if self.nonce.is_none() {
            return Err(Reason::Missing("nonce"));
        }
        let url = self.url.ok_or(Reason::Missing("url"))?;
        normalise_url(url).map(Some).map_err(Reason::Url)
    }
}

/// The rows of `df` that cannot be counted: `row` (the first is 1), `reason`
/// and the `url` as it stands. Without a column `kind` every row is a page view.
/// The counterpart of [`normalised`](super::normalised).
pub fn rejected_rows(df: &DataFrame) -> PolarsResult<DataFrame> {
    let secs = df.column("true_as_of_secs")?.i64()?;
    let kind = df.column("kind").ok().map(|kind| kind.str()).transpose()?;
    let url = df.column("url")?.str()?;
    let cookie = df.column("cookie")?.str()?;
    let user_id = df.column("user_id")?.i64()?;
    let nonce = df.column("nonce")?.i64()?;
    let second = match (df.column("cookie2"), df.column("user_id2")) {
        (Ok(cookie), Ok(user_id)) => Some((cookie.str()?, user_id.i64()?)),
        _ => None,
    };

    let (mut rows, mut reasons, mut urls) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..df.height() {
        let row = Row {
            true_as_of_secs: secs.get(i),
            kind: kind.map_or(Some("page_view"), |kind| kind.get(i)),
            url: url.get(i),
            cookie: cookie.get(i),
            user_id: user_id.get(i),
            nonce: nonce.get(i),
            second: second.map(|(cookie, user_id)| (cookie.get(i), user_id.get(i))),
        };
        if let Err(reason) = row.check() {
            rows.push(i as i64 + 1);
            reasons.push(reason.to_string());
            urls.push(row.url);
        }
    }
    df!("row" => rows, "reason" => reasons, "url" => urls)
}

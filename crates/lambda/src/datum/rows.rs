//! The rows of a `DataFrame` of datums.
use super::reason::Reason;
use super::rule::{DatumKind, Fields};
use polars::prelude::*;

/// The columns of a table of datums, looked up once for all rows.
///
/// Without a column `kind`, every row is a page view.
pub struct DatumColumns<'a> {
    secs: &'a Int64Chunked,
    kind: Option<&'a StringChunked>,
    url: Option<&'a StringChunked>,
    cookie: &'a StringChunked,
    user_id: &'a Int64Chunked,
    nonce: Option<&'a Int64Chunked>,
    second: Option<(&'a StringChunked, &'a Int64Chunked)>,
}

impl<'a> DatumColumns<'a> {
    /// Looks up the columns of page views: `true_as_of_secs`, `url`, `cookie`,
    /// `user_id`, `nonce`, and those of other kinds if they are there.
    ///
    /// # Errors
    /// If one of the five is missing, or a column has another type.
    pub fn of(df: &'a DataFrame) -> PolarsResult<Self> {
        df.column("url")?;
        df.column("nonce")?;
        Self::of_any(df)
    }

    /// Looks up the columns of equivs: `true_as_of_secs`, `kind`, `cookie`, `user_id`,
    /// `cookie2`, `user_id2`, and those of page views if they are there.
    ///
    /// # Errors
    /// If one of the six is missing, or a column has another type.
    pub fn of_equivs(df: &'a DataFrame) -> PolarsResult<Self> {
        df.column("kind")?;
        df.column("cookie2")?;
        df.column("user_id2")?;
        Self::of_any(df)
    }

    fn of_any(df: &'a DataFrame) -> PolarsResult<Self> {
        let text = |name| df.column(name).ok().map(Column::str).transpose();
        let number = |name| df.column(name).ok().map(Column::i64).transpose();
        Ok(Self {
            secs: df.column("true_as_of_secs")?.i64()?,
            kind: text("kind")?,
            url: text("url")?,
            cookie: df.column("cookie")?.str()?,
            user_id: df.column("user_id")?.i64()?,
            nonce: number("nonce")?,
            second: text("cookie2")?.zip(number("user_id2")?),
        })
    }

    /// Returns the fields of a row; the first row is 0.
    ///
    /// # Errors
    /// If its kind is null or unknown.
    pub fn fields(&self, row: usize) -> Result<Fields<'a>, Reason> {
        let kind = match self.kind {
            Some(kinds) => DatumKind::named(kinds.get(row))?,
            None => DatumKind::PageView,
        };
        Ok(Fields {
            kind,
            true_as_of_secs: self.secs.get(row),
            url: self.url(row),
            cookie: self.cookie.get(row),
            user_id: self.user_id.get(row),
            nonce: self.nonce.and_then(|nonce| nonce.get(row)),
            second: self
                .second
                .map(|(cookie, user_id)| (cookie.get(row), user_id.get(row))),
        })
    }

    /// Returns the URL of a row as written.
    pub fn url(&self, row: usize) -> Option<&'a str> {
        self.url.and_then(|url| url.get(row))
    }
}

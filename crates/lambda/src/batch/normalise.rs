//! URL and schema: the page views of a table, each page under its one key.
//!
//! What a page view must be, and what a normalised URL is, [`crate::datum`] says. This
//! is the same rule on all rows of a table.

use super::dedupe::KEY;
use crate::datum::{DatumColumns, DatumKind, normalise_url};
use polars::prelude::*;
use std::borrow::Cow;
use std::collections::HashMap;

/// Returns the page views among the datums of `df`, with normalised URLs: columns
/// `true_as_of_secs`, `url`, `cookie`, `user_id`, `nonce`.
///
/// Rows of other kinds are left out; without a column `kind`, as
/// the crate `dataset` has it, every row is a page view. Left out too
/// are rows that break the [rule](crate::datum#the-rule):
/// [`rejected_rows`](super::rejected_rows) returns those, each with its reason.
///
/// # Errors
/// If a column is missing or has another type.
///
/// ```
/// use lambda_workbook::batch;
/// use polars::prelude::*;
///
/// let df = df!(
///     "true_as_of_secs" => [60i64, 61],
///     "kind" => ["page_view", "page_view"],
///     "url" => ["http://Foo.com:80/post?x=1", "http://"],
///     "cookie" => [Some("ABCDE"), Some("ABCDE")],
///     "user_id" => [None::<i64>, None],
///     "nonce" => [1i64, 2],
/// )?;
/// assert_eq!(batch::normalised(&df)?.column("url")?.str()?.get(0), Some("foo.com/post"));
/// assert_eq!(batch::rejected_rows(&df)?.column("reason")?.str()?.get(0), Some("URL without a host"));
/// # Ok::<(), PolarsError>(())
/// ```
pub fn normalised(df: &DataFrame) -> PolarsResult<DataFrame> {
    let rows = DatumColumns::of(df)?;
    // A few pages have most of the views, so each spelling is normalised once; `None` is
    // a malformed one.
    let mut spellings: HashMap<&str, Option<Cow<'_, str>>> = HashMap::new();
    let mut taken = Vec::with_capacity(df.height());
    let mut urls = StringChunkedBuilder::new("url".into(), df.height());
    for row in 0..df.height() {
        let fields = rows.fields(row).ok();
        let view = fields
            .filter(|fields| fields.kind == DatumKind::PageView)
            .and_then(|fields| fields.page_view().ok());
        let url = view.and_then(|view| {
            let spelling = spellings.entry(view.url);
            let url = spelling.or_insert_with(|| normalise_url(view.url).ok());
            url.as_deref()
        });
        taken.push(url.is_some());
        if let Some(url) = url {
            urls.append_value(url);
        }
    }

    let taken = BooleanChunked::from_slice("taken".into(), &taken);
    let mut views = df.select(KEY)?.filter(&taken)?;
    views.with_column(urls.finish().into_column())?;
    Ok(views)
}

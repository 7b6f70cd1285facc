//! Drops duplicates: a page view that was delivered twice counts once.
//!
//! Two page views are duplicates if they are equal in time, page, person and nonce. The
//! nonce is a number that the browser draws for each page view. It distinguishes two real
//! page views within one second from one page view that was sent twice.

use foldhash::HashSet;
use foldhash::HashSetExt;
use polars::prelude::*;

/// The columns by which duplicates are recognised: all of a page view.
pub const KEY: [&str; 5] = ["true_as_of_secs", "url", "cookie", "user_id", "nonce"];

/// Returns the page views of `df` without duplicates. The first of each group of duplicates
/// is kept, and the order does not change. O(rows), with a hash table of all rows in memory.
///
/// The page views should be [`normalised`](super::normalised): page views with two
/// spellings of one URL are duplicates only after normalisation.
///
/// # Errors
/// A missing column, or one that cannot be cast to its type.
///
/// ```
/// use lambda_workbook::batch;
/// use polars::prelude::*;
///
/// let df = df!(
///     "true_as_of_secs" => [60i64, 60, 60],
///     "url" => ["foo.com/", "foo.com/", "foo.com/"],
///     "cookie" => [None::<&str>, None, None],
///     "user_id" => [1i64, 1, 1],
///     "nonce" => [7i64, 7, 8],
/// )?;
/// assert_eq!(batch::distinct(&df)?.height(), 2);
/// # Ok::<(), PolarsError>(())
/// ```
pub fn distinct(df: &DataFrame) -> PolarsResult<DataFrame> {
    let number = |name: &str| df.column(name)?.cast(&DataType::Int64);
    let text = |name: &str| df.column(name)?.cast(&DataType::String);
    let [secs, url, cookie, user_id, nonce] = KEY;
    let (secs, user_id, nonce) = (number(secs)?, number(user_id)?, number(nonce)?);
    let (url, cookie) = (text(url)?, text(cookie)?);
    let views = secs
        .i64()?
        .iter()
        .zip(url.str()?.iter())
        .zip(cookie.str()?.iter())
        .zip(user_id.i64()?.iter())
        .zip(nonce.i64()?.iter());
    let mut seen = HashSet::with_capacity(df.height());
    let first: BooleanChunked = views.map(|view| seen.insert(view)).collect();
    df.filter(&first)
}

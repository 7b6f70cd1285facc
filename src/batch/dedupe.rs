//! A datum that was delivered twice counts once.
//!
//! A duplicate is the same whole datum: same time, page, person and nonce. The
//! nonce is what tells two real views in one second from one view sent twice.

use polars::prelude::*;

/// The columns that make up a page view.
pub const KEY: [&str; 5] = ["true_as_of_secs", "url", "cookie", "user_id", "nonce"];

/// The page views of `df`, each once, the first of equals kept, order kept.
///
/// Give it [`normalised`](super::normalised) page views: two spellings of one
/// URL are duplicates only after normalisation.
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
    df.clone()
        .lazy()
        .unique_stable(Some(cols(KEY)), UniqueKeepStrategy::First)
        .collect()
}

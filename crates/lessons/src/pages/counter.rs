//! The obvious design: a counter in a database, incremented as page views arrive.
use calendar::Granularity;
use polars::prelude::*;
use std::collections::BTreeMap;

/// Increments a counter for each record of a log, in the order of arrival, and returns the
/// counters: `url` as the record spells it, `granularity` (always `h`), `ts` and `count`.
///
/// It is what this statement leaves, one call for each record:
///
/// ```sql
/// UPDATE page_views SET count = count + 1 WHERE url = :url AND ts = :secs - :secs % 3600
/// ```
///
/// The log has the columns `url` and `true_as_of_secs`. O(records).
///
/// ```
/// use lambda_workbook::prelude::*;
/// let log = df!(
///     "url" => ["http://mysite.com/", "http://MYSITE.COM/", "http://mysite.com/"],
///     "true_as_of_secs" => [0i64, 60, 120],
/// )?;
/// let counters = pages::counted_on_arrival(&log)?;
/// assert_eq!(counters.height(), 2); // one page, spelled in two ways
/// # Ok::<(), PolarsError>(())
/// ```
///
/// # Errors
/// A missing column, or one of another type.
pub fn counted_on_arrival(log: &DataFrame) -> PolarsResult<DataFrame> {
    let urls = log.column("url")?.str()?.iter().flatten();
    let times = log.column("true_as_of_secs")?.i64()?.iter().flatten();
    let mut counters: BTreeMap<(&str, i64), i64> = BTreeMap::new();
    for (url, secs) in urls.zip(times) {
        *counters
            .entry((url, Granularity::Hour.bucket(secs)))
            .or_default() += 1;
    }
    df!(
        "url" => counters.keys().map(|(url, _)| *url).collect::<Vec<_>>(),
        "granularity" => vec![Granularity::Hour.code(); counters.len()],
        "ts" => counters.keys().map(|(_, ts)| *ts).collect::<Vec<_>>(),
        "count" => counters.values().copied().collect::<Vec<_>>(),
    )
}

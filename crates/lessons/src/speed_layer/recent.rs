//! The other strategy: a realtime view as a function of recent data (figure 12.2).
//!
//! `view = function(all events since the last batch)`, computed anew each time.
//! No random writes, no state to repair, and any function will do; but each run
//! costs as much as there are recent events, so the views can never be newer
//! than that takes. The incremental strategy (12.3) is [`super::Updater`]:
//! `view = function(new events, the view before)`.
use lambda::batch::sketch::Precision;
use lambda::speed::Delta;
use lambda::speed::Log;
use lambda::speed::Result;
use lambda::speed::Window;
use lambda::speed::event::{Fact, read};
use polars::prelude::{DataFrame, df};

/// What the events of a topic from some offsets to its end make, from scratch.
pub fn recomputed(
    log: &dyn Log,
    topic: &str,
    from: &[u64],
    window: usize,
    precision: Precision,
) -> Result<Delta> {
    let mut all = Delta::new(precision);
    for (partition, from) in (0u32..).zip(from) {
        let mut window_of = Window::of(window);
        let start = from
            .saturating_sub(window as u64)
            .max(log.begin(topic, partition)?);
        let records = log.read(topic, partition, start.min(*from), usize::MAX)?;
        for record in records.iter() {
            let (identity, event) = match read(record.value) {
                Ok(Fact::View(event)) => (event.identity(), Some(event)),
                _ => (xxhash_rust::xxh3::xxh3_128(record.value), None),
            };
            // What came before is only looked at for copies of it.
            if let (true, Some(event)) =
                (window_of.is_new(identity) && record.offset >= *from, event)
            {
                all.add(&event);
            }
        }
    }
    Ok(all)
}

/// Asks the realtime and serving views for each row of a view that was computed from recent data.
/// Returns a row for each, sorted by URL and hour: `url`, `ts`, the query's `page views` and
/// `uniques`, and `equal`, which says whether both are those of the recomputed view.
///
/// # Errors
/// If a store of the query cannot be read.
pub fn compared(recomputed: &Delta, query: &lambda::Query<'_>) -> lambda::Result<DataFrame> {
    let mut hours: Vec<_> = recomputed.hours().collect();
    hours.sort_by_key(|(url, hour, _)| (*url, *hour));
    let (mut views, mut uniques, mut equal) = (Vec::new(), Vec::new(), Vec::new());
    for (url, hour, row) in &hours {
        let secs = *hour..*hour + 3_600;
        let asked = (
            query.page_views(url, secs.clone())?.value,
            query.uniques(url, secs)?.value,
        );
        views.push(asked.0);
        uniques.push(asked.1);
        equal.push(asked == (row.count, row.persons.uniques()));
    }
    Ok(df!(
        "url" => hours.iter().map(|row| row.0).collect::<Vec<_>>(),
        "ts" => hours.iter().map(|row| row.1).collect::<Vec<_>>(),
        "page views" => views,
        "uniques" => uniques,
        "equal" => equal,
    )?)
}

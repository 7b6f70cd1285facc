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

//! Writes the views as Parquet files.

use super::counts_writer::CountsWriter;
use super::tally::CountedRows;
use super::urls::Urls;
use super::visits;
use super::write_hours::{write_bounces, write_hours};
use super::write_visits::write_visits;
use crate::batch::output::{BOUNCES, LOCAL_DAYS, VISITS};
use crate::engine::{EngineError, Views};
use chrono_tz::Tz;
use std::path::Path;

/// The counts of a run, from which the views are written.
pub struct Counted {
    /// Page views and visitors by URL and hour, and page views by local day.
    pub rows: CountedRows,
    /// The zones of the local days, by position.
    pub zones: Vec<Tz>,
    /// Visits and bounces by domain.
    pub visits: visits::VisitsByDomain,
    /// The single visits; `None` if the job does not ask for them.
    pub each_visit: Option<Vec<visits::Visit>>,
    /// Which views to write.
    pub views: Views,
}

/// Writes the views into `folder`, and returns the files as (name, number of rows).
///
/// # Errors
/// If a file cannot be written.
pub fn write(
    folder: &Path,
    urls: Urls,
    mut counted: Counted,
) -> Result<Vec<(String, u64)>, EngineError> {
    let domains = urls.domains().names();
    let (urls, rank) = urls.sorted();
    let (hours, days) = counted.rows.sorted(rank);

    // Page views and uniques, at all granularities, from the hours.
    let mut files = write_hours(folder, &urls, hours, counted.views)?;

    // Bounces and visits.
    if counted.views == Views::All {
        let count = write_bounces(&folder.join(BOUNCES), &domains, &counted.visits)?;
        files.push((BOUNCES.to_owned(), count));
        if let Some(visits) = counted.each_visit.take() {
            let count = write_visits(&folder.join(VISITS), &domains, visits)?;
            files.push((VISITS.to_owned(), count));
        }
    }

    // Page views by local day, with zones in place of granularities. The zones of a URL are few, so
    // they are put into the order of their names here.
    if !counted.zones.is_empty() {
        let mut order: Vec<usize> = (0..counted.zones.len()).collect();
        order.sort_unstable_by_key(|zone| counted.zones[*zone].name());
        let names: Vec<&str> = order
            .iter()
            .map(|zone| counted.zones[*zone].name())
            .collect();
        let mut position = vec![0; order.len()];
        for (place, zone) in order.iter().enumerate() {
            position[*zone] = place;
        }
        let path = folder.join(LOCAL_DAYS);
        let mut writer = CountsWriter::create(&path, "zone", names)?;
        let mut days = days.peekable();
        while let Some(first) = days.peek() {
            let url = first.as_ref().map_or(0, |row| row.url);
            let mut rows = Vec::new();
            while let Some(row) =
                days.next_if(|row| row.as_ref().map_or(true, |row| row.url == url))
            {
                let row = row?;
                rows.push((url, position[usize::from(row.label)], row.ts, row.count));
            }
            rows.sort_unstable();
            writer.push(&urls, rows)?;
        }
        files.push((LOCAL_DAYS.to_owned(), writer.finish(&urls)?));
    }
    Ok(files)
}

//! Writes the views as Parquet files.

use super::tally::{FinishedHours, LocalDayCounts};
use super::urls::Urls;
use super::visits;
use super::write_uniques::{write_bounces, write_uniques};
use super::write_visits::write_visits;
use crate::batch::output::{BOUNCES, LOCAL_DAYS, PAGE_VIEWS, UNIQUES, VISITS};
use crate::engine::{EngineError, Views};
use calendar::Granularity;
use polars::prelude::*;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};
use std::fs::File;
use std::path::Path;

/// Number of rows that are converted to columns and written at once.
const ROWS: usize = 1 << 18;

/// The counts of a run, from which the views are written.
pub struct Counted {
    /// Page views and visitors by URL and hour.
    pub hours: FinishedHours,
    /// Page views by local day, for each zone.
    pub days: Vec<LocalDayCounts>,
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
    let hours = &counted.hours;

    // Page views: one row is (rank of the URL, index of the granularity, ts, count). The
    // granularities are in the order of their codes, d, h, m, w, by which the file is sorted.
    let mut granularities = Granularity::ALL;
    granularities.sort_unstable_by_key(|granularity| granularity.code());
    let mut rows = Vec::new();
    for (label, granularity) in granularities.into_iter().enumerate() {
        let buckets = hours.buckets(granularity);
        rows.extend(
            buckets
                .iter()
                .map(|(&(url, ts), &n)| (rank[url as usize], label, ts, n)),
        );
    }
    let codes: Vec<&str> = granularities
        .iter()
        .map(|granularity| granularity.code())
        .collect();
    let mut files = vec![(
        PAGE_VIEWS.to_owned(),
        write_rows(&folder.join(PAGE_VIEWS), "granularity", &codes, &urls, rows)?,
    )];

    // Uniques, bounces and visits.
    if counted.views == Views::All {
        let path = folder.join(UNIQUES);
        let count = write_uniques(&path, &urls, &rank, hours)?;
        files.push((UNIQUES.to_owned(), count));
        let count = write_bounces(&folder.join(BOUNCES), &domains, &counted.visits)?;
        files.push((BOUNCES.to_owned(), count));
        if let Some(visits) = counted.each_visit.take() {
            let count = write_visits(&folder.join(VISITS), &domains, visits)?;
            files.push((VISITS.to_owned(), count));
        }
    }

    // Page views by local day, with zones in place of granularities.
    if !counted.days.is_empty() {
        let mut days: Vec<_> = counted.days.iter().collect();
        days.sort_unstable_by_key(|days| days.zone.name());
        let zones: Vec<&str> = days.iter().map(|days| days.zone.name()).collect();
        let mut rows = Vec::new();
        for (label, days) in days.into_iter().enumerate() {
            rows.extend(
                days.counts
                    .iter()
                    .map(|(&(url, ts), &n)| (rank[url as usize], label, ts, n)),
            );
        }
        let count = write_rows(&folder.join(LOCAL_DAYS), "zone", &zones, &urls, rows)?;
        files.push((LOCAL_DAYS.to_owned(), count));
    }
    Ok(files)
}

/// Writes a view of page views, sorted by URL, label and time, and returns the number of rows.
/// A row is (rank of the URL, index of the label, ts, count); `label` is the name of the column
/// of `labels`.
fn write_rows(
    path: &Path,
    label: &str,
    labels: &[&str],
    urls: &[Box<str>],
    mut rows: Vec<(u32, usize, i64, i64)>,
) -> Result<u64, EngineError> {
    rows.sort_unstable();
    let parquet = || EngineError::parquet(path, "writing");
    let io = || EngineError::io(path, "writing");
    let file = File::create(path).map_err(io())?;
    let schema = Schema::from_iter([
        Field::new("url".into(), DataType::String),
        Field::new(label.into(), DataType::String),
        Field::new("ts".into(), DataType::Int64),
        Field::new("count".into(), DataType::Int64),
    ]);
    let mut writer = ParquetWriter::new(&file)
        .with_compression(ParquetCompression::Snappy)
        .batched(&schema)
        .map_err(parquet())?;
    // Write at least one batch, so that an empty view has its columns too.
    let none = [];
    let batches = if rows.is_empty() {
        vec![&none[..]]
    } else {
        rows.chunks(ROWS).collect()
    };
    for batch in batches {
        let url: StringChunked = batch
            .iter()
            .map(|row| Some(&*urls[row.0 as usize]))
            .collect();
        let labelled: StringChunked = batch.iter().map(|row| Some(labels[row.1])).collect();
        let ts: Int64Chunked = batch.iter().map(|row| Some(row.2)).collect();
        let count: Int64Chunked = batch.iter().map(|row| Some(row.3)).collect();
        let frame = DataFrame::new(
            batch.len(),
            vec![
                url.with_name("url".into()).into_column(),
                labelled.with_name(label.into()).into_column(),
                ts.with_name("ts".into()).into_column(),
                count.with_name("count".into()).into_column(),
            ],
        );
        writer
            .write_batch(&frame.map_err(parquet())?)
            .map_err(parquet())?;
    }
    writer.finish().map_err(parquet())?;
    file.sync_all().map_err(io())?;
    Ok(rows.len() as u64)
}

//! Writes the view of uniques and the view of bounces as Parquet files.
//!
//! The sketches of a URL's hours are merged to days, weeks and months just before they are
//! written, for a few URLs at a time. So the coarser sketches of all URLs are never in memory
//! at the same time.

use super::tally::FinishedHours;
use super::visits;
use crate::batch::sketch::Sketch;
use crate::engine::EngineError;
use calendar::Granularity;
use polars::prelude::*;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter, StatisticsOptions};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

/// Size of the hourly sketches that are merged and written at once, in bytes.
const BATCH: usize = 8 << 20;

/// The rank of a URL, and its hours: (epoch second at which the hour begins, encoded sketch).
type Url<'a> = (u32, Vec<(i64, &'a [u8])>);

/// The rows of a URL, in order: (code of the granularity, ts) to an encoded sketch.
type Rows = BTreeMap<(&'static str, i64), Vec<u8>>;

/// Writes the uniques of all URLs, and returns the number of rows. `urls` are sorted; `rank` has
/// for each URL number its index there.
///
/// # Errors
/// If the file cannot be written.
pub fn write_uniques(
    path: &Path,
    urls: &[Box<str>],
    rank: &[u32],
    hours: &FinishedHours,
) -> Result<u64, EngineError> {
    let parquet = || EngineError::parquet(path, "writing");
    let file = File::create(path).map_err(EngineError::io(path, "writing"))?;
    let schema = Schema::from_iter([
        Field::new("url".into(), DataType::String),
        Field::new("granularity".into(), DataType::String),
        Field::new("ts".into(), DataType::Int64),
        Field::new("uniques".into(), DataType::Int64),
        Field::new("sketch".into(), DataType::Binary),
    ]);
    // Without statistics, because the minimum and maximum of sketches mean nothing.
    let statistics = StatisticsOptions::empty();
    let mut writer = ParquetWriter::new(&file)
        .with_compression(ParquetCompression::Snappy)
        .with_statistics(statistics)
        .batched(&schema)
        .map_err(parquet())?;

    // Group the hourly sketches by URL, in the order of URLs and time.
    let mut all: Vec<(u32, i64, &[u8])> = hours
        .sketches()
        .map(|(url, ts, sketch)| (rank[url as usize], ts, sketch))
        .collect();
    all.sort_unstable_by_key(|&(url, ts, _)| (url, ts));
    let by_url: Vec<Url<'_>> = all
        .chunk_by(|one, other| one.0 == other.0)
        .map(|hours| {
            (
                hours[0].0,
                hours.iter().map(|hour| (hour.1, hour.2)).collect(),
            )
        })
        .collect();
    // Merge the sketches of some URLs at a time, and write their rows.
    let mut count = 0;
    let of_batch = |batch: &[Url<'_>]| -> Vec<(&str, Rows)> {
        let of_url = |(url, hours): &Url<'_>| (&*urls[*url as usize], of_url(hours));
        batch.par_iter().map(of_url).collect()
    };
    let (batch, mut rest) = by_url.split_at(fitting(&by_url));
    let mut rows = of_batch(batch);
    loop {
        // One batch is written while the next one is merged. The first batch is written even
        // if it is empty, so that an empty view has its columns too.
        let batch;
        (batch, rest) = rest.split_at(fitting(rest));
        let write = || {
            let frame = frame(&rows)?;
            writer.write_batch(&frame)?;
            Ok(frame.height())
        };
        let (written, next) = rayon::join(write, || of_batch(batch));
        count += written.map_err(parquet())? as u64;
        rows = next;
        if rows.is_empty() {
            break;
        }
    }
    writer.finish().map_err(parquet())?;
    file.sync_all().map_err(EngineError::io(path, "writing"))?;
    Ok(count)
}

/// Returns how many of the first URLs fit into a batch: at least one, if there is one.
fn fitting(urls: &[Url<'_>]) -> usize {
    let mut bytes = 0;
    let fit = urls.iter().take_while(|(_, hours)| {
        let before = bytes;
        bytes += hours.iter().map(|hour| hour.1.len()).sum::<usize>();
        before < BATCH
    });
    fit.count()
}

/// Returns the rows of a URL at all granularities, from its hours in the order of time.
fn of_url(hours: &[(i64, &[u8])]) -> Rows {
    let decoded = |sketch| Sketch::from_bytes(sketch).expect("this run encoded the sketch");
    let mut rows: Rows = hours
        .iter()
        .map(|&(ts, sketch)| ((Granularity::Hour.code(), ts), sketch.to_vec()))
        .collect();
    let mut finer: Vec<(i64, Sketch)> = hours
        .iter()
        .map(|&(ts, sketch)| (ts, decoded(sketch)))
        .collect();
    // Merge each granularity from the next finer one: a month merges 4 weeks, not 672 hours.
    for granularity in &Granularity::ALL[1..] {
        finer = finer
            .chunk_by(|one, other| granularity.bucket(one.0) == granularity.bucket(other.0))
            .map(|same| {
                let mut union = same[0].1.clone();
                for (_, part) in &same[1..] {
                    union.merge(part).expect("one run has one precision");
                }
                (granularity.bucket(same[0].0), union)
            })
            .collect();
        let finished = finer
            .iter()
            .map(|(ts, sketch)| ((granularity.code(), *ts), sketch.to_bytes()));
        rows.extend(finished);
    }
    rows
}

/// Converts the rows of some URLs to a data frame, and estimates their uniques.
fn frame(urls: &[(&str, Rows)]) -> PolarsResult<DataFrame> {
    let rows: Vec<(&str, &str, i64, &[u8])> = urls
        .iter()
        .flat_map(|(url, rows)| {
            rows.iter()
                .map(|((code, ts), sketch)| (*url, *code, *ts, &sketch[..]))
        })
        .collect();
    let uniques: Vec<i64> = rows
        .par_iter()
        .map(|row| {
            let sketch = Sketch::from_bytes(row.3).expect("this run encoded the sketch");
            sketch.uniques()
        })
        .collect();
    let sketches: BinaryChunked = rows.iter().map(|row| Some(row.3)).collect();
    DataFrame::new(
        rows.len(),
        vec![
            Column::new(
                "url".into(),
                rows.iter().map(|row| row.0).collect::<Vec<_>>(),
            ),
            Column::new(
                "granularity".into(),
                rows.iter().map(|row| row.1).collect::<Vec<_>>(),
            ),
            Column::new(
                "ts".into(),
                rows.iter().map(|row| row.2).collect::<Vec<_>>(),
            ),
            Column::new("uniques".into(), uniques),
            sketches.with_name("sketch".into()).into_column(),
        ],
    )
}

/// Writes visits and bounces by domain, and returns the number of rows. `names` are the names
/// of the domains by number.
///
/// # Errors
/// If the file cannot be written.
pub fn write_bounces(
    path: &Path,
    names: &[Box<str>],
    domains: &visits::VisitsByDomain,
) -> Result<u64, EngineError> {
    let parquet = || EngineError::parquet(path, "writing");
    let mut rows: Vec<(&str, i64, i64)> = domains
        .iter()
        .map(|(number, (visits, bounces))| (&*names[*number as usize], *visits, *bounces))
        .collect();
    rows.sort_unstable();
    let mut frame = df!(
        "domain" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "visits" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "bounces" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    )
    .map_err(parquet())?;
    let file = File::create(path).map_err(EngineError::io(path, "writing"))?;
    ParquetWriter::new(&file)
        .with_compression(ParquetCompression::Snappy)
        .finish(&mut frame)
        .map_err(parquet())?;
    file.sync_all().map_err(EngineError::io(path, "writing"))?;
    Ok(rows.len() as u64)
}

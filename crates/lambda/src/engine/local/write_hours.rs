//! Writes the views of page views and of uniques, and the view of bounces, as Parquet files.
//!
//! The hours come sorted by URL and time, one after another. Days, weeks and months of a URL are
//! computed from its hours just before they are written, for a few URLs at a time. So neither the
//! hours of all URLs nor their coarser sketches are ever in memory at the same time.

use super::counts_writer::{CountRow, CountsWriter, ROWS};
use super::parquet_file::ParquetFile;
use super::runs::{MergedRows, ViewRow, union_of};
use super::visits;
use crate::batch::output::{PAGE_VIEWS, UNIQUES};
use crate::batch::sketch::Sketch;
use crate::engine::{EngineError, Views};
use crate::row_groups::ColumnValues;
use calendar::Granularity;
use polars::prelude::*;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter, StatisticsOptions};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs::File;
use std::iter::Peekable;
use std::path::Path;

/// Size of the hourly sketches that are merged and written at once, in bytes.
const BATCH: usize = 8 << 20;

/// The hours of one URL, in the order of time.
type Url = Vec<ViewRow>;

/// The rows of a URL, in order: (code of the granularity, ts) to an encoded sketch.
type Rows = BTreeMap<(&'static str, i64), Vec<u8>>;

/// The rows of a URL in both views.
struct UrlRows<'a> {
    url: &'a str,
    counts: Vec<CountRow>,
    sketches: Rows,
}

/// Writes page views and uniques, unless uniques are not asked for, and returns the files as (name,
/// number of rows). `urls` are sorted, and `hours` come in the order of their ranks.
///
/// # Errors
/// If a file cannot be written, or the runs cannot be read.
pub fn write_hours(
    folder: &Path,
    urls: &[Box<str>],
    hours: MergedRows,
    views: Views,
) -> Result<Vec<(String, u64)>, EngineError> {
    // The granularities are in the order of their codes, d, h, m, w, by which the files are sorted.
    let mut granularities = Granularity::ALL;
    granularities.sort_unstable_by_key(|granularity| granularity.code());
    let codes = granularities.map(|granularity| granularity.code());
    let path = folder.join(PAGE_VIEWS);
    let mut counts = CountsWriter::create(&path, "granularity", codes.to_vec())?;
    let mut uniques = match views {
        Views::All => Some(uniques_file(&folder.join(UNIQUES))?),
        Views::PageViews => None,
    };

    let with_sketches = uniques.is_some();
    let of_batch = |batch: Vec<Url>| -> Vec<UrlRows<'_>> {
        let of_url = |hours: Url| UrlRows {
            url: &urls[hours[0].url as usize],
            counts: counts_of(&granularities, &hours),
            sketches: if with_sketches {
                sketches_of(&hours)
            } else {
                Rows::new()
            },
        };
        batch.into_par_iter().map(of_url).collect()
    };
    let mut hours = hours.peekable();
    let mut rows = of_batch(fitting(&mut hours)?);
    loop {
        // One batch is written while the next one is read and merged.
        let write = || {
            for url in &rows {
                counts.push(urls, url.counts.iter().copied())?;
            }
            match &mut uniques {
                Some(uniques) => write_uniques(uniques, &rows),
                None => Ok(()),
            }
        };
        let (written, next) = rayon::join(write, || fitting(&mut hours).map(of_batch));
        written?;
        rows = next?;
        if rows.is_empty() {
            break;
        }
    }
    let mut files = vec![(PAGE_VIEWS.to_owned(), counts.finish(urls)?)];
    if let Some(uniques) = uniques {
        files.push((UNIQUES.to_owned(), uniques.finish()?));
    }
    Ok(files)
}

/// Takes the hours of as many URLs as fit into a batch: at least one, if there is one.
fn fitting(hours: &mut Peekable<MergedRows>) -> Result<Vec<Url>, EngineError> {
    let mut batch: Vec<Url> = Vec::new();
    let (mut bytes, mut rows) = (0, 0);
    while bytes < BATCH && rows < ROWS {
        let Some(first) = hours.next().transpose()? else {
            break;
        };
        let url = first.url;
        let mut of_url = vec![first];
        let is_same =
            |row: &Result<ViewRow, EngineError>| row.as_ref().map_or(true, |row| row.url == url);
        while let Some(row) = hours.next_if(is_same) {
            of_url.push(row?);
        }
        bytes += of_url.iter().map(|row| row.sketch.len()).sum::<usize>();
        rows += of_url.len();
        batch.push(of_url);
    }
    Ok(batch)
}

/// Returns the page views of a URL at all granularities, in the order of these.
fn counts_of(granularities: &[Granularity], hours: &[ViewRow]) -> Vec<CountRow> {
    let mut rows: Vec<CountRow> = Vec::with_capacity(hours.len() + 8);
    for (label, granularity) in granularities.iter().enumerate() {
        for hour in hours {
            let ts = granularity.bucket(hour.ts);
            match rows.last_mut() {
                Some(row) if (row.1, row.2) == (label, ts) => row.3 += hour.count,
                _ => rows.push((hour.url, label, ts, hour.count)),
            }
        }
    }
    rows
}

/// Creates the file of the view of uniques.
fn uniques_file(path: &Path) -> Result<ParquetFile, EngineError> {
    let columns = [
        ("url", DataType::String),
        ("granularity", DataType::String),
        ("ts", DataType::Int64),
        ("uniques", DataType::Int64),
        ("sketch", DataType::Binary),
    ];
    // Without statistics, because the minimum and maximum of sketches mean nothing.
    ParquetFile::create(path, columns, StatisticsOptions::empty())
}

/// Returns the sketches of a URL at all granularities, from its hours in the order of time.
fn sketches_of(hours: &[ViewRow]) -> Rows {
    let hour = |row: &ViewRow| ((Granularity::Hour.code(), row.ts), row.sketch.clone());
    let mut rows: Rows = hours.iter().map(hour).collect();
    let mut finer: Vec<(i64, Vec<u8>)> = hours
        .iter()
        .map(|hour| (hour.ts, hour.sketch.clone()))
        .collect();
    // Merge each granularity from the next finer one: a month merges 4 weeks, not 672 hours.
    for granularity in &Granularity::ALL[1..] {
        finer = finer
            .chunk_by(|one, other| granularity.bucket(one.0) == granularity.bucket(other.0))
            .map(|same| {
                let sketches: Vec<&[u8]> = same.iter().map(|(_, sketch)| &sketch[..]).collect();
                (granularity.bucket(same[0].0), union_of(&sketches))
            })
            .collect();
        let finished = finer.iter().cloned();
        rows.extend(finished.map(|(ts, sketch)| ((granularity.code(), ts), sketch)));
    }
    rows
}

/// Writes the rows of some URLs, with estimates of their uniques.
fn write_uniques(file: &mut ParquetFile, urls: &[UrlRows<'_>]) -> Result<(), EngineError> {
    let rows: Vec<(&str, &str, i64, &[u8])> = urls
        .iter()
        .flat_map(|of_url| {
            let rows = of_url.sketches.iter();
            rows.map(|((code, ts), sketch)| (of_url.url, *code, *ts, &sketch[..]))
        })
        .collect();
    let uniques: Vec<i64> = rows
        .par_iter()
        .map(|row| {
            let sketch = Sketch::from_bytes(row.3).expect("this run encoded the sketch");
            sketch.uniques()
        })
        .collect();
    let codes = Granularity::ALL.map(|granularity| granularity.code());
    let label = |row: &(&str, &str, i64, &[u8])| {
        let place = codes.iter().position(|code| *code == row.1);
        place.map(|place| place as u32)
    };
    let url = ColumnValues::grouped(rows.iter().map(|row| row.0), |url| url);
    let columns = url.and_then(|url| {
        let ts: Int64Chunked = rows.iter().map(|row| Some(row.2)).collect();
        let sketches: BinaryChunked = rows.iter().map(|row| Some(row.3)).collect();
        Ok(vec![
            url,
            ColumnValues::coded(rows.iter().map(label), codes)?,
            ColumnValues::Any(ts.into_column()),
            ColumnValues::Any(Column::new("uniques".into(), uniques)),
            ColumnValues::Plain(sketches.into_column()),
        ])
    });
    file.write(rows.len(), columns)
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

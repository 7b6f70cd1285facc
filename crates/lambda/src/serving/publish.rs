//! Builds the stores of a batch run from its Parquet files.
//!
//! A version of the batch views contains each view twice: as a Parquet file, for engines,
//! and as a store in the folder [`SERVING`], for queries. Both are part of the same version
//! and are published together.
use super::build::{Builder, Layout};
use super::error::{Result, ServingError, io_at};
use super::frame::push_frame;
use super::header::Header;
use super::values::RowValue;
use super::view_rows::{ALL_TIME, Bounces, STORES, visitor_row};
use crate::batch::bounces::{self, Stretch};
use crate::batch::output::{BOUNCES, PAGE_VIEWS, SERVING, UNIQUES, VISITS};
use crate::batch::sketch::Precision;
use crate::versions::Draft;
use polars::prelude::*;
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use std::fs::File;
use std::path::Path;

/// A function that pushes the rows of a Parquet file into a builder.
type Push = fn(&mut Builder, &Path) -> Result<()>;

/// How the stores of a batch run are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServingOptions {
    /// Shards of each store, at least 1.
    pub shards: u32,
    /// Versions that are kept, including the new one, at least 1.
    pub keep: usize,
    /// Precision of the sketches in the view of uniques.
    pub precision: u8,
}

impl Default for ServingOptions {
    fn default() -> Self {
        Self::new(Precision::DEFAULT.bits())
    }
}

impl ServingOptions {
    /// Returns a layout of four shards in which three versions are kept.
    pub fn new(precision: u8) -> Self {
        Self {
            shards: 4,
            keep: 3,
            precision,
        }
    }
}

/// Builds the stores of a batch run from the Parquet files in its draft, into the same
/// draft, so that files and stores are published together. A view without a Parquet file
/// gets no store. Returns the name and the header of each store that was built.
///
/// The stores are built in parallel, and each holds one row group of its file in memory at a
/// time. O(rows).
///
/// # Errors
/// A Parquet file with other columns, and everything that [`build`](super::build()) refuses.
pub fn build_stores(draft: &Draft, how: ServingOptions) -> Result<Vec<(&'static str, Header)>> {
    // Builds one store, if its Parquet file is there.
    let build = |parquet: &str, store: &'static str, layout: Layout, push: Push| {
        let parquet = draft.path().join(parquet);
        if !parquet.exists() {
            return Ok(None);
        }
        let name = format!("{SERVING}/{store}");
        let mut builder = Builder::within(draft, &name, layout)?;
        push(&mut builder, &parquet)?;
        builder.finish().map(|header| Some((store, header)))
    };

    // The four stores, and how the rows of each are pushed.
    let [page_views, uniques, bounces, visits] = STORES;
    let counts = || {
        let push: Push =
            |builder, path| for_each_row_group(path, |frame| push_frame(builder, frame, "count"));
        build(PAGE_VIEWS, page_views, Layout::counts(how.shards), push)
    };
    let sketches = || {
        let push: Push =
            |builder, path| for_each_row_group(path, |frame| push_frame(builder, frame, "sketch"));
        let layout = Layout::sketches(how.shards, how.precision);
        build(UNIQUES, uniques, layout, push)
    };
    let by_domain = || {
        let push: Push =
            |builder, path| for_each_row_group(path, |frame| push_bounces(builder, frame));
        build(BOUNCES, bounces, Layout::bytes(how.shards), push)
    };
    let by_person = || build(VISITS, visits, Layout::bytes(how.shards), push_visits);

    // All four in parallel.
    let (page_views, (uniques, (bounces, visits))) = rayon::join(counts, || {
        rayon::join(sketches, || rayon::join(by_domain, by_person))
    });
    let built = [page_views?, uniques?, bounces?, visits?];
    Ok(built.into_iter().flatten().collect())
}

/// Calls `each` with every row group of a Parquet file, one after another, as a frame.
fn for_each_row_group(path: &Path, mut each: impl FnMut(&DataFrame) -> Result<()>) -> Result<()> {
    let unread = |error: PolarsError| ServingError::Layout {
        problem: format!("{}: {error}", path.display()),
    };
    let file = File::open(path).map_err(io_at("open", path))?;
    let metadata = ParquetReader::new(file)
        .get_metadata()
        .cloned()
        .map_err(unread)?;
    let mut start = 0;
    for group in &metadata.row_groups {
        let rows = group.num_rows();
        let file = File::open(path).map_err(io_at("open", path))?;
        let frame = ParquetReader::new(file)
            .with_slice(Some((start, rows)))
            .finish()
            .map_err(unread)?;
        each(&frame)?;
        start += rows;
    }
    Ok(())
}

/// Pushes the rows of the view of bounces: for each domain its visits and bounces.
fn push_bounces(builder: &mut Builder, frame: &DataFrame) -> Result<()> {
    let unfit = |error: PolarsError| ServingError::Layout {
        problem: format!("the view of bounces: {error}"),
    };
    let column = |name| frame.column(name).map_err(unfit);
    let domains = column("domain")?.str().map_err(unfit)?;
    let visits = column("visits")?.i64().map_err(unfit)?;
    let bounces = column("bounces")?.i64().map_err(unfit)?;
    let (granularity, ts) = ALL_TIME;
    for ((domain, visits), bounces) in domains.iter().zip(visits.iter()).zip(bounces.iter()) {
        let (Some(domain), Some(visits), Some(bounces)) = (domain, visits, bounces) else {
            return Err(ServingError::Layout {
                problem: "the view of bounces: a value is missing".to_owned(),
            });
        };
        let value = Bounces { visits, bounces }.to_bytes();
        builder.push(domain, granularity, ts, RowValue::Bytes(&value))?;
    }
    Ok(())
}

/// Pushes the rows of the view of visits: for each domain and person the visits in order of
/// time. The file has one row for each visit, and the visits of one person may continue in
/// the next row group, so a row is pushed when the next person begins.
fn push_visits(builder: &mut Builder, path: &Path) -> Result<()> {
    // The row that is being collected, and how it is pushed.
    let (granularity, ts) = ALL_TIME;
    let mut name = String::new();
    let mut visits: Vec<Stretch> = Vec::new();
    let mut push = |name: &str, visits: &mut Vec<Stretch>| -> Result<()> {
        if visits.is_empty() {
            return Ok(());
        }
        let bytes = bounces::to_bytes(visits);
        visits.clear();
        builder.push(name, granularity, ts, RowValue::Bytes(&bytes))
    };

    // Collect the visits; a new name ends the row before.
    for_each_row_group(path, |frame| {
        let unfit = |error: PolarsError| ServingError::Layout {
            problem: format!("the view of visits: {error}"),
        };
        let column = |name| frame.column(name).map_err(unfit);
        let domains = column("domain")?.str().map_err(unfit)?;
        let persons = column("person")?.binary().map_err(unfit)?;
        let first = column("first")?.i64().map_err(unfit)?;
        let last = column("last")?.i64().map_err(unfit)?;
        let many = column("many")?.bool().map_err(unfit)?;
        for row in 0..frame.height() {
            let whole = (
                domains.get(row),
                persons.get(row),
                first.get(row),
                last.get(row),
                many.get(row),
            );
            let (Some(domain), Some(person), Some(first), Some(last), Some(many)) = whole else {
                return Err(ServingError::Layout {
                    problem: "the view of visits: a value is missing".to_owned(),
                });
            };
            let next = visitor_row(domain, person);
            if next != name {
                push(&name, &mut visits)?;
                name = next;
            }
            visits.push(Stretch { first, last, many });
        }
        Ok(())
    })?;

    // The last row.
    push(&name, &mut visits)
}

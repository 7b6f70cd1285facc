//! From the Parquet of a batch run to the stores that serve it.
//!
//! A run's folder holds its views as Parquet, for engines, and under
//! [`SERVING`] as stores, for queries. Both come from one run, so both are swapped
//! in by the one exchange of folders that [`batch::output`](crate::batch::output)
//! makes. Versions kept for a way back are carried over as hard links: files of a
//! version never change, so two folders may share them.
use super::build::{Builder, Layout};
use super::error::{Result, StoreError, io_at};
use super::folder::Paths;
use super::frame::push_frame;
use super::header::Header;
use super::served::{ALL_TIME, Bounces};
use super::values::Value;
use crate::batch::output::{BOUNCES, PAGE_VIEWS, SERVING, UNIQUES};
use polars::prelude::*;
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use std::fs::{self, File};
use std::path::Path;

/// The stores in [`SERVING`], named like the Parquet file that each is made of.
pub(super) const STORES: [&str; 3] = ["page_views", "uniques", "bounces"];

/// Adds the rows of a frame to a store.
type Push = fn(&mut Builder, &DataFrame) -> Result<()>;

/// How the views of a run are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serving {
    /// Parts of each view, at least 1.
    pub shards: u32,
    /// Versions kept, the new one among them, at least 1.
    pub keep: usize,
    /// Of the sketches of uniques.
    pub precision: u8,
}

impl Serving {
    /// Four shards, three versions.
    pub fn new(precision: u8) -> Self {
        Self {
            shards: 4,
            keep: 3,
            precision,
        }
    }
}

/// Builds the next version of each store from the Parquet files in `run`, into
/// `run` itself. `before` is the folder of the run before, whose versions are
/// carried over; it may be missing or hold no stores. A view whose Parquet file
/// is not there gets no store. O(rows); a row group in memory at a time.
///
/// # Errors
/// What [`build`](super::build()) refuses, and Parquet of other columns.
pub fn publish(run: &Path, before: &Path, how: Serving) -> Result<Vec<(&'static str, Header)>> {
    let build = |parquet: &str, store: &'static str, layout: Layout, push: Push| {
        let parquet = run.join(parquet);
        if !parquet.exists() {
            return Ok(None);
        }
        let from = Paths::new(before.join(SERVING).join(store));
        let to = Paths::new(run.join(SERVING).join(store));
        carry_over(&from, &to, how.keep)?;
        let mut builder = Builder::start(to.root(), layout.keep(how.keep))?;
        for_each_row_group(&parquet, |frame| push(&mut builder, frame))?;
        builder.finish().map(|header| Some((store, header)))
    };
    let [page_views, uniques, bounces] = STORES;
    let counts = || {
        let push: Push = |builder, frame| push_frame(builder, frame, "count");
        build(PAGE_VIEWS, page_views, Layout::counts(how.shards), push)
    };
    let sketches = || {
        let push: Push = |builder, frame| push_frame(builder, frame, "sketch");
        let layout = Layout::sketches(how.shards, how.precision);
        build(UNIQUES, uniques, layout, push)
    };
    let visits = || build(BOUNCES, bounces, Layout::bytes(how.shards), push_bounces);
    let (page_views, (uniques, bounces)) = rayon::join(counts, || rayon::join(sketches, visits));
    let built = [page_views?, uniques?, bounces?];
    Ok(built.into_iter().flatten().collect())
}

/// Links the newest versions of a store into another folder. One that is served
/// after a roll-back is kept too.
fn carry_over(from: &Paths, to: &Paths, keep: usize) -> Result<()> {
    let Ok(served) = from.served() else {
        // No store there, or one that nothing could be rolled back to.
        return Ok(());
    };
    let kept = from.kept()?;
    let beyond = kept.len().saturating_sub(keep);
    for (place, version) in kept.into_iter().enumerate() {
        if place >= beyond || version == served {
            link_all(&from.version(version), &to.version(version))?;
        }
    }
    let (old, new) = (from.current(), to.current());
    fs::copy(&old, &new).map_err(io_at("write", &new))?;
    Ok(())
}

/// Makes a folder whose files are links to those of another.
fn link_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(io_at("make", to))?;
    for entry in fs::read_dir(from).map_err(io_at("read", from))? {
        let path = entry.map_err(io_at("read", from))?.path();
        let Some(name) = path.file_name() else {
            continue;
        };
        let target = to.join(name);
        if path.is_dir() {
            link_all(&path, &target)?;
        } else if fs::hard_link(&path, &target).is_err() {
            // A file system without hard links.
            fs::copy(&path, &target).map_err(io_at("write", &target))?;
        }
    }
    Ok(())
}

fn for_each_row_group(path: &Path, mut each: impl FnMut(&DataFrame) -> Result<()>) -> Result<()> {
    let unread = |error: PolarsError| StoreError::Layout {
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

fn push_bounces(builder: &mut Builder, frame: &DataFrame) -> Result<()> {
    let unfit = |error: PolarsError| StoreError::Layout {
        problem: format!("the view of bounces: {error}"),
    };
    let column = |name| frame.column(name).map_err(unfit);
    let domains = column("domain")?.str().map_err(unfit)?;
    let visits = column("visits")?.i64().map_err(unfit)?;
    let bounces = column("bounces")?.i64().map_err(unfit)?;
    let (granularity, ts) = ALL_TIME;
    for ((domain, visits), bounces) in domains.iter().zip(visits.iter()).zip(bounces.iter()) {
        let (Some(domain), Some(visits), Some(bounces)) = (domain, visits, bounces) else {
            return Err(StoreError::Layout {
                problem: "the view of bounces: a value is missing".to_owned(),
            });
        };
        let value = Bounces { visits, bounces }.to_bytes();
        builder.push(domain, granularity, ts, Value::Bytes(&value))?;
    }
    Ok(())
}

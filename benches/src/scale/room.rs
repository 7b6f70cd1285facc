//! Room on the disk: what is free, what a size needs, what is there, and how fast it is written.
use super::record::{FormatName, Run, Shape};
use anyhow::{Context, Result, bail};
use lambda_workbook::batch::output::Manifest;
use lambda_workbook::serving::OpenVersion;
use std::fs::File;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Instant;

/// Bytes that one size needs at the same time, at most: an estimate from its number of page views.
#[derive(Debug, PartialEq)]
pub struct Needed {
    /// The data set.
    pub input: u64,
    /// What is written to see how fast the disk is, or the temporary files: one after the other.
    pub temporary: u64,
    /// The views, twice: as Parquet, and as stores that are served; and those of the version before.
    pub views: u64,
}

/// Bytes of a datum in each format, rather too many than too few.
const JSON_LINE: u64 = 170;
const PARQUET_ROW: u64 = 24;
/// Bytes of a page view that waits to be deduplicated, and again to be joined to a visit.
const WAITING: u64 = 2 * 32;
/// Bytes of page views that wait in memory and not on disk.
const MEMORY: u64 = 256 << 20;
/// Bytes of a sketch with all its registers, and of a visitor in a small one.
const SKETCH: u64 = 12_300;
const VISITOR: u64 = 6;
/// Bytes of a row besides its sketch.
const ROW: u64 = 60;
/// Hours of a week; days, weeks and months besides.
const BUCKETS: u64 = 168 + 8 + 2 + 1;
/// Room that is left free.
const SPARE: u64 = 1_000_000_000;

impl Needed {
    /// Estimates the room for a size: from a smaller size of the same shape and format if there is
    /// one, else from the number of page views. `probe` bytes are written to measure the disk.
    pub fn of(
        page_views: u64,
        shape: Shape,
        format: FormatName,
        probe: u64,
        measured: Option<&Run>,
    ) -> Self {
        // Lines are not known to be in order of time, so all of them wait.
        let waiting = match format {
            FormatName::Jsonl => (page_views * WAITING).saturating_sub(MEMORY),
            FormatName::Parquet => 0,
        };
        if let Some(run) = measured {
            let times = page_views as f64 / run.page_views as f64;
            let scaled = |bytes: u64| (bytes as f64 * times * 1.1) as u64;
            let input = scaled(run.input_bytes);
            return Self {
                input,
                temporary: scaled(run.disk).max(waiting).max(probe.min(input)),
                views: run.view_bytes,
            };
        }
        let input = page_views
            * match format {
                FormatName::Jsonl => JSON_LINE,
                FormatName::Parquet => PARQUET_ROW,
            };
        // Each page view is in a row of each of four granularities.
        let rows = (u64::from(shape.pages()) * BUCKETS).min(page_views * 4);
        let sketches = (rows * SKETCH).min(page_views * 4 * VISITOR);
        Self {
            input,
            temporary: waiting.max(probe.min(input)),
            views: 3 * (rows * ROW + sketches),
        }
    }

    pub fn total(&self) -> u64 {
        self.input + self.temporary + self.views + SPARE
    }
}

/// Returns the bytes that are free on the disk of a folder.
pub fn free_bytes(folder: &Path) -> Result<u64> {
    let path = std::ffi::CString::new(folder.as_os_str().as_bytes())?;
    // SAFETY: the path ends with a zero byte, and an all-zero statvfs is a valid one.
    let (failed, disk) = unsafe {
        let mut disk: libc::statvfs = std::mem::zeroed();
        (libc::statvfs(path.as_ptr(), &mut disk), disk)
    };
    if failed != 0 {
        bail!(
            "{}: free room is not known: {}",
            folder.display(),
            std::io::Error::last_os_error()
        );
    }
    // macOS counts blocks in 32 bits.
    #[allow(clippy::unnecessary_cast)]
    let (blocks, size) = (disk.f_bavail as u64, disk.f_frsize as u64);
    Ok(blocks * size)
}

/// Returns how many bytes a second the disk takes: a plain sequential write of new bytes, and a flush.
pub fn write_rate(folder: &Path, bytes: u64) -> Result<f64> {
    // Not zeros, which some disks and file systems do not store.
    let mut state = 1u64;
    let block: Vec<u8> = (0..1 << 17)
        .flat_map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state.to_le_bytes()
        })
        .collect();
    let mut file = tempfile::tempfile_in(folder)?;
    let started = Instant::now();
    let mut left = bytes;
    while left > 0 {
        let some = left.min(block.len() as u64);
        file.write_all(&block[..some as usize])?;
        left -= some;
    }
    file.sync_all()?;
    Ok(bytes as f64 / started.elapsed().as_secs_f64())
}

/// Flushes a file to the disk and returns the seconds that it took.
pub fn sync(path: &Path) -> Result<f64> {
    let started = Instant::now();
    File::open(path)?.sync_all()?;
    Ok(started.elapsed().as_secs_f64())
}

/// Returns the bytes of all files below a folder.
pub fn bytes_below(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let found = entry.metadata()?;
        bytes += match found.is_dir() {
            true => bytes_below(&entry.path())?,
            false => found.len(),
        };
    }
    Ok(bytes)
}

/// Returns the rows of all Parquet files of a version.
pub fn rows_of(version: &Path) -> Result<u64> {
    let files = Manifest::read(version)?.files;
    let parquet = files.iter().filter(|file| file.name.ends_with(".parquet"));
    Ok(parquet.map(|file| file.rows).sum())
}

/// Returns the rows of all stores of a version.
pub fn serving_rows(version: &Path) -> Result<u64> {
    let mut rows = 0;
    for entry in std::fs::read_dir(version.join("serving"))? {
        let store = OpenVersion::open_in(&entry?.path(), number(version)?)?;
        rows += store.header().rows;
    }
    Ok(rows)
}

/// Returns the number of a version from the name of its folder.
pub fn number(version: &Path) -> Result<u64> {
    let name = version.file_name().and_then(|name| name.to_str());
    let number = name.and_then(|name| name.parse().ok());
    number.with_context(|| format!("{}: not a version", version.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needed_room_grows_with_the_page_views_and_is_bounded_by_the_pages() {
        let few = |views| Needed::of(views, Shape::Few, FormatName::Parquet, 0, None);
        let (small, large) = (few(1_000_000), few(100_000_000));
        assert_eq!(large.input, 100 * small.input);
        // 100 pages have so many rows, however often they are viewed.
        let most = 3 * 100 * BUCKETS * (ROW + SKETCH);
        assert_eq!(large.views, most);
        assert!(few(1_000_000_000).views == most && small.views < most);
        let json = |views| Needed::of(views, Shape::Few, FormatName::Jsonl, 0, None);
        assert!(json(1_000_000).input > small.input);
        assert_eq!(json(1_000_000).temporary, 0); // all fit into memory
        assert_eq!(json(100_000_000).temporary, 6_400_000_000 - MEMORY);
        assert!(small.total() > small.input + small.temporary + small.views);
    }

    #[test]
    fn a_measured_size_says_more_than_the_formula() {
        let run = super::super::record::tests::run(14, 0.0, 1.0);
        let of = |format| Needed::of(140_000_000, Shape::Few, format, 0, Some(&run));
        let needed = of(FormatName::Parquet);
        assert_eq!(needed.input, 11 * run.input_bytes);
        assert_eq!(needed.temporary, 11 * run.disk);
        assert_eq!(needed.views, run.view_bytes);
        assert!(of(FormatName::Jsonl).temporary >= 140_000_000 * WAITING - MEMORY);
    }

    #[test]
    fn free_room_and_the_disk_s_rate_are_known() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_bytes(folder.path()).unwrap() > 0);
        assert!(write_rate(folder.path(), 3_000_001).unwrap() > 0.0);
        assert!(free_bytes(&folder.path().join("none")).is_err());
        std::fs::write(folder.path().join("a"), [0; 5]).unwrap();
        assert_eq!(bytes_below(folder.path()).unwrap(), 5);
    }
}

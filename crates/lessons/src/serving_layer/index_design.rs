//! Index design, measured: the same rows and queries in the three layouts of
//! [`IndexLayout`].
//!
//! A view has one row for each URL and hour. Each layout writes the rows to real files, one a
//! shard, and is asked for some hours of some URLs. An index in memory says where each row
//! is, and costs nothing here; only the reads of rows are counted.
//!
//! 1. All layouts give the same answer.
//! 2. Sorted by URL and then by time, a range of one URL is one seek and the fewest blocks
//!    that can hold it, or one more.
//!
//! Source: *Big Data*, Marz and Warren, chapter 10, on index design.
use super::draws::drawn;
use super::index_layout::{IndexLayout, PlacedRows, RowKey};
use super::rows_file::{DISK_BLOCK, How, ROW, ReadCost, Row, RowsFile};
use lambda::serving::Result;
use std::path::Path;

/// The rows of the experiment: one for each URL and hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrivals {
    /// The number of URLs.
    pub urls: u64,
    /// The number of hours.
    pub hours: u64,
    /// The number of shards.
    pub shards: usize,
    /// Chooses the counts, the shards of URLs, and the URLs and hours that are asked for.
    pub seed: u64,
}

/// What the queries cost in one of the layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DesignCost {
    /// The layout.
    pub layout: IndexLayout,
    /// The hours that each query asks for.
    pub hours: u64,
    /// How the disk was read.
    pub how: How,
    /// The largest number of shards that a query asked.
    pub shards: usize,
    /// The cost of all queries together.
    pub cost: ReadCost,
    /// The sum of all counts read, which is the same for all layouts.
    pub sum: i64,
}

/// Writes the files of all layouts into `folder`, and asks each layout for one hour and for all
/// hours of `queries` URLs. O(urls * hours * log).
///
/// ```
/// use lambda_workbook::serving::{Arrivals, index_design};
///
/// let folder = tempfile::tempdir()?;
/// let rows = Arrivals { urls: 2_000, hours: 48, shards: 4, seed: 1 };
/// let costs = index_design(folder.path(), rows, 5)?;
/// let all_hours: Vec<_> = costs.iter().filter(|cost| cost.hours == 48).collect();
/// let seeks: Vec<u64> = all_hours.iter().map(|cost| cost.cost.seeks).collect();
/// assert_eq!(seeks, [5 * 48, 5 * 48, 5]); // by time; by URL hash; by URL, then time
/// assert!(all_hours.iter().all(|cost| cost.sum == all_hours[0].sum));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If a file cannot be written or read.
pub fn index_design(folder: &Path, arrivals: Arrivals, queries: u64) -> Result<Vec<DesignCost>> {
    let Arrivals {
        urls, hours, seed, ..
    } = arrivals;
    let rows: Vec<RowKey> = (0..hours)
        .flat_map(|hour| (0..urls).map(move |nth| arrivals.key((nth + hour * 31) % urls, hour)))
        .collect();
    // Write one file for each layout and shard.
    let mut designs = Vec::new();
    for (number, layout) in IndexLayout::ALL.into_iter().enumerate() {
        let placed = PlacedRows::new(layout, &rows, arrivals.shards);
        let mut files = Vec::new();
        for (shard, disk) in placed.shards().iter().enumerate() {
            let path = folder.join(format!("layout-{number}-shard-{shard}"));
            RowsFile::write(&path, disk.iter().map(|&row| arrivals.row(rows[row])))?;
            files.push(RowsFile::open(&path)?);
        }
        designs.push((layout, placed, files));
    }
    // Ask for one hour of some URLs, then for all hours.
    let mut measured = Vec::new();
    for asked in [1, hours] {
        for (layout, placed, files) in &designs {
            let mut all = DesignCost {
                layout: *layout,
                hours: asked,
                how: files[0].how,
                shards: 0,
                cost: ReadCost::default(),
                sum: 0,
            };
            for query in 0..queries {
                let url = drawn(seed, query, 0) % urls;
                let first = drawn(seed, query, 1) % (hours - asked + 1);
                // An hour begins with row hour * urls, and with URL hour * 31.
                let number = |hour: u64| hour * urls + (url + urls - hour * 31 % urls) % urls;
                let wanted: Vec<usize> = (first..first + asked)
                    .map(|hour| number(hour) as usize)
                    .collect();
                let reads = placed.reads(&wanted, ROWS_PER_BLOCK);
                all.shards = all.shards.max(reads.len());
                for read in reads {
                    let (found, cost) = files[read.shard].read(&read.positions)?;
                    assert!(
                        found.iter().all(|row| row.url == url),
                        "an index leads to the rows of the URL"
                    );
                    all.sum += found.iter().map(|row| row.count).sum::<i64>();
                    all.cost = plus(all.cost, cost);
                }
            }
            measured.push(all);
        }
    }
    Ok(measured)
}

/// The rows that a block of the disk holds.
pub const ROWS_PER_BLOCK: u64 = (DISK_BLOCK / ROW) as u64;

impl Arrivals {
    fn key(&self, url: u64, hour: u64) -> RowKey {
        let url_hash = drawn(self.seed, url, u64::MAX);
        RowKey {
            url,
            url_hash,
            hour,
        }
    }

    fn row(&self, key: RowKey) -> Row {
        Row {
            url: key.url,
            ts: key.hour as i64 * 3600,
            count: (drawn(self.seed, key.url, key.hour) % 1000) as i64,
        }
    }
}

fn plus(a: ReadCost, b: ReadCost) -> ReadCost {
    ReadCost {
        rows: a.rows + b.rows,
        seeks: a.seeks + b.seeks,
        blocks: a.blocks + b.blocks,
        bytes: a.bytes + b.bytes,
        time: a.time + b.time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collocated_rows_are_one_seek_and_the_fewest_pages() {
        let folder = tempfile::tempdir().unwrap();
        let arrivals = Arrivals {
            urls: 1_200,
            hours: 400,
            shards: 4,
            seed: 4,
        };
        let measured = index_design(folder.path(), arrivals, 7).unwrap();
        let (one, all) = measured.split_at(3);
        // One row costs the same in every layout, because an index finds it.
        assert!(
            one.iter()
                .all(|cost| (cost.cost.seeks, cost.cost.blocks) == (7, 7))
        );
        assert!(one.iter().all(|cost| cost.sum == one[0].sum));
        // A range does not.
        let [time, hash, sorted] = all else {
            panic!("three layouts")
        };
        assert!(
            all.iter()
                .all(|cost| (cost.cost.rows, cost.sum) == (2_800, time.sum))
        );
        assert_eq!((time.shards, hash.shards, sorted.shards), (4, 1, 1));
        assert_eq!((time.cost.blocks, hash.cost.blocks), (2_800, 2_800));
        assert!(
            time.cost.seeks > 2_600 && hash.cost.seeks > 2_600,
            "{all:?}"
        );
        assert_eq!(sorted.cost.seeks, 7);
        assert!(sorted.cost.blocks <= 7 * (400u64.div_ceil(ROWS_PER_BLOCK) + 1));
    }
}

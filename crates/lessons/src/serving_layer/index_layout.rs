//! Three layouts of an index: which shard holds a row of a view, and where on its disk.
//!
//! | layout | shard | order on the disk of the shard |
//! |---|---|---|
//! | [`IndexLayout::Time`] | by the hour of the row | as the rows arrived, hour by hour |
//! | [`IndexLayout::UrlHash`] | by a hash of the URL | as the rows arrived, hour by hour |
//! | [`IndexLayout::UrlThenTime`] | by a hash of the URL | sorted by URL, then by hour |
//!
//! A disk is read in *blocks* of several rows. A *seek* is a move of the read head to a block
//! that does not follow the block before it.
//!
//! 1. Every layout places every row exactly once.
//! 2. With `UrlThenTime` a range of hours of one URL is on one shard, and takes one seek.
//!
//! Source: *Big Data*, Marz and Warren, chapter 10, on index design (figure 10.5).
use std::ops::Range;

/// A layout of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexLayout {
    /// Sharded by hour, stored in order of arrival.
    Time,
    /// Sharded by a hash of the URL, stored in order of arrival.
    UrlHash,
    /// Sharded by a hash of the URL, sorted by URL and then by hour.
    UrlThenTime,
}

impl IndexLayout {
    /// All three, from the most expensive to the cheapest for a range of hours of one URL.
    pub const ALL: [Self; 3] = [Self::Time, Self::UrlHash, Self::UrlThenTime];

    /// Returns the name of the layout.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "by time",
            Self::UrlHash => "by URL hash",
            Self::UrlThenTime => "by URL, then time",
        }
    }
}

/// What a layout needs to know of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowKey {
    /// The number of the URL.
    pub url: u64,
    /// The hash of the URL, which may choose the shard.
    pub url_hash: u64,
    /// The number of the hour.
    pub hour: u64,
}

/// Rows on the disks of shards. Rows are named by their place in the order of arrival.
#[derive(Clone, Debug)]
pub struct PlacedRows {
    /// For each shard, its rows in the order of its disk.
    shards: Vec<Vec<usize>>,
    /// For each row, its shard and its position on the disk.
    places: Vec<(usize, u64)>,
}

/// What a query reads from one shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardRead {
    /// The number of the shard.
    pub shard: usize,
    /// The positions of the wanted rows on its disk, in order.
    pub positions: Vec<u64>,
    /// The blocks that are read: each range begins with a seek.
    pub runs: Vec<Range<u64>>,
}

impl PlacedRows {
    /// Places rows, which are given in order of arrival. O(n log n).
    ///
    /// # Panics
    /// If `shards` is 0.
    pub fn new(layout: IndexLayout, rows: &[RowKey], shards: usize) -> Self {
        assert!(shards > 0, "an index has at least one shard");
        let shard_of = |row: &RowKey| match layout {
            IndexLayout::Time => row.hour as usize % shards,
            _ => (row.url_hash % shards as u64) as usize,
        };
        let mut disks = vec![Vec::new(); shards];
        for (number, row) in rows.iter().enumerate() {
            disks[shard_of(row)].push(number);
        }
        if layout == IndexLayout::UrlThenTime {
            for disk in &mut disks {
                disk.sort_by_key(|&number| (rows[number].url, rows[number].hour));
            }
        }
        let mut places = vec![(0, 0); rows.len()];
        for (shard, disk) in disks.iter().enumerate() {
            for (position, &number) in (0..).zip(disk) {
                places[number] = (shard, position);
            }
        }
        PlacedRows {
            shards: disks,
            places,
        }
    }

    /// Returns, for each shard, its rows in the order of its disk.
    pub fn shards(&self) -> &[Vec<usize>] {
        &self.shards
    }

    /// Returns what must be read for these rows, shard by shard. Shards that hold none of them
    /// are not asked.
    ///
    /// # Panics
    /// If a row does not exist.
    pub fn reads(&self, wanted: &[usize], rows_per_block: u64) -> Vec<ShardRead> {
        let mut positions = vec![Vec::new(); self.shards.len()];
        for &number in wanted {
            let (shard, position) = self.places[number];
            positions[shard].push(position);
        }
        let read = |(shard, mut positions): (usize, Vec<u64>)| {
            positions.sort_unstable();
            ShardRead {
                shard,
                runs: block_runs(&positions, rows_per_block),
                positions,
            }
        };
        let asked = positions.into_iter().enumerate();
        asked.filter(|(_, p)| !p.is_empty()).map(read).collect()
    }
}

impl ShardRead {
    /// Returns the number of seeks.
    pub fn seeks(&self) -> u64 {
        self.runs.len() as u64
    }

    /// Returns the number of blocks that are read.
    pub fn blocks(&self) -> u64 {
        self.runs.iter().map(|run| run.end - run.start).sum()
    }
}

/// Returns the blocks that hold rows at these sorted positions. Neighbouring blocks are one
/// range, because the head reads them without a seek.
///
/// ```
/// use lambda_workbook::serving::block_runs;
/// // Rows 0 and 3 are in blocks 0 and 1; row 9 is in block 4.
/// assert_eq!(block_runs(&[0, 3, 9], 2), [0..2, 4..5]);
/// ```
pub fn block_runs(positions: &[u64], rows_per_block: u64) -> Vec<Range<u64>> {
    let block = |position: u64| position / rows_per_block;
    positions
        .chunk_by(|&a, &b| block(b) <= block(a) + 1)
        .map(|run| block(run[0])..block(run[run.len() - 1]) + 1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(urls: u64, hours: u64) -> Vec<RowKey> {
        let row = |hour| {
            (0..urls).map(move |url| RowKey {
                url,
                url_hash: super::super::draws::drawn(5, url, 0),
                hour,
            })
        };
        (0..hours).flat_map(row).collect()
    }

    proptest! {
        #[test]
        fn every_layout_places_every_row_once(urls in 1u64..20, hours in 1u64..20, shards in 1usize..6) {
            let rows = rows(urls, hours);
            for layout in IndexLayout::ALL {
                let placed = PlacedRows::new(layout, &rows, shards);
                let mut seen: Vec<usize> = placed.shards().concat();
                seen.sort_unstable();
                prop_assert!(seen.into_iter().eq(0..rows.len()));
            }
        }

        #[test]
        fn url_then_time_reads_a_range_of_a_url_with_one_seek(
            urls in 1u64..20, hours in 1u64..40, shards in 1usize..6, url in 0u64..20, from in 0u64..40,
        ) {
            let rows = rows(urls, hours);
            let of_query = |row: &RowKey| row.url == url % urls && row.hour >= from % hours;
            let wanted: Vec<usize> = (0..rows.len()).filter(|&n| of_query(&rows[n])).collect();
            let reads = PlacedRows::new(IndexLayout::UrlThenTime, &rows, shards).reads(&wanted, 4);
            prop_assert_eq!(reads.len(), 1);
            prop_assert_eq!(reads[0].seeks(), 1);
            // The fewest blocks that can hold the rows, or one more.
            prop_assert!(reads[0].blocks() <= (wanted.len() as u64).div_ceil(4) + 1);
        }
    }
}

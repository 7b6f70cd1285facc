//! The index of figure 10.5, small enough to be drawn: three web pages, and five other pages
//! whose rows lie between theirs.
use super::index_layout::{IndexLayout, PlacedRows, RowKey, ShardRead};

/// The three pages of the lesson, each with its first hour and its page views, hour by hour.
pub const SMALL_PAGES: [(&str, u64, &[i64]); 3] = [
    ("foo.com/blog/1", 0, &[123, 101, 278, 176, 133]),
    ("bar.com/post/abc", 0, &[123, 101, 278]),
    ("baz.net/page/a", 2, &[176, 133, 97]),
];

/// Other pages of the site, which have a row in every hour.
const OTHERS: [&str; 5] = ["other/1", "other/3", "other/4", "other/2", "other/6"];

/// The hours of the index.
const HOURS: u64 = 5;
/// Rows in a block of the drawing. A disk block of 4,096 bytes holds 128 rows.
pub const DRAWN_ROWS_PER_BLOCK: u64 = 2;
/// Bytes of a row.
pub const DRAWN_ROW_BYTES: u64 = 32;

/// A row of the small index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmallRow {
    /// The place of its page in [`SMALL_PAGES`]; `None` if it belongs to another page.
    pub page: Option<usize>,
    /// The hour, counted from 0.
    pub hour: u64,
    /// The page views; 0 if it belongs to another page.
    pub count: i64,
    key: RowKey,
}

/// Returns all rows in order of arrival: hour by hour.
pub fn small_rows() -> Vec<SmallRow> {
    let mut rows = Vec::new();
    // The place of a URL in the order of the alphabet, by which rows are sorted.
    let mut names: Vec<&str> = SMALL_PAGES.iter().map(|(name, ..)| *name).collect();
    names.extend(OTHERS);
    names.sort_unstable();
    let key = |name: &str, hour| RowKey {
        url: names.partition_point(|other| *other < name) as u64,
        // The hash of `lambda::serving::shard_of`.
        url_hash: xxhash_rust::xxh3::xxh3_64(name.as_bytes()),
        hour,
    };
    for hour in 0..HOURS {
        for (page, (name, first, counts)) in SMALL_PAGES.iter().enumerate() {
            let count = hour
                .checked_sub(*first)
                .and_then(|n| counts.get(n as usize));
            rows.extend(count.map(|&count| SmallRow {
                page: Some(page),
                hour,
                count,
                key: key(name, hour),
            }));
        }
        rows.extend(OTHERS.iter().map(|name| SmallRow {
            page: None,
            hour,
            count: 0,
            key: key(name, hour),
        }));
    }
    rows
}

/// What a query costs in a layout, and the disks that it reads.
#[derive(Clone, Debug)]
pub struct SmallRead {
    /// The layout.
    pub layout: IndexLayout,
    /// The disks of the shards: the rows in their order.
    pub disks: Vec<Vec<SmallRow>>,
    /// What is read of each shard that is asked.
    pub reads: Vec<ShardRead>,
    /// The sum of the page views, which is the answer.
    pub sum: i64,
    /// The number of rows that the query wants.
    pub wanted: u64,
}

impl SmallRead {
    /// Reads the first `hours` rows of a page of [`SMALL_PAGES`] in a layout.
    ///
    /// ```
    /// use lambda_workbook::serving::{IndexLayout, SmallRead};
    /// let cost = IndexLayout::ALL.map(|layout| {
    ///     let read = SmallRead::of(layout, 0, 5, 2);
    ///     assert_eq!(read.sum, 123 + 101 + 278 + 176 + 133);
    ///     (read.reads.len(), read.seeks(), read.blocks())
    /// });
    /// // Shards, seeks, blocks: by time; by URL hash; by URL, then time.
    /// assert_eq!(cost, [(2, 5, 5), (1, 5, 5), (1, 1, 3)]);
    /// ```
    ///
    /// # Panics
    /// If there is no such page, or `shards` is 0.
    pub fn of(layout: IndexLayout, page: usize, hours: usize, shards: usize) -> Self {
        assert!(
            page < SMALL_PAGES.len(),
            "there are {} pages",
            SMALL_PAGES.len()
        );
        let rows = small_rows();
        let keys: Vec<RowKey> = rows.iter().map(|row| row.key).collect();
        let placed = PlacedRows::new(layout, &keys, shards);
        let of_page = (0..rows.len()).filter(|&n| rows[n].page == Some(page));
        let wanted: Vec<usize> = of_page.take(hours).collect();
        let disk = |disk: &Vec<usize>| disk.iter().map(|&n| rows[n]).collect();
        SmallRead {
            layout,
            disks: placed.shards().iter().map(disk).collect(),
            reads: placed.reads(&wanted, DRAWN_ROWS_PER_BLOCK),
            sum: wanted.iter().map(|&n| rows[n].count).sum(),
            wanted: wanted.len() as u64,
        }
    }

    /// Returns the number of seeks on all shards.
    pub fn seeks(&self) -> u64 {
        self.reads.iter().map(ShardRead::seeks).sum()
    }

    /// Returns the number of blocks read on all shards.
    pub fn blocks(&self) -> u64 {
        self.reads.iter().map(ShardRead::blocks).sum()
    }

    /// Returns the bytes read on all shards.
    pub fn bytes(&self) -> u64 {
        self.blocks() * DRAWN_ROWS_PER_BLOCK * DRAWN_ROW_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda::serving::shard_of;

    #[test]
    fn the_small_index_is_sharded_as_a_store_is() {
        for shards in [2, 3, 4] {
            for (page, (name, _, counts)) in SMALL_PAGES.iter().enumerate() {
                let read = SmallRead::of(IndexLayout::UrlThenTime, page, 9, shards);
                assert_eq!(read.reads[0].shard, shard_of(name, shards as u32) as usize);
                assert_eq!(read.sum, counts.iter().sum::<i64>());
            }
        }
    }

    #[test]
    fn one_hour_costs_the_same_in_every_layout() {
        for layout in IndexLayout::ALL {
            let read = SmallRead::of(layout, 2, 1, 2);
            assert_eq!((read.reads.len(), read.seeks(), read.blocks()), (1, 1, 1));
        }
    }
}

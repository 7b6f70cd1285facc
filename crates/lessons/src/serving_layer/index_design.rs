//! Index design: the same rows and queries, scattered by time or collocated by URL.
//!
//! Arrivals arrive in order of time. One design leaves them so, and keeps, for each
//! URL, the positions of its rows: an index that finds each row at once, and a
//! query that reads a page for nearly each of them. The other sorts the rows by
//! URL and time: the rows of a query stand together, and one seek is enough.
//!
//! Both indexes are in memory and free of charge here; only rows are counted.
//!
//! 1. Both answer the same.
//! 2. Collocated, a range of one URL is one seek and the fewest pages that can
//!    hold it, or one more.
//!
//! Source: *Big Data*, Marz and Warren, chapter 10, on index design.
use super::rows_file::{How, PAGE, ROW, ReadCost, Row, RowsFile};
use lambda::serving::Result;
use std::path::Path;

/// The rows and queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrivals {
    /// Each seen in every hour.
    pub urls: u64,
    pub hours: u64,
    /// Chooses counts, and what is asked for.
    pub seed: u64,
}

/// One of the two designs, measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DesignCost {
    /// "scattered by time" or "collocated by URL".
    pub design: &'static str,
    /// "one hour" or "all hours".
    pub query: &'static str,
    pub how: How,
    /// Of all queries together.
    pub cost: ReadCost,
    /// The sum of all counts read: the same for both designs.
    pub sum: i64,
    /// Bytes of the file.
    pub file_bytes: u64,
}

/// Writes both files into `folder` and asks each for one hour, and for all hours,
/// of `queries` URLs. O(urls * hours).
///
/// ```
/// use lambda_workbook::serving::{Arrivals, index_design};
///
/// let folder = tempfile::tempdir()?;
/// let rows = Arrivals { urls: 1000, hours: 48, seed: 1 };
/// let all_hours: Vec<_> = index_design(folder.path(), rows, 5)?
///     .into_iter()
///     .filter(|measured| measured.query == "all hours")
///     .collect();
/// let [scattered, collocated] = &all_hours[..] else { panic!("two designs") };
/// assert_eq!(scattered.sum, collocated.sum);
/// assert_eq!((scattered.cost.seeks, collocated.cost.seeks), (5 * 48, 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn index_design(folder: &Path, rows: Arrivals, queries: u64) -> Result<Vec<DesignCost>> {
    let (scattered, collocated) = (folder.join("rows-by-time"), folder.join("rows-by-url"));
    let (urls, hours) = (rows.urls, rows.hours);
    let by_time =
        (0..hours).flat_map(|hour| (0..urls).map(move |url| (arrival(url, hour, urls), hour)));
    RowsFile::write(&scattered, by_time.map(|(url, hour)| rows.row(url, hour)))?;
    let by_url = (0..urls).flat_map(|url| (0..hours).map(move |hour| (url, hour)));
    RowsFile::write(&collocated, by_url.map(|(url, hour)| rows.row(url, hour)))?;

    let position_by_time = |url, hour| hour * urls + place(url, hour, urls);
    let position_by_url = |url, hour| url * hours + hour;
    type Position<'a> = &'a dyn Fn(u64, u64) -> u64;
    let designs: [(_, _, Position); 2] = [
        ("scattered by time", &scattered, &position_by_time),
        ("collocated by URL", &collocated, &position_by_url),
    ];
    let mut measured = Vec::new();
    for (query, asked) in [("one hour", 1), ("all hours", hours)] {
        for (design, path, position) in designs {
            let file = RowsFile::open(path)?;
            let mut all = DesignCost {
                design,
                query,
                how: file.how,
                cost: ReadCost::default(),
                sum: 0,
                file_bytes: file.len(),
            };
            for n in 0..queries {
                let url = mixed(rows.seed, n, 0) % urls;
                let first = if asked == 1 {
                    mixed(rows.seed, n, 1) % hours
                } else {
                    0
                };
                let wanted: Vec<u64> = (first..first + asked)
                    .map(|hour| position(url, hour))
                    .collect();
                let (found, cost) = file.read(&wanted)?;
                assert!(
                    found.iter().all(|row| row.url == url),
                    "an index leads to its rows"
                );
                all.sum += found.iter().map(|row| row.count).sum::<i64>();
                all.cost = plus(all.cost, cost);
            }
            measured.push(all);
        }
    }
    Ok(measured)
}

/// The fewest pages that can hold so many rows.
pub fn fewest_pages(rows: u64) -> u64 {
    (rows * ROW as u64).div_ceil(PAGE as u64)
}

impl Arrivals {
    fn row(&self, url: u64, hour: u64) -> Row {
        Row {
            url,
            ts: hour as i64 * 3600,
            count: (mixed(self.seed, url, hour) % 1000) as i64,
        }
    }
}

/// Each hour sees the URLs in another order: by turning the circle of them.
fn arrival(nth: u64, hour: u64, urls: u64) -> u64 {
    (nth + hour * 31) % urls
}

/// Where a URL stands among those of its hour: the inverse of [`arrival`].
fn place(url: u64, hour: u64, urls: u64) -> u64 {
    (url + urls - hour * 31 % urls) % urls
}

fn mixed(seed: u64, a: u64, b: u64) -> u64 {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&a.to_le_bytes());
    bytes[16..].copy_from_slice(&b.to_le_bytes());
    xxhash_rust::xxh3::xxh3_64(&bytes)
}

fn plus(a: ReadCost, b: ReadCost) -> ReadCost {
    ReadCost {
        rows: a.rows + b.rows,
        reads: a.reads + b.reads,
        seeks: a.seeks + b.seeks,
        pages: a.pages + b.pages,
        bytes: a.bytes + b.bytes,
        time: a.time + b.time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn collocated_rows_are_one_seek_and_the_fewest_pages() {
        let folder = tempfile::tempdir().unwrap();
        let rows = Arrivals {
            urls: 300,
            hours: 1000,
            seed: 4,
        };
        let measured = index_design(folder.path(), rows, 7).unwrap();
        let [one_scattered, one_collocated, scattered, collocated] = &measured[..] else {
            panic!("two designs, two queries");
        };
        // One row costs the same either way: an index finds it.
        assert_eq!(one_scattered.cost.pages, 7);
        assert_eq!(one_collocated.cost.pages, 7);
        assert_eq!(one_scattered.sum, one_collocated.sum);
        // A range does not.
        assert_eq!(scattered.sum, collocated.sum);
        assert_eq!((scattered.cost.rows, collocated.cost.rows), (7000, 7000));
        assert_eq!(scattered.cost.pages, 7000);
        assert_eq!((collocated.cost.seeks, collocated.cost.reads), (7, 7));
        assert!(collocated.cost.pages <= 7 * (fewest_pages(1000) + 1));
        assert!(scattered.cost.seeks > 6500, "{scattered:?}");
    }

    proptest! {
        #[test]
        fn a_url_stands_where_its_index_says(urls in 1u64..500, hour in 0u64..10_000, nth in 0u64..500) {
            let nth = nth % urls;
            prop_assert_eq!(place(arrival(nth, hour, urls), hour, urls), nth);
        }
    }
}

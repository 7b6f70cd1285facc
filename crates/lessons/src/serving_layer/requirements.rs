//! The four requirements of a serving-layer database: shown, then broken.
//!
//! Each function builds what it needs in an empty folder, tries it, and reports what it saw.
//! The second function of a pair leaves one part out, and the requirement is no longer met.
//!
//! | requirement | shown by | broken by |
//! |---|---|---|
//! | batch writable | [`batch_writable`] | [`updated_in_place`]: rows replaced one by one |
//! | scalable | [`scalable`] | [`sharded_by_time`]: a URL on all servers |
//! | random reads | [`random_reads`] | [`without_an_index`]: the file is scanned |
//! | fault tolerant | [`fault_tolerant`] | [`without_replicas`]: a lost server loses its shard |
//!
//! Random writes are not required, and that makes the rest simple.
//!
//! Source: *Big Data*, Marz and Warren, chapter 10, on requirements for a serving
//! layer database.
use super::rows_file::DISK_BLOCK;
use calendar::Granularity::Hour;
use lambda::serving::BLOCK;
use lambda::serving::RowValue;
use lambda::serving::StoreCluster;
use lambda::serving::shard_of;
use lambda::serving::{Layout, build};
use lambda::serving::{Result, ServingError, io_at};
use lambda::serving::{Shard, Store};
use notebook::table::grouped;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::Path;

/// What a demonstration saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The name of the requirement.
    pub requirement: &'static str,
    /// "as built", or what was left out.
    pub variant: &'static str,
    /// Whether the requirement is met.
    pub holds: bool,
    /// The number on which it depends: versions that a query saw, shards that it asks, disk blocks that
    /// it reads, or reads that failed.
    pub measured: u64,
    /// What was measured, in a short sentence.
    pub evidence: String,
}

const AS_BUILT: &str = "as built";
const URLS: usize = 100;
const HOURS: i64 = 48;
/// The hours of a table that is long enough for several disk blocks.
const MANY_HOURS: i64 = 480;
/// The most disk blocks that a read of one row may touch.
const FEW_BLOCKS: u64 = 4;

fn urls() -> Vec<String> {
    (0..URLS).map(|page| format!("foo.com/{page:03}")).collect()
}

/// Publishes a version in which every bucket has the same count.
fn version(folder: &Path, shards: u32, count: i64) -> Result<Store> {
    version_of(folder, shards, count, 0..HOURS)
}

fn version_of(folder: &Path, shards: u32, count: i64, hours: Range<i64>) -> Result<Store> {
    let urls = urls();
    let rows = urls.iter().flat_map(|url| {
        hours
            .clone()
            .map(move |hour| (url.as_str(), Hour, hour * 3600, RowValue::Count(count)))
    });
    build(folder, Layout::counts(shards), rows)?;
    Store::open(folder)
}

/// Publishes a version while a reader holds the old one. The reader sees all rows of the old
/// version, and after a refresh all rows of the new one.
pub fn batch_writable(folder: &Path) -> Result<Shown> {
    let store = version(folder, 4, 1)?;
    let held = store.open_version();
    version(folder, 4, 2)?;
    let old = seen(|url| store.count(url, Hour, 0))?;
    store.refresh()?;
    let new = seen(|url| store.count(url, Hour, 0))?;
    let still = seen(|url| match held.url(url)? {
        Some(rows) => rows.count(Hour, 0),
        None => Ok(None),
    })?;
    Ok(Shown {
        requirement: "batch writable",
        variant: AS_BUILT,
        holds: old == BTreeSet::from([1]) && new == BTreeSet::from([2]) && still == old,
        measured: old.len() as u64,
        evidence: format!(
            "before refresh: version {}; after it: {}",
            list(&old),
            list(&new)
        ),
    })
}

/// Writes the new counts over the old ones, one file for each URL. A query between two of the writes
/// sees rows of both versions.
pub fn updated_in_place(folder: &Path) -> Result<Shown> {
    let place = |url: &str| folder.join(url.replace('/', "-"));
    let write = |url: &str, count: i64| {
        fs::write(place(url), count.to_le_bytes()).map_err(io_at("write", folder))
    };
    let read = |url: &str| {
        let bytes = fs::read(place(url)).map_err(io_at("read", folder))?;
        Ok(bytes.try_into().ok().map(i64::from_le_bytes))
    };
    fs::create_dir_all(folder).map_err(io_at("make", folder))?;
    urls().iter().try_for_each(|url| write(url, 1))?;
    urls()
        .iter()
        .take(URLS / 2)
        .try_for_each(|url| write(url, 2))?;
    let middle = seen(read)?;
    Ok(Shown {
        requirement: "batch writable",
        variant: "updated in place",
        holds: middle.len() == 1,
        measured: middle.len() as u64,
        evidence: format!("a query between two writes read versions {}", list(&middle)),
    })
}

/// Returns numbers as text, such as "1 and 2".
fn list(numbers: &BTreeSet<i64>) -> String {
    let words: Vec<String> = numbers.iter().map(i64::to_string).collect();
    words.join(" and ")
}

/// Returns the versions that a reader of every URL sees.
fn seen(read: impl Fn(&str) -> Result<Option<i64>>) -> Result<BTreeSet<i64>> {
    let counts = urls()
        .iter()
        .map(|url| read(url))
        .collect::<Result<Vec<_>>>()?;
    Ok(counts.into_iter().flatten().collect())
}

/// Spreads the same rows over 1, 2, 4 and 8 shards, and counts those on the fullest. All rows of a URL
/// are on one shard, so a query asks one, however many there are.
pub fn scalable(folder: &Path) -> Result<Shown> {
    let mut largest = Vec::new();
    let mut asked = 0;
    for shards in [1, 2, 4, 8] {
        let store = version(&folder.join(shards.to_string()), shards, 1)?;
        let version = store.open_version();
        let rows = version.shards().iter().map(Shard::row_count).max();
        largest.push((shards, rows.unwrap_or(0)));
        asked = asked.max(most_shards(version.shards())?);
    }
    let all = URLS as u64 * HOURS as u64;
    let even = |&(shards, rows): &(u32, u64)| rows <= all * 2 / u64::from(shards);
    Ok(Shown {
        requirement: "scalable",
        variant: AS_BUILT,
        holds: asked == 1 && largest.iter().all(even),
        measured: asked,
        evidence: format!(
            "8 shards: fullest {} of {} rows; a URL is on {asked}",
            grouped(largest[3].1 as i64),
            grouped(largest[0].1 as i64)
        ),
    })
}

/// Returns the largest number of shards that hold rows of one URL.
fn most_shards<'a>(shards: impl IntoIterator<Item = &'a Shard>) -> Result<u64> {
    let mut shards_of: BTreeMap<String, u64> = BTreeMap::new();
    for shard in shards {
        for url in urls() {
            if shard.url(&url)?.is_some() {
                *shards_of.entry(url).or_default() += 1;
            }
        }
    }
    Ok(shards_of.into_values().max().unwrap_or(0))
}

/// Chooses the shard by the bucket in place of the URL: eight stores stand for the shards, each with
/// the hours that fall to it. The rows are spread as well, but a query for one URL asks every server,
/// and ends with the slowest.
pub fn sharded_by_time(folder: &Path) -> Result<Shown> {
    let shards = 8;
    let urls = urls();
    let mut versions = Vec::new();
    for shard in 0..shards {
        let here = |hour: &i64| shard_of(&(hour * 3600).to_string(), shards) == shard;
        let rows = urls.iter().flat_map(|url| {
            let hours = (0..HOURS).filter(here);
            hours.map(move |hour| (url.as_str(), Hour, hour * 3600, RowValue::Count(1)))
        });
        let home = folder.join(shard.to_string());
        build(&home, Layout::counts(1), rows)?;
        versions.push(Store::open(&home)?.open_version());
    }
    let asked = most_shards(versions.iter().flat_map(|version| version.shards()))?;
    Ok(Shown {
        requirement: "scalable",
        variant: "sharded by time",
        holds: asked == 1,
        measured: asked,
        evidence: format!("a URL is on {asked} of {shards} shards"),
    })
}

/// Reads an early and the last row of each URL, and counts the checksum blocks that were read. Each lies
/// in one disk block, so a read of a row touches no more disk blocks than these.
pub fn random_reads(folder: &Path) -> Result<Shown> {
    let store = version_of(folder, 1, 70_000, 0..MANY_HOURS)?;
    let version = store.open_version();
    let mut most = 0;
    for url in urls() {
        for hour in [17, MANY_HOURS - 1] {
            if let Some(rows) = version.url(&url)? {
                rows.count(Hour, hour * 3600)?;
                most = most.max(rows.blocks_read());
            }
        }
    }
    let file = version.shards()[0].bytes()[2];
    let blocks = u64::from(most);
    Ok(Shown {
        requirement: "random reads",
        variant: AS_BUILT,
        holds: blocks > 0 && blocks <= FEW_BLOCKS,
        measured: blocks,
        evidence: format!(
            "one row: {} bytes, in {blocks} or fewer of {} disk blocks",
            blocks as usize * BLOCK,
            disk_blocks(file)
        ),
    })
}

/// Writes the same rows as lines of a file without an index. On average half of the file is read
/// before a row is found, and all of it when there is no such row.
pub fn without_an_index(folder: &Path) -> Result<Shown> {
    fs::create_dir_all(folder).map_err(io_at("make", folder))?;
    let path = folder.join("views.txt");
    let line = |url: &String, hour: i64| format!("{url} h {} 70000\n", hour * 3600);
    let text: String = urls()
        .iter()
        .flat_map(|url| (0..MANY_HOURS).map(move |hour| line(url, hour)))
        .collect();
    fs::write(&path, &text).map_err(io_at("write", &path))?;
    let found = fs::read_to_string(&path).map_err(io_at("read", &path))?;
    let mut total = 0;
    for url in urls() {
        total += found.find(&line(&url, 17)).map_or(found.len(), |at| at + 1);
    }
    let blocks = disk_blocks((total / URLS) as u64);
    Ok(Shown {
        requirement: "random reads",
        variant: "without an index",
        holds: blocks <= FEW_BLOCKS,
        measured: blocks,
        evidence: format!(
            "one row: {blocks} of {} disk blocks, on average",
            disk_blocks(found.len() as u64)
        ),
    })
}

fn disk_blocks(bytes: u64) -> u64 {
    bytes.div_ceil(DISK_BLOCK as u64)
}

/// Loses each of eight servers in turn, with four shards in two copies each. Every read is
/// answered.
pub fn fault_tolerant(folder: &Path) -> Result<Shown> {
    lose_each("fault tolerant", AS_BUILT, folder, 4, 2)
}

/// Loses each of eight servers in turn, with eight shards in one copy each. Reads of its shard
/// fail.
pub fn without_replicas(folder: &Path) -> Result<Shown> {
    lose_each("fault tolerant", "without replicas", folder, 8, 1)
}

fn lose_each(
    requirement: &'static str,
    variant: &'static str,
    folder: &Path,
    shards: u32,
    replicas: usize,
) -> Result<Shown> {
    let store = folder.join("store");
    version(&store, shards, 3)?;
    let cluster = StoreCluster::start(&store, folder.join("servers"), replicas)?;
    let (mut reads, mut failed) = (0, 0u64);
    for shard in 0..cluster.shards() {
        for replica in 0..replicas {
            cluster.lose(shard, replica);
            for url in urls() {
                reads += 1;
                match cluster.count(&url, Hour, 0) {
                    Ok(Some(3)) => {}
                    Ok(_) | Err(ServingError::ShardLost { .. }) => failed += 1,
                    Err(other) => return Err(other),
                }
            }
            cluster.restore(shard, replica)?;
        }
    }
    let servers = cluster.shards() as usize * replicas;
    Ok(Shown {
        requirement,
        variant,
        holds: failed == 0,
        measured: failed,
        evidence: format!("each of {servers} servers lost: {failed} of {reads} reads fail"),
    })
}

/// A demonstration, which works in an empty folder.
type Demonstration = fn(&Path) -> Result<Shown>;

/// Runs all eight demonstrations, in pairs, each in a folder of its own.
///
/// # Errors
/// If the folder cannot be written or read.
pub fn requirements(folder: &Path) -> Result<Vec<Shown>> {
    let all: [Demonstration; 8] = [
        batch_writable,
        updated_in_place,
        scalable,
        sharded_by_time,
        random_reads,
        without_an_index,
        fault_tolerant,
        without_replicas,
    ];
    let numbered = all.iter().enumerate();
    numbered
        .map(|(n, show)| show(&folder.join(n.to_string())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_requirement_holds_as_built_and_breaks_when_its_part_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let shown = requirements(folder.path()).unwrap();
        for pair in shown.chunks(2) {
            assert_eq!(pair[0].requirement, pair[1].requirement);
            assert!(pair[0].holds && pair[0].variant == AS_BUILT, "{pair:?}");
            assert!(!pair[1].holds, "{pair:?}");
        }
    }
}

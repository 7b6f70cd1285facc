//! The store as readers have it: point reads, ranges, and a new version when it
//! comes.
//!
//! 1. A read is answered from one version, whole.
//! 2. A reader goes on with the version it has until it asks for the new one.
//! 3. There is no random write: see the example that does not compile.
use super::error::{Result, StoreError};
use super::folder::{HEADER, open_shard};
use super::header::Header;
use super::scan::Scan;
use super::shard::Shard;
use super::sharding::{hash, shard_of_hash};
use super::url_rows::UrlRows;
use super::values::ValueKind;
use crate::versions::Versions;
use arc_swap::ArcSwap;
use calendar::Granularity;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// An opened store. A clone costs a counter, and sees what the original sees.
///
/// ```
/// use lambda_workbook::calendar::Granularity::Hour;
/// use lambda_workbook::serving::{Layout, Store, Value, build};
///
/// let folder = tempfile::tempdir()?;
/// let version = |count| build(folder.path(), Layout::counts(2), [("foo.com/", Hour, 0, Value::Count(count))]);
/// version(1)?;
/// let store = Store::open(folder.path())?;
/// version(2)?;
/// assert_eq!(store.count("foo.com/", Hour, 0)?, Some(1)); // still the old one
/// assert!(store.refresh()?);
/// assert_eq!(store.count("foo.com/", Hour, 0)?, Some(2));
/// assert_eq!(store.count("foo.com/none", Hour, 0)?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A view is only ever replaced as a whole. There is no way to write one value,
/// so there is no code to get wrong, no compaction, no lock:
///
/// ```compile_fail,E0599
/// # use lambda_workbook::calendar::Granularity::Hour;
/// # use lambda_workbook::serving::Store;
/// let store = Store::open("views/page_views")?;
/// store.put("foo.com/", Hour, 0, 17); // no method named `put`
/// # Ok::<(), lambda_workbook::serving::StoreError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Store {
    versions: Versions,
    current: Arc<ArcSwap<Snapshot>>,
}

impl Store {
    /// Opens the version that is served now.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let versions = Versions::at(folder);
        let current = Arc::new(ArcSwap::from_pointee(Snapshot::open(&versions)?));
        Ok(Self { versions, current })
    }

    /// The same, if the values are of the `wanted` kind.
    pub fn open_as(folder: impl AsRef<Path>, wanted: ValueKind) -> Result<Self> {
        let store = Self::open(folder)?;
        let header = &store.snapshot().header;
        let path = store.versions.folder(header.version).join(HEADER);
        header.values.must_be(wanted, &path)?;
        Ok(store)
    }

    /// Goes over to the version that is served now, for all clones; whether it
    /// is another one. If that cannot be opened, the old one stays.
    pub fn refresh(&self) -> Result<bool> {
        let before = self.snapshot();
        if self.versions.served()? == before.header.version {
            return Ok(false);
        }
        let next = Snapshot::open(&self.versions)?;
        let path = self.versions.folder(next.header.version).join(HEADER);
        next.header.values.must_be(before.header.values, &path)?;
        self.current.store(Arc::new(next));
        Ok(true)
    }

    /// The version as it is now, for several reads that must agree.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Its number.
    pub fn version(&self) -> u64 {
        self.current.load().header.version
    }

    /// What the version holds.
    pub fn header(&self) -> Header {
        self.current.load().header.clone()
    }

    /// The count of a bucket; `None` if the view has no such URL or bucket.
    pub fn count(&self, url: &str, granularity: Granularity, ts: i64) -> Result<Option<i64>> {
        match self.current.load().url(url)? {
            Some(rows) => rows.count(granularity, ts),
            None => Ok(None),
        }
    }

    /// The bytes of a bucket: a sketch; `None` if there is none.
    pub fn bytes(&self, url: &str, granularity: Granularity, ts: i64) -> Result<Option<Vec<u8>>> {
        match self.current.load().url(url)? {
            Some(rows) => rows.bytes(granularity, ts),
            None => Ok(None),
        }
    }

    /// Buckets that start in `range`, with their counts, in order of time;
    /// `None` for a URL that the view does not hold. One contiguous scan.
    pub fn counts(
        &self,
        url: &str,
        granularity: Granularity,
        range: Range<i64>,
    ) -> Result<Option<Vec<(i64, i64)>>> {
        forward(&range)?;
        match self.current.load().url(url)? {
            Some(rows) => rows.counts(granularity, range).map(Some),
            None => Ok(None),
        }
    }

    /// The same for bytes.
    #[allow(clippy::type_complexity)] // a row is a time and its bytes
    pub fn byte_values(
        &self,
        url: &str,
        granularity: Granularity,
        range: Range<i64>,
    ) -> Result<Option<Vec<(i64, Vec<u8>)>>> {
        forward(&range)?;
        match self.current.load().url(url)? {
            Some(rows) => rows.byte_values(granularity, range).map(Some),
            None => Ok(None),
        }
    }

    /// The sum over the scans of a plan; `None` for a URL that the view does not
    /// hold. One look into the index, then one contiguous read a scan.
    ///
    /// ```
    /// use lambda_workbook::calendar::Granularity::{Day, Hour};
    /// use lambda_workbook::serving::{Layout, Scan, Store, Value, build};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let rows = [(Day, 0, 100), (Hour, 82_800, 4), (Hour, 86_400, 20)];
    /// let rows = rows.map(|(g, ts, count)| ("foo.com/", g, ts, Value::Count(count)));
    /// build(folder.path(), Layout::counts(1), rows)?;
    /// // A day and one hour more, less the day's last hour.
    /// let plan = [Scan::plus(Day, 0..86_400), Scan::plus(Hour, 86_400..90_000), Scan::minus(Hour, 82_800..86_400)];
    /// assert_eq!(Store::open(folder.path())?.sum("foo.com/", &plan)?, Some(116));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sum(&self, url: &str, plan: &[Scan]) -> Result<Option<i64>> {
        let (snapshot, hash) = (self.current.load(), hash(url));
        snapshot.shard_of(hash).sum_by_hash(url, hash, plan)
    }

    /// Checks every block of the version. O(bytes).
    pub fn verify(&self) -> Result<()> {
        self.snapshot().verify()
    }

    /// The versions in the store's folder.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// Serves a version that is kept, older or newer, after checking every block of it.
    /// Readers have it after their next [`refresh`](Self::refresh). O(bytes).
    ///
    /// # Errors
    /// A version that is not kept or damaged, or a folder that is being written.
    pub fn roll_back_to(&self, version: u64) -> Result<()> {
        self.versions.roll_back_after(version, |folder| {
            Snapshot::open_in(folder, version)?.verify()
        })
    }
}

/// One version, opened: all of its shards.
#[derive(Debug)]
pub struct Snapshot {
    header: Header,
    shards: Vec<Shard>,
}

impl Snapshot {
    fn open(versions: &Versions) -> Result<Self> {
        loop {
            let version = versions.served()?;
            match Self::open_in(&versions.folder(version), version) {
                // Removed while it was opened: later versions were published meanwhile.
                Err(StoreError::Missing { .. }) if versions.served()? != version => {}
                other => return other,
            }
        }
    }

    /// Opens the store in `folder`, which is one version or a part of one.
    ///
    /// # Errors
    /// A file that is missing, damaged or of another format.
    pub fn open_in(folder: &Path, version: u64) -> Result<Self> {
        let header = Header::read(&folder.join(HEADER), version)?;
        let shards = (0..header.shards).map(|shard| open_shard(folder, version, shard));
        let shards = shards.collect::<Result<_>>()?;
        Ok(Self { header, shards })
    }

    /// Checks every block. O(bytes).
    ///
    /// # Errors
    /// The first block that is not what was written.
    pub fn verify(&self) -> Result<()> {
        self.shards.iter().try_for_each(Shard::verify)
    }

    /// What the version holds.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Its shards, by number.
    pub fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// All rows of a URL; `None` if the view has none.
    pub fn url<'a>(&'a self, url: &'a str) -> Result<Option<UrlRows<'a>>> {
        let hash = hash(url);
        self.shard_of(hash).url_by_hash(url, hash)
    }

    #[inline]
    fn shard_of(&self, hash: u64) -> &Shard {
        &self.shards[shard_of_hash(hash, self.header.shards) as usize]
    }
}

pub(super) fn forward(range: &Range<i64>) -> Result<()> {
    if range.start > range.end {
        return Err(StoreError::BackwardRange {
            from: range.start,
            to: range.end,
        });
    }
    Ok(())
}

//! A store as its readers see it: point reads, ranges, sums, and the change to a new
//! version.
//!
//! 1. Every read is answered from a single version.
//! 2. A reader keeps the version that it has opened until it calls [`Store::refresh`].
//! 3. There are no random writes: see the example of [`Store`] that does not compile.
use super::error::{Result, ServingError};
use super::folder::open_shard;
use super::header::{HEADER, Header};
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

/// An opened store. A clone is cheap (it increments a reference count) and shares the opened
/// version: when one of them refreshes, all do.
///
/// ```
/// use lambda_workbook::calendar::Granularity::Hour;
/// use lambda_workbook::serving::{Layout, RowValue, Store, build};
///
/// let folder = tempfile::tempdir()?;
/// let version = |count| build(folder.path(), Layout::counts(2), [("foo.com/", Hour, 0, RowValue::Count(count))]);
/// version(1)?;
/// let store = Store::open(folder.path())?;
/// version(2)?;
/// assert_eq!(store.count("foo.com/", Hour, 0)?, Some(1)); // still the old version
/// assert!(store.refresh()?);
/// assert_eq!(store.count("foo.com/", Hour, 0)?, Some(2));
/// assert_eq!(store.count("foo.com/none", Hour, 0)?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A view is only ever replaced as a whole. There is no method that writes one value, and
/// so the store needs neither compaction nor a lock for readers:
///
/// ```compile_fail,E0599
/// # use lambda_workbook::calendar::Granularity::Hour;
/// # use lambda_workbook::serving::Store;
/// let store = Store::open("views/page_views")?;
/// store.put("foo.com/", Hour, 0, 17); // no method named `put`
/// # Ok::<(), lambda_workbook::serving::ServingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Store {
    versions: Versions,
    current: Arc<ArcSwap<OpenVersion>>,
}

impl Store {
    /// Opens the version that is served now.
    ///
    /// # Errors
    /// If no version was published, or one of its files is missing, damaged or of another
    /// format.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let versions = Versions::at(folder);
        let current = Arc::new(ArcSwap::from_pointee(OpenVersion::open(&versions)?));
        Ok(Self { versions, current })
    }

    /// Opens the version that is served now, if its values are of the `wanted` kind.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`ServingError::Values`] for values of another kind.
    pub fn open_as(folder: impl AsRef<Path>, wanted: ValueKind) -> Result<Self> {
        let store = Self::open(folder)?;
        let header = &store.open_version().header;
        let path = store.versions.folder(header.version).join(HEADER);
        header.values.must_be(wanted, &path)?;
        Ok(store)
    }

    /// Opens the version that is served now, for all clones. Returns whether it is another
    /// one than before. If it cannot be opened, the store keeps the version that it has.
    ///
    /// # Errors
    /// As [`open_as`](Self::open_as): the kind of the values must not change.
    pub fn refresh(&self) -> Result<bool> {
        let before = self.open_version();
        if self.versions.served()? == before.header.version {
            return Ok(false);
        }
        let next = OpenVersion::open(&self.versions)?;
        let path = self.versions.folder(next.header.version).join(HEADER);
        next.header.values.must_be(before.header.values, &path)?;
        self.current.store(Arc::new(next));
        Ok(true)
    }

    /// Returns the version that is open now, for several reads that must agree: a later
    /// [`refresh`](Self::refresh) does not change it.
    pub fn open_version(&self) -> Arc<OpenVersion> {
        self.current.load_full()
    }

    /// Returns the number of the version that is open.
    pub fn version(&self) -> u64 {
        self.current.load().header.version
    }

    /// Returns the header of the version that is open.
    pub fn header(&self) -> Header {
        self.current.load().header.clone()
    }

    /// Returns the count of the bucket that starts at `ts`; `None` if the view has no such URL
    /// or bucket.
    ///
    /// # Errors
    /// A store whose values are not counts, or a damaged block.
    pub fn count(&self, url: &str, granularity: Granularity, ts: i64) -> Result<Option<i64>> {
        match self.current.load().url(url)? {
            Some(rows) => rows.count(granularity, ts),
            None => Ok(None),
        }
    }

    /// Returns the bytes of the bucket that starts at `ts`, such as a sketch; `None` if the
    /// view has no such URL or bucket.
    ///
    /// # Errors
    /// A store of counts, or a damaged block.
    pub fn bytes(&self, url: &str, granularity: Granularity, ts: i64) -> Result<Option<Vec<u8>>> {
        match self.current.load().url(url)? {
            Some(rows) => rows.bytes(granularity, ts),
            None => Ok(None),
        }
    }

    /// Returns the buckets of a URL that start in `range`, in order of time, as (start,
    /// count); `None` for a URL that the view does not hold. It is one contiguous scan.
    ///
    /// # Errors
    /// As [`count`](Self::count), and a range that ends before it starts.
    pub fn counts(
        &self,
        url: &str,
        granularity: Granularity,
        range: Range<i64>,
    ) -> Result<Option<Vec<(i64, i64)>>> {
        must_not_be_backward(&range)?;
        match self.current.load().url(url)? {
            Some(rows) => rows.counts(granularity, range).map(Some),
            None => Ok(None),
        }
    }

    /// Returns the buckets of a URL that start in `range`, in order of time, as (start,
    /// bytes); `None` for a URL that the view does not hold.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes), and a range that ends before it starts.
    #[allow(clippy::type_complexity)] // a row is a time and its bytes
    pub fn byte_values(
        &self,
        url: &str,
        granularity: Granularity,
        range: Range<i64>,
    ) -> Result<Option<Vec<(i64, Vec<u8>)>>> {
        must_not_be_backward(&range)?;
        match self.current.load().url(url)? {
            Some(rows) => rows.byte_values(granularity, range).map(Some),
            None => Ok(None),
        }
    }

    /// Returns the sum over the scans of a plan; `None` for a URL that the view does not hold.
    /// The URL is looked up once, and each scan is one contiguous read.
    ///
    /// # Errors
    /// As [`counts`](Self::counts), and a sum that does not fit 64 bits.
    ///
    /// ```
    /// use lambda_workbook::calendar::Granularity::{Day, Hour};
    /// use lambda_workbook::serving::{Layout, RowValue, Scan, Store, build};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let rows = [(Day, 0, 100), (Hour, 82_800, 4), (Hour, 86_400, 20)];
    /// let rows = rows.map(|(g, ts, count)| ("foo.com/", g, ts, RowValue::Count(count)));
    /// build(folder.path(), Layout::counts(1), rows)?;
    /// // A day and one hour more, less the day's last hour.
    /// let plan = [Scan::plus(Day, 0..86_400), Scan::plus(Hour, 86_400..90_000), Scan::minus(Hour, 82_800..86_400)];
    /// assert_eq!(Store::open(folder.path())?.sum("foo.com/", &plan)?, Some(116));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sum(&self, url: &str, scans: &[Scan]) -> Result<Option<i64>> {
        let (version, hash) = (self.current.load(), hash(url));
        let rows = version.shard_of(hash).url_by_hash(url, hash)?;
        rows.map(|rows| rows.sum_over(scans)).transpose()
    }

    /// Verifies every block of the version that is open. O(bytes).
    ///
    /// # Errors
    /// The first damage that is found.
    pub fn verify(&self) -> Result<()> {
        self.open_version().verify()
    }

    /// Returns the versions in the store's folder.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// Serves a version that is kept, older or newer, after verifying every block of it.
    /// Readers, this one included, read it after their next [`refresh`](Self::refresh).
    /// O(bytes).
    ///
    /// # Errors
    /// A version that is not kept or that is damaged, or a folder to which another process is
    /// writing.
    pub fn roll_back_to(&self, version: u64) -> Result<()> {
        self.versions.roll_back_after(version, |folder| {
            OpenVersion::open_in(folder, version)?.verify()
        })
    }
}

/// One version of a store, with all of its shards open.
#[derive(Debug)]
pub struct OpenVersion {
    header: Header,
    shards: Vec<Shard>,
}

impl OpenVersion {
    /// Opens the version that is served.
    fn open(versions: &Versions) -> Result<Self> {
        loop {
            let version = versions.served()?;
            match Self::open_in(&versions.folder(version), version) {
                // Other versions were published, and this one was removed, while it was being
                // opened. Try again with the one that is served now.
                Err(ServingError::Missing { .. }) if versions.served()? != version => {}
                other => return other,
            }
        }
    }

    /// Opens the store in `folder`, which is a version or a part of one, with the number
    /// `version`.
    ///
    /// # Errors
    /// A file that is missing, damaged or of another format.
    pub fn open_in(folder: &Path, version: u64) -> Result<Self> {
        let header = Header::read(&folder.join(HEADER), version)?;
        let shards = (0..header.shards).map(|shard| open_shard(folder, version, shard));
        let shards = shards.collect::<Result<_>>()?;
        Ok(Self { header, shards })
    }

    /// Verifies every block of every shard. O(bytes).
    ///
    /// # Errors
    /// The first damage that is found.
    pub fn verify(&self) -> Result<()> {
        self.shards.iter().try_for_each(Shard::verify)
    }

    /// Returns the header of the version.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the shards in the order of their numbers.
    pub fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// Returns the rows of a URL; `None` if the view does not hold it.
    ///
    /// # Errors
    /// A damaged block in the head of its record.
    pub fn url<'a>(&'a self, url: &'a str) -> Result<Option<UrlRows<'a>>> {
        let hash = hash(url);
        self.shard_of(hash).url_by_hash(url, hash)
    }

    /// Returns the shard of the URLs with this hash.
    #[inline]
    fn shard_of(&self, hash: u64) -> &Shard {
        &self.shards[shard_of_hash(hash, self.header.shards) as usize]
    }
}

/// Checks a range of epoch seconds.
///
/// # Errors
/// [`ServingError::BackwardRange`] if it ends before it starts.
pub(super) fn must_not_be_backward(range: &Range<i64>) -> Result<()> {
    if range.start > range.end {
        return Err(ServingError::BackwardRange {
            from: range.start,
            to: range.end,
        });
    }
    Ok(())
}

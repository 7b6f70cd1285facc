//! The views of the batch run that is served, and the queries over them.
//!
//! 1. One query reads views of a single version, even while the next one is published.
//! 2. A range is answered by the plan with the fewest reads: with subtraction for counts,
//!    without subtraction for sketches.
//! 3. An answer contains what was read for it, so that it can be explained.
use super::error::{Result, ServingError};
use super::person_table::PersonTable;
use super::scan::Scan;
use super::sharding::shard_of;
use super::store::OpenVersion;
use super::url_rows::UrlRows;
use super::values::ValueKind;
use super::view_rows::{ALL_TIME, Bounces, STORES, visitor_row};
use crate::batch::bounces::{self, Stretch};
use crate::batch::output::{Manifest, ManifestError, SERVING};
use crate::batch::sketch::{Precision, Sketch, SketchError};
use crate::datum::PersonId;
use crate::versions::Versions;
use arc_swap::ArcSwapOption;
use calendar::{Granularity, Plan, Read, Span, TIMESTAMPS};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The views of the version that is served. A clone is cheap (it increments a reference count)
/// and shares the opened version: when one of them refreshes, all do.
///
/// ```
/// use lambda_workbook::engine::{BatchJob, Local};
/// use lambda_workbook::calendar::Span;
/// use lambda_workbook::lambda::BuiltBatch;
/// use lambda_workbook::serving::{ServedViews, ServingOptions};
///
/// let folder = tempfile::tempdir()?;
/// let datums = folder.path().join("datums.jsonl");
/// std::fs::write(&datums, r#"{"dataunit":{"page_view":{"nonce":1,"page":{"url":"http://foo.com/"},"person":{"user_id":7}}},"pedigree":{"true_as_of_secs":60}}"#)?;
/// let views = folder.path().join("views");
/// BuiltBatch::compute(&Local::default(), &BatchJob::of(datums), &views, ServingOptions::default(), &|_| {})?.publish()?;
///
/// let served = ServedViews::open(&views)?;
/// let answer = served.page_views("foo.com/", Span::new(0, 86_400)?)?.unwrap();
/// assert_eq!((answer.value, answer.plan.reads().len()), (1, 1));
/// assert!(served.page_views("foo.com/none", Span::new(0, 86_400)?)?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ServedViews {
    versions: Versions,
    /// `None` if no version was published yet.
    current: Arc<ArcSwapOption<ViewSet>>,
}

/// The opened stores of one version of the views.
#[derive(Debug)]
struct ViewSet {
    folder: PathBuf,
    version: u64,
    manifest: Manifest,
    page_views: OpenVersion,
    uniques: Option<OpenVersion>,
    bounces: Option<OpenVersion>,
    visits: Option<OpenVersion>,
}

impl ViewSet {
    /// Opens the version that is served.
    fn open(versions: &Versions) -> Result<Self> {
        loop {
            let version = versions.served()?;
            match Self::open_version(&versions.folder(version), version) {
                // Other versions were published, and this one was removed, while it was being
                // opened. Try again with the one that is served now.
                Err(ServingError::Missing { .. }) if versions.served()? != version => {}
                other => return other,
            }
        }
    }

    /// Opens the stores of a version. All but the page views may be missing.
    fn open_version(folder: &Path, version: u64) -> Result<Self> {
        let manifest = Manifest::read(folder).map_err(|error| match error {
            ManifestError::Missing { path } => ServingError::Missing { path },
            other => ServingError::Manifest(other),
        })?;
        let at = |store: &str| folder.join(SERVING).join(store);
        let optional = |store: &str| {
            let path = at(store);
            path.exists()
                .then(|| OpenVersion::open_in(&path, version))
                .transpose()
        };
        let [page_views, uniques, bounces, visits] = STORES;
        let path = at(page_views);
        let counts = OpenVersion::open_in(&path, version)?;
        counts.header().values.must_be(ValueKind::Counts, &path)?;
        Ok(Self {
            folder: folder.to_owned(),
            version,
            manifest,
            page_views: counts,
            uniques: optional(uniques)?,
            bounces: optional(bounces)?,
            visits: optional(visits)?,
        })
    }

    /// Returns the store of a view that the batch run may have left out.
    ///
    /// # Errors
    /// [`ServingError::NoView`] if it did.
    fn store_of<'a>(
        &self,
        store: &'a Option<OpenVersion>,
        name: &'static str,
    ) -> Result<&'a OpenVersion> {
        store.as_ref().ok_or_else(|| ServingError::NoView {
            folder: self.folder.clone(),
            name,
        })
    }
}

/// An answer from the serving views, with what was read for it.
#[derive(Clone, Debug)]
pub struct Explained<T> {
    /// The answer itself.
    pub value: T,
    /// The buckets that were read.
    pub plan: Plan,
    /// For each read of the plan its count, or the estimate of its sketch; `None` for a bucket
    /// without a row, in which there were no page views.
    pub parts: Vec<(Read, Option<i64>)>,
    /// The version of the views.
    pub version: u64,
    /// The shard that holds the URL, counted from 0.
    pub shard: u32,
    /// The number of shards.
    pub shards: u32,
    /// Number of contiguous ranges that were read.
    pub scans: usize,
    /// Number of blocks that were read and verified, the head of the record included.
    pub blocks: u32,
}

impl<T> Explained<T> {
    /// Replaces the answer by a function of it, and keeps what was read.
    pub fn map<U>(self, value: impl FnOnce(T) -> U) -> Explained<U> {
        Explained {
            value: value(self.value),
            plan: self.plan,
            parts: self.parts,
            version: self.version,
            shard: self.shard,
            shards: self.shards,
            scans: self.scans,
            blocks: self.blocks,
        }
    }
}

impl ServedViews {
    /// Opens the views that a batch run published in `folder`. All views but the page views
    /// may be missing, because a job can leave them out.
    ///
    /// # Errors
    /// If no version was published, or the version cannot be opened.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let versions = Versions::at(folder);
        let set = ViewSet::open(&versions)?;
        Ok(Self {
            versions,
            current: Arc::new(ArcSwapOption::from_pointee(set)),
        })
    }

    /// Opens the views in `folder`, as [`open`](Self::open) does. If no version was published
    /// yet, the views are empty: they hold no URL.
    ///
    /// # Errors
    /// If there is a version that cannot be opened.
    pub fn open_or_none(folder: impl AsRef<Path>) -> Result<Self> {
        let versions = Versions::at(folder);
        let set = match versions.served_if_any()? {
            Some(_) => Some(ViewSet::open(&versions)?),
            None => None,
        };
        Ok(Self {
            versions,
            current: Arc::new(ArcSwapOption::from_pointee(set)),
        })
    }

    /// Opens the version that is served now, for all clones. Returns whether it is another
    /// one than before. If it cannot be opened, the old version stays open.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn refresh(&self) -> Result<bool> {
        let served = self.versions.served_if_any()?;
        if served == self.version() {
            return Ok(false);
        }
        let set = served.map(|_| ViewSet::open(&self.versions)).transpose()?;
        self.current.store(set.map(Arc::new));
        Ok(true)
    }

    /// Returns the views of the version that is open now. A later
    /// [`refresh`](Self::refresh) of `self` does not change them.
    pub fn pinned(&self) -> Self {
        Self {
            versions: self.versions.clone(),
            current: Arc::new(ArcSwapOption::new(self.current.load_full())),
        }
    }

    /// Returns the versions in the folder of the views.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// Returns the number of the version that is open; `None` if none was published yet.
    pub fn version(&self) -> Option<u64> {
        self.current.load().as_ref().map(|set| set.version)
    }

    /// Returns the folder of the version that is open, which also holds its Parquet files;
    /// `None` if none was published yet.
    pub fn folder(&self) -> Option<PathBuf> {
        self.current.load().as_ref().map(|set| set.folder.clone())
    }

    /// Returns the manifest of the version that is open, which says what it was computed from;
    /// `None` if none was published yet.
    pub fn manifest(&self) -> Option<Manifest> {
        self.current.load().as_ref().map(|set| set.manifest.clone())
    }

    /// Returns the number of the batch whose views are open; 0 if none was published yet, and
    /// for a run that did not read a log.
    pub fn batch(&self) -> u64 {
        self.current
            .load()
            .as_ref()
            .map_or(0, |set| set.manifest.batch)
    }

    /// Returns the batch's cut: for each partition of the log, the offset before which
    /// every record is in these views. Empty before the first batch, and for a run that
    /// did not read a log.
    pub fn cut(&self) -> Vec<u64> {
        let set = self.current.load();
        set.as_ref()
            .map_or_else(Vec::new, |set| set.manifest.cut.clone())
    }

    /// Returns the range of time in which a URL has page views, rounded outwards to whole
    /// months of 28 days; `None` for a URL that the view does not hold.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn extent(&self, url: &str) -> Result<Option<Span>> {
        let all = *TIMESTAMPS.start()..*TIMESTAMPS.end();
        let months = self.page_views_by_bucket(url, Granularity::Month, all)?;
        let ends = months.first().zip(months.last());
        Ok(ends
            .and_then(|(first, last)| Span::new(first.0, last.0 + Granularity::Month.secs()).ok()))
    }

    /// Returns the buckets of a URL that start in a range of epoch seconds, in order of time,
    /// as (start, page views). A URL that the view does not hold has no buckets.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn page_views_by_bucket(
        &self,
        url: &str,
        granularity: Granularity,
        range: std::ops::Range<i64>,
    ) -> Result<Vec<(i64, i64)>> {
        let set = self.current.load();
        let Some(set) = set.as_ref() else {
            return Ok(Vec::new());
        };
        match set.page_views.url(url)? {
            Some(rows) => rows.counts(granularity, range),
            None => Ok(Vec::new()),
        }
    }

    /// Returns the number of page views of a URL in a range of whole hours; `None` for a URL
    /// that the view does not hold.
    ///
    /// The URL is asked for in its [normal form](crate::datum::normalise_url): another spelling has
    /// no views.
    ///
    /// # Errors
    /// A range that does not begin and end at a full hour, or a store that cannot be read.
    pub fn page_views(&self, url: &str, span: Span) -> Result<Option<Explained<i64>>> {
        let plan = Plan::with_subtraction(span, &Granularity::ALL)?;
        let set = self.current.load();
        let Some(set) = set.as_ref() else {
            return Ok(None);
        };
        let Some(rows) = set.page_views.url(url)? else {
            return Ok(None);
        };

        // Read the buckets of each scan, add or subtract them, and keep them for the
        // explanation.
        let mut sum = 0i128;
        let mut found = HashMap::new();
        for scan in Scan::of(&plan) {
            for (ts, count) in rows.counts(scan.granularity, scan.from..scan.to)? {
                let count128 = i128::from(count);
                sum += if scan.minus { -count128 } else { count128 };
                found.insert((scan.granularity, ts), count);
            }
        }
        let value = rows.as_i64(sum)?;
        Ok(Some(explained(
            &set.page_views,
            url,
            &rows,
            value,
            plan,
            &found,
        )))
    }

    /// Returns the persons who saw a URL in a range of whole hours, as a sketch; `None` for a
    /// URL that the view does not hold.
    ///
    /// The URL is asked for in its [normal form](crate::datum::normalise_url): another spelling has
    /// no views.
    ///
    /// # Errors
    /// As [`page_views`](Self::page_views); a batch run without the view of uniques; sketches
    /// that cannot be read.
    pub fn uniques(&self, url: &str, span: Span) -> Result<Option<Explained<Sketch>>> {
        let plan = Plan::additive(span, &Granularity::ALL)?;
        let set = self.current.load();
        let Some(set) = set.as_ref() else {
            return Ok(None);
        };
        let store = set.store_of(&set.uniques, "uniques")?;
        let Some(rows) = store.url(url)? else {
            return Ok(None);
        };

        // An empty sketch of the precision of the store.
        let mut all = match store.header().values {
            ValueKind::Sketches { precision } => {
                Sketch::new(Precision::new(precision).map_err(SketchError::from)?)
            }
            other => {
                let wanted = ValueKind::Sketches { precision: 14 };
                other.must_be(wanted, &set.folder)?;
                Sketch::default()
            }
        };

        // Merge the sketches of each scan into it, and keep their estimates for the
        // explanation.
        let mut found = HashMap::new();
        for scan in Scan::of(&plan) {
            for (ts, bytes) in rows.byte_values(scan.granularity, scan.from..scan.to)? {
                let part = Sketch::from_bytes(&bytes)?;
                all.merge(&part)?;
                found.insert((scan.granularity, ts), part.uniques());
            }
        }
        Ok(Some(explained(store, url, &rows, all, plan, &found)))
    }

    /// Returns the visits to a domain and the bounces among them, over all time; `None` for a
    /// domain that the view does not hold.
    ///
    /// # Errors
    /// A batch run without the view of bounces; a store that cannot be read.
    pub fn bounces(&self, domain: &str) -> Result<Option<Bounces>> {
        let set = self.current.load();
        let Some(set) = set.as_ref() else {
            return Ok(None);
        };
        let store = set.store_of(&set.bounces, "bounces")?;
        match all_time(store, domain)? {
            Some(bytes) => Bounces::from_bytes(&bytes)
                .map(Some)
                .ok_or_else(|| undecodable(&set.folder)),
            None => Ok(None),
        }
    }

    /// Returns a person's visits to a domain, in order of time. A person without visits, and
    /// a domain that the view does not hold, have none.
    ///
    /// # Errors
    /// A batch run without the view of visits; a store that cannot be read.
    pub fn visits_of(&self, domain: &str, person: &PersonId) -> Result<Vec<Stretch>> {
        let set = self.current.load();
        let Some(set) = set.as_ref() else {
            return Ok(Vec::new());
        };
        let store = set.store_of(&set.visits, "visits")?;
        let row = visitor_row(domain, &crate::engine::visitor(person));
        match all_time(store, &row)? {
            Some(bytes) => bounces::from_bytes(&bytes).ok_or_else(|| undecodable(&set.folder)),
            None => Ok(Vec::new()),
        }
    }

    /// Verifies every block of every store and of the table of persons. O(bytes).
    ///
    /// # Errors
    /// The first damage that is found.
    pub fn verify(&self) -> Result<()> {
        let set = self.current.load();
        let Some(set) = set.as_ref() else {
            return Ok(());
        };
        let stores = [&set.uniques, &set.bounces, &set.visits];
        let stores = stores.into_iter().flatten();
        std::iter::once(&set.page_views)
            .chain(stores)
            .try_for_each(OpenVersion::verify)?;
        match set.manifest.persons {
            Some(_) => PersonTable::open(&set.folder, set.version)?.verify(),
            None => Ok(()),
        }
    }

    /// Returns the URLs of the view of page views or, if `of_bounces`, the domains of the view
    /// of bounces. They are sorted within each shard only.
    ///
    /// # Errors
    /// A batch run without the view of bounces, if that was asked for.
    pub fn names(&self, of_bounces: bool) -> Result<Vec<String>> {
        let set = self.current.load();
        let Some(set) = set.as_ref() else {
            return Ok(Vec::new());
        };
        let store = match of_bounces {
            true => set.store_of(&set.bounces, "bounces")?,
            false => &set.page_views,
        };
        Ok(store
            .shards()
            .iter()
            .flat_map(|shard| shard.urls())
            .collect())
    }
}

/// Returns the value that is stored under a name without a time; `None` if there is none.
fn all_time(store: &OpenVersion, name: &str) -> Result<Option<Vec<u8>>> {
    match store.url(name)? {
        Some(rows) => rows.bytes(ALL_TIME.0, ALL_TIME.1),
        None => Ok(None),
    }
}

/// Returns the error for a value that has a valid checksum but cannot be decoded.
fn undecodable(folder: &Path) -> ServingError {
    ServingError::Undecodable {
        path: folder.join(SERVING),
    }
}

/// Returns an answer with its explanation. `found` has the value of each bucket that was read.
fn explained<T>(
    store: &OpenVersion,
    url: &str,
    rows: &UrlRows<'_>,
    value: T,
    plan: Plan,
    found: &HashMap<(Granularity, i64), i64>,
) -> Explained<T> {
    let part = |read: &Read| (*read, found.get(&(read.granularity, read.ts)).copied());
    let parts = plan.reads().iter().map(part).collect();
    let header = store.header();
    Explained {
        value,
        scans: Scan::of(&plan).len(),
        plan,
        parts,
        version: header.version,
        shard: shard_of(url, header.shards),
        shards: header.shards,
        blocks: rows.blocks_read(),
    }
}

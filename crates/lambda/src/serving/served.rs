//! The views that are served: those of one batch run, and the questions they answer.
//!
//! 1. All views of an answer are of one version, also while the next is published.
//! 2. A range is answered by the plan of fewest reads: with subtraction for counts,
//!    without for sketches.
//! 3. An answer says what it read, so that it can be explained.
use super::error::{Result, StoreError};
use super::publish::STORES;
use super::scan::Scan;
use super::sharding::shard_of;
use super::store::Snapshot;
use super::url_rows::UrlRows;
use super::values::ValueKind;
use crate::batch::bounces::{self, Stretch};
use crate::batch::output::{MANIFEST, Manifest, SERVING};
use crate::batch::rejected::TIMESTAMPS;
use crate::batch::sketch::{Precision, Sketch, SketchError};
use crate::datum::PersonId;
use crate::versions::Versions;
use arc_swap::ArcSwapOption;
use calendar::{Granularity, Plan, Read, Span};
use show::table::counted;
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The bucket of values that have no time: bounces and visits are of all time, and a
/// store's rows have a bucket.
pub(super) const ALL_TIME: (Granularity, i64) = (Granularity::Month, 0);

/// The views of the version that is served. A clone costs a counter, and sees what the
/// original sees.
///
/// ```
/// use lambda_workbook::engine::{Job, Local};
/// use lambda_workbook::calendar::Span;
/// use lambda_workbook::lambda::BatchRun;
/// use lambda_workbook::serving::{ServedViews, Serving};
///
/// let folder = tempfile::tempdir()?;
/// let datums = folder.path().join("datums.jsonl");
/// std::fs::write(&datums, r#"{"dataunit":{"page_view":{"nonce":1,"page":{"url":"http://foo.com/"},"person":{"user_id":7}}},"pedigree":{"true_as_of_secs":60}}"#)?;
/// let views = folder.path().join("views");
/// BatchRun::compute(&Local::default(), &Job::of(datums), &views, Serving::default(), &|_| {})?.publish()?;
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
    /// None before the first version.
    current: Arc<ArcSwapOption<ViewSet>>,
}

/// One version of the views, opened.
#[derive(Debug)]
struct ViewSet {
    folder: PathBuf,
    version: u64,
    manifest: Manifest,
    page_views: Snapshot,
    uniques: Option<Snapshot>,
    bounces: Option<Snapshot>,
    visits: Option<Snapshot>,
}

impl ViewSet {
    fn open(versions: &Versions) -> Result<Self> {
        loop {
            let version = versions.served()?;
            match Self::open_version(&versions.folder(version), version) {
                // Removed while it was opened: later versions were published meanwhile.
                Err(StoreError::Missing { .. }) if versions.served()? != version => {}
                other => return other,
            }
        }
    }

    fn open_version(folder: &Path, version: u64) -> Result<Self> {
        let manifest = Manifest::read(folder).ok_or_else(|| StoreError::Missing {
            path: folder.join(MANIFEST),
        })?;
        let at = |store: &str| folder.join(SERVING).join(store);
        let optional = |store: &str| {
            let path = at(store);
            path.exists()
                .then(|| Snapshot::open_in(&path, version))
                .transpose()
        };
        let [page_views, uniques, bounces, visits] = STORES;
        let path = at(page_views);
        let counts = Snapshot::open_in(&path, version)?;
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

    fn made<'a>(&self, store: &'a Option<Snapshot>, name: &'static str) -> Result<&'a Snapshot> {
        store.as_ref().ok_or_else(|| StoreError::NoView {
            folder: self.folder.clone(),
            name,
        })
    }
}

/// A value of the serving views, and what was read for it.
#[derive(Clone, Debug)]
pub struct Explained<T> {
    /// The value.
    pub value: T,
    /// The buckets that make up the range.
    pub plan: Plan,
    /// For each read of the plan its count, or the uniques of its sketch; `None` for a
    /// bucket that the view does not hold, in which nobody came.
    pub parts: Vec<(Read, Option<i64>)>,
    /// The version of the views.
    pub version: u64,
    /// The shard that the URL lies in, counted from 0.
    pub shard: u32,
    /// The number of shards.
    pub shards: u32,
    /// The contiguous ranges that were read.
    pub scans: usize,
    /// The blocks that they lie in.
    pub blocks: u32,
}

impl<T> Explained<T> {
    /// Puts another value in the place of the value.
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

/// Visits to a domain, and those that ended where they began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounces {
    pub visits: i64,
    pub bounces: i64,
}

impl Bounces {
    /// Bounces in visits, 0 to 1; `None` without a visit.
    ///
    /// ```
    /// use lambda_workbook::serving::Bounces;
    /// assert_eq!(Bounces { visits: 4, bounces: 1 }.rate(), Some(0.25));
    /// assert_eq!(Bounces { visits: 0, bounces: 0 }.rate(), None);
    /// ```
    pub fn rate(self) -> Option<f64> {
        (self.visits > 0).then(|| self.bounces as f64 / self.visits as f64)
    }

    pub(crate) fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.visits.to_le_bytes());
        bytes[8..].copy_from_slice(&self.bounces.to_le_bytes());
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (visits, bounces) = bytes.split_first_chunk()?;
        Some(Self {
            visits: i64::from_le_bytes(*visits),
            bounces: i64::from_le_bytes(bounces.try_into().ok()?),
        })
    }
}

impl fmt::Display for Bounces {
    /// ```
    /// use lambda_workbook::serving::Bounces;
    /// let bounces = Bounces { visits: 4, bounces: 1 };
    /// assert_eq!(bounces.to_string(), "4 visits, 1 bounce");
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let visits = counted(self.visits as usize, "visit", "visits");
        let bounces = counted(self.bounces as usize, "bounce", "bounces");
        write!(f, "{visits}, {bounces}")
    }
}

impl ServedViews {
    /// Opens the views that a batch run published in `folder`. Uniques and bounces may be
    /// missing: a run can be told to make page views only.
    ///
    /// # Errors
    /// If no version is there, or one that cannot be opened.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let versions = Versions::at(folder);
        let set = ViewSet::open(&versions)?;
        Ok(Self {
            versions,
            current: Arc::new(ArcSwapOption::from_pointee(set)),
        })
    }

    /// As [`open`](Self::open), but a folder without a version is one to which no batch
    /// was published yet, and holds nothing of any URL.
    ///
    /// # Errors
    /// A version that cannot be opened.
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

    /// Goes over to the version that is served now, for all clones. Returns whether it is
    /// another one. If that cannot be opened, the old one stays.
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

    /// Returns views of the version that is open now, which stay at it.
    pub fn snapshot(&self) -> Self {
        Self {
            versions: self.versions.clone(),
            current: Arc::new(ArcSwapOption::new(self.current.load_full())),
        }
    }

    /// Returns the versions that the views lie in.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// Returns the number of the version; `None` before the first.
    pub fn version(&self) -> Option<u64> {
        self.current.load().as_ref().map(|set| set.version)
    }

    /// Returns the folder of the version, with its Parquet files; `None` before the first.
    pub fn folder(&self) -> Option<PathBuf> {
        self.current.load().as_ref().map(|set| set.folder.clone())
    }

    /// Returns what the version was made from; `None` before the first.
    pub fn manifest(&self) -> Option<Manifest> {
        self.current.load().as_ref().map(|set| set.manifest.clone())
    }

    /// Returns the batch whose views these are; 0 before the first.
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

    /// Returns all of the time that the view holds of a URL, in whole months of 28 days;
    /// `None` for a URL that it does not hold.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn extent(&self, url: &str) -> Result<Option<Span>> {
        let all = *TIMESTAMPS.start()..*TIMESTAMPS.end();
        let months = self.counts(url, Granularity::Month, all)?;
        let ends = months.first().zip(months.last());
        Ok(ends
            .and_then(|(first, last)| Span::new(first.0, last.0 + Granularity::Month.secs()).ok()))
    }

    /// Returns the buckets of a URL that start in a range, with their page views; none for
    /// a URL that the view does not hold.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn counts(
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

    /// Returns how often a URL was seen in a range of whole hours; `None` for a URL that
    /// the view does not hold.
    ///
    /// # Errors
    /// A range that is not of whole hours, or a store that cannot be read.
    pub fn page_views(&self, url: &str, span: Span) -> Result<Option<Explained<i64>>> {
        let plan = Plan::with_subtraction(span, &Granularity::ALL)?;
        let set = self.current.load();
        let Some(set) = set.as_ref() else {
            return Ok(None);
        };
        let Some(rows) = set.page_views.url(url)? else {
            return Ok(None);
        };
        let mut sum = 0i128;
        let mut found = HashMap::new();
        for scan in Scan::of(&plan) {
            for (ts, count) in rows.counts(scan.granularity, scan.from..scan.to)? {
                let count128 = i128::from(count);
                sum += if scan.minus { -count128 } else { count128 };
                found.insert((scan.granularity, ts), count);
            }
        }
        let value = rows.whole(sum)?;
        Ok(Some(explained(
            &set.page_views,
            url,
            &rows,
            value,
            plan,
            &found,
        )))
    }

    /// Returns who saw a URL in a range of whole hours, as a sketch; `None` for a URL that
    /// the view does not hold.
    ///
    /// # Errors
    /// As [`page_views`](Self::page_views); a run that made no uniques; sketches that are
    /// damaged.
    pub fn uniques(&self, url: &str, span: Span) -> Result<Option<Explained<Sketch>>> {
        let plan = Plan::additive(span, &Granularity::ALL)?;
        let set = self.current.load();
        let Some(set) = set.as_ref() else {
            return Ok(None);
        };
        let store = set.made(&set.uniques, "uniques")?;
        let Some(rows) = store.url(url)? else {
            return Ok(None);
        };
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

    /// Returns visits to a domain and bounces, over all time; `None` for a domain that the
    /// view does not hold.
    ///
    /// # Errors
    /// A run that made no bounces; a store that cannot be read.
    pub fn bounces(&self, domain: &str) -> Result<Option<Bounces>> {
        let set = self.current.load();
        let Some(set) = set.as_ref() else {
            return Ok(None);
        };
        let store = set.made(&set.bounces, "bounces")?;
        match all_time(store, domain)? {
            Some(bytes) => Bounces::from_bytes(&bytes)
                .map(Some)
                .ok_or_else(|| damaged(&set.folder)),
            None => Ok(None),
        }
    }

    /// Returns a person's visits to a domain, in order of time.
    ///
    /// # Errors
    /// A run that did not keep the visits of each person; a store that cannot be read.
    pub fn visits_of(&self, domain: &str, person: &PersonId) -> Result<Vec<Stretch>> {
        let set = self.current.load();
        let Some(set) = set.as_ref() else {
            return Ok(Vec::new());
        };
        let store = set.made(&set.visits, "visits")?;
        let row = visitor_row(domain, &crate::engine::visitor(person));
        match all_time(store, &row)? {
            Some(bytes) => bounces::from_bytes(&bytes).ok_or_else(|| damaged(&set.folder)),
            None => Ok(Vec::new()),
        }
    }

    /// Checks every block of every store. O(bytes).
    ///
    /// # Errors
    /// The first block that is not what was written.
    pub fn verify(&self) -> Result<()> {
        let set = self.current.load();
        let Some(set) = set.as_ref() else {
            return Ok(());
        };
        let stores = [&set.uniques, &set.bounces, &set.visits];
        let stores = stores.into_iter().flatten();
        std::iter::once(&set.page_views)
            .chain(stores)
            .try_for_each(Snapshot::verify)
    }

    /// Returns the URLs that are held, or the domains where `of_bounces`, in no order.
    ///
    /// # Errors
    /// A run that made no bounces.
    pub fn names(&self, of_bounces: bool) -> Result<Vec<String>> {
        let set = self.current.load();
        let Some(set) = set.as_ref() else {
            return Ok(Vec::new());
        };
        let store = match of_bounces {
            true => set.made(&set.bounces, "bounces")?,
            false => &set.page_views,
        };
        Ok(store
            .shards()
            .iter()
            .flat_map(|shard| shard.urls())
            .collect())
    }
}

/// Returns the name of the row with a person's visits to a domain. No domain has a space.
pub(super) fn visitor_row(domain: &str, person: &[u8]) -> String {
    let mut row = String::with_capacity(domain.len() + 1 + 2 * person.len());
    row.push_str(domain);
    row.push(' ');
    for byte in person {
        row.extend(
            [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[digit as usize])),
        );
    }
    row
}

/// Reads the one value of a name that has no time.
fn all_time(store: &Snapshot, name: &str) -> Result<Option<Vec<u8>>> {
    match store.url(name)? {
        Some(rows) => rows.bytes(ALL_TIME.0, ALL_TIME.1),
        None => Ok(None),
    }
}

fn damaged(folder: &Path) -> StoreError {
    StoreError::Corrupt {
        path: folder.join(SERVING),
        block: None,
    }
}

fn explained<T>(
    store: &Snapshot,
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

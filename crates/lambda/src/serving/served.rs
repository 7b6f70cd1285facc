//! The views of a batch run, opened together, and the three questions they answer.
//!
//! 1. A range is answered by the plan of fewest reads: with subtraction for
//!    counts, without for sketches.
//! 2. An answer says what it read, so that it can be explained.
use super::error::{Result, StoreError};
use super::publish::STORES;
use super::scan::Scan;
use super::sharding::shard_of;
use super::store::Store;
use super::values::ValueKind;
use crate::batch::output::SERVING;
use crate::batch::rejected::TIMESTAMPS;
use crate::batch::sketch::{Precision, Sketch, SketchError};
use calendar::{Granularity, Plan, Read, Span};
use show::table::counted;
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a value stands that has no time: bounces are of all time, and a store's
/// rows have a bucket.
pub(super) const ALL_TIME: (Granularity, i64) = (Granularity::Month, 0);

/// The stores that a batch run published.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use lambda_workbook::calendar::Span;
/// use lambda_workbook::serving::{Serving, ServedViews, publish};
/// use std::fs::File;
///
/// let run = tempfile::tempdir()?;
/// let views = df!("url" => ["foo.com/", "foo.com/"], "true_as_of_secs" => [60i64, 4_000])?;
/// let mut view = batch::page_views_all(&views)?;
/// polars_io::parquet::write::ParquetWriter::new(File::create(run.path().join("page_views.parquet"))?)
///     .finish(&mut view)?;
/// publish(run.path(), run.path(), Serving::new(14))?;
///
/// let served = ServedViews::open(run.path())?;
/// let answer = served.page_views("foo.com/", Span::new(0, 86_400)?)?.unwrap();
/// assert_eq!((answer.value, answer.plan.reads().len()), (2, 1));
/// assert!(served.page_views("foo.com/none", Span::new(0, 86_400)?)?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ServedViews {
    folder: PathBuf,
    page_views: Store,
    uniques: Option<Store>,
    bounces: Option<Store>,
}

/// An answer, and what was read for it.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    pub value: T,
    pub plan: Plan,
    /// For each read of the plan: its count, or the uniques of its sketch; `None`
    /// for a bucket that the view does not hold, in which nobody came.
    pub parts: Vec<(Read, Option<i64>)>,
    /// The store's version, and where in it the URL lies.
    pub version: u64,
    pub shard: u32,
    pub shards: u32,
    /// Contiguous ranges that were read, and the blocks that they lie in.
    pub scans: usize,
    pub blocks: u32,
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
    /// Opens the stores of the batch run in `folder`. Uniques and bounces may be
    /// missing: a run can be told to make page views only.
    ///
    /// # Errors
    /// No store of page views, or one that cannot be opened.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let at = |store: &str| folder.join(SERVING).join(store);
        let optional = |store: &str| {
            let path = at(store);
            path.exists().then(|| Store::open(path)).transpose()
        };
        let [page_views, uniques, bounces] = STORES;
        Ok(Self {
            folder: folder.to_owned(),
            page_views: Store::open_as(at(page_views), ValueKind::Counts)?,
            uniques: optional(uniques)?,
            bounces: optional(bounces)?,
        })
    }

    /// The store of page views.
    pub fn page_view_store(&self) -> &Store {
        &self.page_views
    }

    /// Goes over to what a later run published; whether there is something new.
    pub fn refresh(&self) -> Result<bool> {
        let mut new = self.page_views.refresh()?;
        for store in [&self.uniques, &self.bounces].into_iter().flatten() {
            new |= store.refresh()?;
        }
        Ok(new)
    }

    /// All of the time that the view holds of a URL, in whole months of 28 days;
    /// `None` for a URL that it does not hold.
    pub fn extent(&self, url: &str) -> Result<Option<Span>> {
        let all = *TIMESTAMPS.start()..*TIMESTAMPS.end();
        let months = self.page_views.counts(url, Granularity::Month, all)?;
        Ok(months.and_then(|months| {
            let (first, last) = (months.first()?.0, months.last()?.0);
            Span::new(first, last + Granularity::Month.secs()).ok()
        }))
    }

    /// How often a URL was seen in a range of whole hours; `None` for a URL that
    /// the view does not hold.
    ///
    /// # Errors
    /// A range that is not of whole hours, or a store that cannot be read.
    pub fn page_views(&self, url: &str, span: Span) -> Result<Option<Answer<i64>>> {
        let plan = Plan::with_subtraction(span, &Granularity::ALL)?;
        let snapshot = self.page_views.snapshot();
        let Some(rows) = snapshot.url(url)? else {
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
        let (value, blocks) = (rows.whole(sum)?, rows.blocks_read());
        let store = &self.page_views;
        Ok(Some(answer(store, url, value, plan, &found, blocks)))
    }

    /// Who saw a URL in a range of whole hours, as a sketch.
    ///
    /// # Errors
    /// As [`page_views`](Self::page_views); a run that made no uniques; sketches
    /// that are damaged.
    pub fn uniques(&self, url: &str, span: Span) -> Result<Option<Answer<Sketch>>> {
        let store = self.made(&self.uniques, "uniques")?;
        let plan = Plan::additive(span, &Granularity::ALL)?;
        let snapshot = store.snapshot();
        let Some(rows) = snapshot.url(url)? else {
            return Ok(None);
        };
        let mut all = match snapshot.header().values {
            ValueKind::Sketches { precision } => {
                Sketch::new(Precision::new(precision).map_err(SketchError::from)?)
            }
            other => {
                let wanted = ValueKind::Sketches { precision: 14 };
                other.must_be(wanted, &self.folder)?;
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
        let blocks = rows.blocks_read();
        Ok(Some(answer(store, url, all, plan, &found, blocks)))
    }

    /// Visits and bounces of a domain, over all time; `None` for a domain that
    /// the view does not hold.
    ///
    /// # Errors
    /// A run that made no bounces; a store that cannot be read.
    pub fn bounces(&self, domain: &str) -> Result<Option<(Bounces, u64)>> {
        let store = self.made(&self.bounces, "bounces")?;
        let snapshot = store.snapshot();
        let Some(rows) = snapshot.url(domain)? else {
            return Ok(None);
        };
        let bytes = rows.bytes(ALL_TIME.0, ALL_TIME.1)?;
        let found = bytes.and_then(|bytes| Bounces::from_bytes(&bytes));
        Ok(found.map(|found| (found, snapshot.header().version)))
    }

    /// URLs that are held, or domains where `of_bounces`, in no order.
    pub fn names(&self, of_bounces: bool) -> Result<Vec<String>> {
        let store = match of_bounces {
            true => self.made(&self.bounces, "bounces")?,
            false => &self.page_views,
        };
        let snapshot = store.snapshot();
        let names = snapshot.shards().iter().flat_map(|shard| shard.urls());
        Ok(names.collect())
    }

    fn made<'a>(&self, store: &'a Option<Store>, name: &'static str) -> Result<&'a Store> {
        store.as_ref().ok_or_else(|| StoreError::NoView {
            folder: self.folder.clone(),
            name,
        })
    }
}

fn answer<T>(
    store: &Store,
    url: &str,
    value: T,
    plan: Plan,
    found: &HashMap<(Granularity, i64), i64>,
    blocks: u32,
) -> Answer<T> {
    let part = |read: &Read| (*read, found.get(&(read.granularity, read.ts)).copied());
    let parts = plan.reads().iter().map(part).collect();
    let header = store.header();
    Answer {
        value,
        scans: Scan::of(&plan).len(),
        plan,
        parts,
        version: header.version,
        shard: shard_of(url, header.shards),
        shards: header.shards,
        blocks,
    }
}

//! A batch run: views of all data before a cut, swapped in as one.
//!
//! A batch is a folder with three stores (page views, persons, visits) and a file
//! that says its number and its cut. One rename gives it its name. So the views of
//! a batch are served together, or not at all, and each knows where the realtime
//! views must begin.
use super::master::{Master, failed};
use crate::batch::bounces::{Stretch, domain, join};
use crate::batch::{self, Precision};
use crate::serving::{Bounces, Builder, Layout, Store, Value, ValueKind, build_frame};
use crate::speed::event::Who;
use crate::speed::{Offsets, Result, SpeedError, person_key, stretch_bytes};
use calendar::Granularity::Hour;
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Shards of each store.
const SHARDS: u32 = 2;
/// Batches kept for a way back.
const KEPT: usize = 3;
/// The file that names the batch that was rolled back to, until the next swap.
const ROLLED_BACK: &str = "ROLLED_BACK";

#[derive(Serialize, Deserialize)]
struct Manifest {
    batch: u64,
    cut: Offsets,
}

/// A batch that is computed and not served yet.
#[derive(Debug)]
#[must_use = "it is served by swap"]
pub struct Built {
    home: PathBuf,
    draft: PathBuf,
    batch: u64,
}

impl Built {
    /// Computes a batch from all data before the cut.
    pub fn build(
        home: &Path,
        master: &Master,
        batch: u64,
        cut: &[u64],
        precision: Precision,
    ) -> Result<Self> {
        Self::of(home, &master.page_views(batch)?, batch, cut, precision)
    }

    /// Computes it from page views, each by its person.
    pub fn of(
        home: &Path,
        views: &DataFrame,
        batch: u64,
        cut: &[u64],
        precision: Precision,
    ) -> Result<Self> {
        let draft = home.join(format!(".batch-{batch:06}"));
        sweep(home)?;
        fs::create_dir_all(&draft).map_err(failed("making", &draft))?;
        let counts = batch::page_views(views, Hour)?;
        build_frame(
            draft.join("page_views"),
            Layout::counts(SHARDS),
            &counts,
            "count",
        )?;
        let uniques = batch::uniques_at(views, Hour, precision)?;
        let sketches = Layout::sketches(SHARDS, precision.bits());
        build_frame(draft.join("persons"), sketches, &uniques, "sketch")?;
        build_visits(&draft.join("visits"), views)?;
        let manifest = Manifest {
            batch,
            cut: cut.to_vec(),
        };
        let path = draft.join("BATCH");
        let text = serde_json::to_vec(&manifest).expect("numbers");
        fs::write(&path, text).map_err(failed("writing", &path))?;
        Ok(Self {
            home: home.to_owned(),
            draft,
            batch,
        })
    }

    /// Gives the batch its name: from now on it is served.
    pub fn swap(self) -> Result<Served> {
        let path = path_of(&self.home, self.batch);
        // Served once, rolled back, and computed again.
        if path.exists() {
            remove(&self.home, self.batch)?;
        }
        fs::rename(&self.draft, &path).map_err(failed("swapping in", &path))?;
        // Dying here, the older batch is served on, and its realtime views are there.
        let rolled_back = self.home.join(ROLLED_BACK);
        if rolled_back.exists() {
            fs::remove_file(&rolled_back).map_err(failed("removing", &rolled_back))?;
        }
        let old = batches(&self.home)?;
        for old in &old[..old.len().saturating_sub(KEPT)] {
            remove(&self.home, *old)?;
        }
        Served::at(&self.home, self.batch)
    }
}

fn path_of(home: &Path, batch: u64) -> PathBuf {
    home.join(format!("batch-{batch:06}"))
}

/// Removes what was left by runs that did not come to their end.
fn sweep(home: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(home) else {
        return Ok(());
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(".batch-") || name.starts_with(".old-") {
            fs::remove_dir_all(&path).map_err(failed("removing", &path))?;
        }
    }
    Ok(())
}

/// A folder is removed file by file: first it loses its name.
fn remove(home: &Path, batch: u64) -> Result<()> {
    let (path, old) = (path_of(home, batch), home.join(format!(".old-{batch:06}")));
    if old.exists() {
        fs::remove_dir_all(&old).map_err(failed("removing", &old))?;
    }
    fs::rename(&path, &old).map_err(failed("removing", &path))?;
    fs::remove_dir_all(&old).map_err(failed("removing", &old))
}

fn batches(home: &Path) -> Result<Vec<u64>> {
    if !home.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(home).map_err(failed("reading", home))? {
        let name = entry.map_err(failed("reading", home))?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("batch-"));
        found.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    found.sort_unstable();
    Ok(found)
}

fn rolled_back(home: &Path) -> Result<Option<u64>> {
    let path = home.join(ROLLED_BACK);
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).map_err(failed("reading", &path))?;
    let damaged = |error| failed("reading", &path)(std::io::Error::other(error));
    text.parse().map(Some).map_err(damaged)
}

/// Bounces: a row for each domain, with how many visits and bounces, and one for
/// each domain and person, with the stretches, so that later views can join them.
fn build_visits(folder: &Path, views: &DataFrame) -> Result<()> {
    let secs = views.column("true_as_of_secs")?.i64()?;
    let (urls, users) = (views.column("url")?.str()?, views.column("user_id")?.i64()?);
    let cookies = views.column("cookie")?.str()?;
    let mut visits: BTreeMap<(&str, Vec<u8>), Vec<Stretch>> = BTreeMap::new();
    for row in 0..views.height() {
        let who = match (cookies.get(row), users.get(row)) {
            (Some(cookie), _) => Who::Cookie(cookie.into()),
            (None, user) => Who::User(user.unwrap_or_default()),
        };
        let domain = domain(urls.get(row).unwrap_or_default());
        let stretches = visits.entry((domain, person_key(&who))).or_default();
        stretches.push(Stretch::of(secs.get(row).unwrap_or_default()));
    }
    let mut rows: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut totals: BTreeMap<&str, Bounces> = BTreeMap::new();
    for ((domain, person), mut stretches) in visits {
        join(&mut stretches);
        add_visits(totals.entry(domain).or_default(), &stretches, 1);
        rows.insert(visitor(domain, &person), stretch_bytes(&stretches));
    }
    for (domain, total) in totals {
        rows.insert(domain.to_owned(), total.to_bytes().to_vec());
    }
    let layout = Layout {
        values: ValueKind::Bytes,
        ..Layout::counts(SHARDS)
    };
    let mut builder = Builder::start(folder, layout)?;
    for (name, bytes) in &rows {
        builder.push(name, Hour, 0, Value::Bytes(bytes))?;
    }
    builder.finish()?;
    Ok(())
}

/// The name of a person's row. No domain has a space.
fn visitor(domain: &str, person: &[u8]) -> String {
    let hex: String = person.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{domain} {hex}")
}

/// Adds a person's visits so many times.
pub(super) fn add_visits(all: &mut Bounces, stretches: &[Stretch], times: i64) {
    all.visits += times * stretches.len() as i64;
    all.bounces += times * stretches.iter().filter(|visit| !visit.many).count() as i64;
}

/// The batch that is served: its number, its cut, its views.
#[derive(Clone, Debug)]
pub struct Served {
    pub batch: u64,
    pub cut: Offsets,
    /// None before the first batch.
    stores: Option<[Store; 3]>,
}

impl Served {
    /// The batch that was rolled back to, or the last that was swapped in; before the
    /// first, nothing: batch 0.
    pub fn open(home: &Path, partitions: usize) -> Result<Self> {
        if let Some(batch) = rolled_back(home)? {
            return Self::at(home, batch);
        }
        match batches(home)?.last() {
            Some(&batch) => Self::at(home, batch),
            None => Ok(Self {
                batch: 0,
                cut: vec![0; partitions],
                stores: None,
            }),
        }
    }

    /// Serves a batch that is kept, also after a restart, until the next swap.
    pub fn roll_back(home: &Path, batch: u64) -> Result<Self> {
        let served = Self::at(home, batch)?;
        let (draft, path) = (home.join(".rolled-back"), home.join(ROLLED_BACK));
        fs::write(&draft, batch.to_string()).map_err(failed("writing", &draft))?;
        fs::rename(&draft, &path).map_err(failed("rolling back by", &path))?;
        Ok(served)
    }

    /// A batch that is kept.
    pub fn at(home: &Path, batch: u64) -> Result<Self> {
        let folder = path_of(home, batch);
        let path = folder.join("BATCH");
        let text = fs::read(&path).map_err(failed("reading", &path))?;
        let manifest: Manifest = serde_json::from_slice(&text)
            .map_err(|error| failed("reading", &path)(std::io::Error::other(error)))?;
        Ok(Self {
            batch: manifest.batch,
            cut: manifest.cut,
            stores: Some([
                Store::open(folder.join("page_views"))?,
                Store::open(folder.join("persons"))?,
                Store::open(folder.join("visits"))?,
            ]),
        })
    }

    /// Page views of a URL in hours that begin in a range.
    pub fn count(&self, url: &str, hours: &std::ops::Range<i64>) -> Result<i64> {
        let found = self.counts(url, hours)?;
        Ok(found.iter().map(|(_, count)| count).sum())
    }

    /// The same, hour by hour; hours without any are left out.
    pub fn counts(&self, url: &str, hours: &std::ops::Range<i64>) -> Result<Vec<(i64, i64)>> {
        let Some([counts, ..]) = &self.stores else {
            return Ok(Vec::new());
        };
        let found = counts.counts(url, Hour, hours.clone())?;
        Ok(found.unwrap_or_default())
    }

    /// Sketches of who came to a URL in hours that begin in a range.
    pub fn persons(&self, url: &str, hours: &std::ops::Range<i64>) -> Result<Vec<Vec<u8>>> {
        let Some([_, persons, _]) = &self.stores else {
            return Ok(Vec::new());
        };
        let found = persons.byte_values(url, Hour, hours.clone())?;
        Ok(found
            .unwrap_or_default()
            .into_iter()
            .map(|(_, bytes)| bytes)
            .collect())
    }

    /// The visits to a domain.
    pub fn visits(&self, domain: &str) -> Result<Bounces> {
        let Some(bytes) = self.visit_bytes(domain)? else {
            return Ok(Bounces::default());
        };
        Bounces::from_bytes(&bytes).ok_or_else(|| SpeedError::Damaged {
            what: "visits of a domain are two numbers",
            place: format!("batch {}", self.batch),
        })
    }

    /// A person's visits to a domain.
    pub fn visits_of(&self, domain: &str, person: &[u8]) -> Result<Vec<Stretch>> {
        match self.visit_bytes(&visitor(domain, person))? {
            Some(bytes) => crate::speed::stretches(&bytes),
            None => Ok(Vec::new()),
        }
    }

    fn visit_bytes(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match &self.stores {
            Some([.., visits]) => Ok(visits.bytes(name, Hour, 0)?),
            None => Ok(None),
        }
    }
}

//! A person is erased from a data set that is never changed, in two ways.
//!
//! | way | what is done | what it changes |
//! |---|---|---|
//! | rewrite | each part with a row of the person is written again without it | the master data set |
//! | shred | the keys of the person's identifiers are forgotten | the vault of keys, 40 bytes for each |
//!
//! After either, the views are computed again from what can be read. Until then the old views, and
//! every older version that is kept for a roll-back, still contain the person.
use super::rows::rows_of;
use super::sealed::{self, SealError, Vault};
use crate::systems::error::io_at;
use crate::systems::traffic::Traffic;
use crate::systems::{Result, SystemsError};
use dataset::random::Random;
use lambda::batch::sketch::{Precision, Sketch, person_hash};
use lambda::batch::{self, PersonIndex, persons};
use lambda::datum::{DataUnit, Datum, PersonId};
use polars::prelude::{DataFrame, IntoLazy, col, df};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Hours of which the facts are in one part.
const PART_HOURS: i64 = 6;

impl From<SealError> for SystemsError {
    fn from(error: SealError) -> Self {
        Self::Program {
            program: "the vault",
            problem: error.to_string(),
        }
    }
}

/// The same facts in two folders: as lines, and sealed under the keys of their persons.
pub struct Facts {
    folder: PathBuf,
    vault: Vault,
    parts: u32,
}

/// An erasure, and what it left.
#[derive(Clone, Debug, PartialEq)]
pub struct Erased {
    /// `rewrite`, `shred`, or `shred, one identifier`.
    pub way: &'static str,
    /// Identifiers that were erased.
    pub identifiers: i64,
    /// Bytes that were written again, and parts.
    pub rewritten: i64,
    pub parts: i64,
    /// Bytes that were deleted without being written again.
    pub deleted: i64,
    /// Rows of the person, under any identifier, that can still be read.
    pub readable: i64,
    /// Page views of all persons, and persons, in the views that are then computed.
    pub page_views: i64,
    pub persons: i64,
    /// How long it took, without the computation of the views.
    pub took: Duration,
}

impl Erased {
    /// One row for each: `way`, `identifiers`, `parts`, `kb_rewritten`, `bytes_deleted`,
    /// `readable`, `page_views`, `persons`, `ms`.
    pub fn frame(erased: &[Self]) -> DataFrame {
        let of = |of: fn(&Self) -> i64| erased.iter().map(of).collect::<Vec<_>>();
        let ms = |e: &Self| e.took.as_secs_f64() * 1e3;
        df!(
            "way" => erased.iter().map(|e| e.way).collect::<Vec<_>>(),
            "identifiers" => of(|e| e.identifiers),
            "parts" => of(|e| e.parts),
            "kb_rewritten" => of(|e| e.rewritten / 1_000),
            "bytes_deleted" => of(|e| e.deleted),
            "readable" => of(|e| e.readable),
            "page_views" => of(|e| e.page_views),
            "persons" => of(|e| e.persons),
            "ms" => erased.iter().map(ms).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }
}

impl Facts {
    /// Writes the traffic into a folder, in parts of six hours: `plain/` and `sealed/`, with the
    /// keys in `keys/`.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn write(folder: &Path, traffic: &Traffic) -> Result<Self> {
        let mut facts = Self {
            vault: Vault::open(folder.join("keys"), traffic.seed)?,
            folder: folder.to_owned(),
            parts: 0,
        };
        for name in ["plain", "sealed"] {
            let path = folder.join(name);
            fs::create_dir_all(&path).map_err(io_at("making", &path))?;
        }
        let arrivals = traffic.arrivals();
        let part_of = |at: i64| at / (PART_HOURS * 3_600);
        for part in arrivals.chunk_by(|one, next| part_of(one.at) == part_of(next.at)) {
            let (mut plain, mut bytes) = (Vec::new(), Vec::new());
            for (row, arrival) in (0..).zip(part) {
                let line = serde_json::to_vec(&arrival.datum).expect("a datum is plain data");
                let sealed = facts
                    .vault
                    .seal(owner(&arrival.datum), facts.parts, row, &line)?;
                sealed::put(&sealed, &mut bytes);
                plain.extend(&line);
                plain.push(b'\n');
            }
            for (path, bytes) in [
                (facts.plain(facts.parts), plain),
                (facts.sealed(facts.parts), bytes),
            ] {
                fs::write(&path, bytes).map_err(io_at("writing", &path))?;
            }
            facts.parts += 1;
        }
        Ok(facts)
    }

    fn plain(&self, part: u32) -> PathBuf {
        self.folder.join(format!("plain/{part:04}.jsonl"))
    }

    fn sealed(&self, part: u32) -> PathBuf {
        self.folder.join(format!("sealed/{part:04}.rows"))
    }

    /// Returns the number of parts, of keys, and the bytes of all parts: plain and sealed.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn size(&self) -> Result<(u32, usize, i64, i64)> {
        let bytes = |of: &dyn Fn(u32) -> PathBuf| -> Result<i64> {
            let mut all = 0;
            for path in (0..self.parts).map(of) {
                all += fs::metadata(&path).map_err(io_at("reading", &path))?.len() as i64;
            }
            Ok(all)
        };
        let (plain, sealed) = (
            bytes(&|part| self.plain(part))?,
            bytes(&|part| self.sealed(part))?,
        );
        Ok((self.parts, self.vault.len(), plain, sealed))
    }

    /// Reads the lines that are left in the plain parts.
    fn read_plain(&self) -> Result<Vec<Datum>> {
        let mut all = Vec::new();
        for part in 0..self.parts {
            let path = self.plain(part);
            let lines = fs::read(&path).map_err(io_at("reading", &path))?;
            all.extend(datums(lines.split(|byte| *byte == b'\n')));
        }
        Ok(all)
    }

    /// Reads the sealed rows whose keys are there.
    fn read_sealed(&self) -> Result<Vec<Datum>> {
        let mut all = Vec::new();
        for part in 0..self.parts {
            let path = self.sealed(part);
            let bytes = fs::read(&path).map_err(io_at("reading", &path))?;
            for row in sealed::rows(part, &bytes)? {
                let line = self.vault.unseal(&row)?;
                all.extend(datums(line.as_deref()));
            }
        }
        Ok(all)
    }

    /// All identifiers of a person, as the equivs that can be read say.
    fn identifiers(&self, of: &PersonId) -> Result<HashSet<PersonId>> {
        let facts = rows_of(&self.read_sealed()?)?;
        let components = persons::components(&persons::equivs(&facts)?);
        let found = components.into_iter().find(|ids| ids.contains(of));
        Ok(found
            .unwrap_or_else(|| vec![of.clone()])
            .into_iter()
            .collect())
    }

    /// Writes each plain part that has a row of these identifiers again without it. Returns the
    /// number of parts, bytes written and bytes less.
    fn rewrite(&self, ids: &HashSet<PersonId>) -> Result<(i64, i64, i64)> {
        let (mut parts, mut written, mut less) = (0, 0, 0);
        for part in 0..self.parts {
            let path = self.plain(part);
            let before = fs::read(&path).map_err(io_at("reading", &path))?;
            let mut after = Vec::with_capacity(before.len());
            for line in before.split_inclusive(|byte| *byte == b'\n') {
                let datum = serde_json::from_slice::<Datum>(line);
                if !datum.is_ok_and(|datum| ids.contains(owner(&datum))) {
                    after.extend(line);
                }
            }
            if after.len() < before.len() {
                // The new part takes the name of the old one in one step.
                let draft = path.with_extension("draft");
                fs::write(&draft, &after).map_err(io_at("writing", &draft))?;
                fs::rename(&draft, &path).map_err(io_at("naming", &path))?;
                parts += 1;
                written += after.len() as i64;
                less += (before.len() - after.len()) as i64;
            }
        }
        Ok((parts, written, less))
    }

    fn forget(&mut self, ids: &HashSet<PersonId>) -> Result<i64> {
        let mut forgotten = 0;
        for id in ids {
            forgotten += i64::from(self.vault.forget(id)?);
        }
        Ok(forgotten)
    }
}

/// The identifier that a fact is about; the first of the two of an equiv.
fn owner(datum: &Datum) -> &PersonId {
    match &datum.dataunit {
        DataUnit::PageView(view) => &view.person,
        DataUnit::Equiv(equiv) => &equiv.id1,
        DataUnit::PersonProperty(property) => &property.id,
        DataUnit::PageProperty(_) => unreachable!("the traffic has no properties of pages"),
    }
}

fn datums<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> impl Iterator<Item = Datum> {
    let read = |line: &[u8]| serde_json::from_slice(line).ok();
    lines
        .into_iter()
        .filter_map(read)
        .collect::<Vec<_>>()
        .into_iter()
}

/// Page views, and persons, of the views that are computed from facts.
fn views(facts: &[Datum]) -> Result<(i64, i64)> {
    let rows = rows_of(facts)?;
    let views = batch::distinct(&batch::normalised(&rows)?)?;
    let views = PersonIndex::of(&persons::equivs(&rows)?).apply(&views)?;
    let persons = views
        .clone()
        .lazy()
        .group_by([col("cookie"), col("user_id")])
        .agg([]);
    Ok((views.height() as i64, persons.collect()?.height() as i64))
}

/// Erases a person from the facts in each way: from the plain parts, from the sealed ones by the one
/// identifier that is asked for, and from the sealed ones by all identifiers that the equivs join
/// with it. The views are computed after each.
///
/// # Errors
/// If the disk refuses, or a sealed row was changed.
pub fn erase(facts: &mut Facts, person: &PersonId) -> Result<Vec<Erased>> {
    let ids = facts.identifiers(person)?;
    let one = HashSet::from([person.clone()]);
    let mut all = Vec::new();
    let left = |facts: &[Datum]| {
        facts
            .iter()
            .filter(|datum| ids.contains(owner(datum)))
            .count() as i64
    };

    let started = Instant::now();
    let (parts, rewritten, deleted) = facts.rewrite(&ids)?;
    let took = started.elapsed();
    let plain = facts.read_plain()?;
    let (page_views, persons) = views(&plain)?;
    all.push(Erased {
        way: "rewrite",
        identifiers: ids.len() as i64,
        rewritten,
        parts,
        deleted,
        readable: left(&plain),
        page_views,
        persons,
        took,
    });

    for (way, ids) in [("shred, one identifier", &one), ("shred", &ids)] {
        let started = Instant::now();
        facts.forget(ids)?;
        let took = started.elapsed();
        let sealed = facts.read_sealed()?;
        let (page_views, persons) = views(&sealed)?;
        all.push(Erased {
            way,
            identifiers: ids.len() as i64,
            rewritten: 0,
            parts: 0,
            deleted: 40 * ids.len() as i64,
            readable: left(&sealed),
            page_views,
            persons,
            took,
        });
    }
    Ok(all)
}

/// What a sketch says of persons who are in it, and of persons who are not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guess {
    /// The precision of the sketch: it has 2 to the power of this many registers.
    pub precision: u8,
    /// Persons that were added to the sketch.
    pub persons: i64,
    /// Of a thousand of these, how many leave the sketch unchanged when they are added again.
    pub members: i64,
    /// Of a thousand others, how many do.
    pub strangers: i64,
}

impl Guess {
    /// Returns the share of hits that are members, between 0 and 1, if persons are tried of whom
    /// this share is in the sketch. A hit is a person who leaves the sketch unchanged.
    ///
    /// ```
    /// use lambda_workbook::designs::Guess;
    /// let guess = Guess { precision: 14, persons: 40_000, members: 1_000, strangers: 707 };
    /// // Of 1,000 persons with 100 members there are 100 + 0.707 × 900 hits.
    /// assert!((guess.right_hits(0.1) - 100.0 / 736.3).abs() < 1e-9);
    /// ```
    pub fn right_hits(&self, share: f64) -> f64 {
        let (right, wrong) = (
            share * self.members as f64,
            (1.0 - share) * self.strangers as f64,
        );
        right / (right + wrong)
    }

    /// One row for each: `precision`, `persons`, `members`, `strangers`.
    pub fn frame(guesses: &[Self]) -> DataFrame {
        let of = |of: fn(&Self) -> i64| guesses.iter().map(of).collect::<Vec<_>>();
        df!(
            "precision" => of(|g| i64::from(g.precision)),
            "persons" => of(|g| g.persons),
            "members" => of(|g| g.members),
            "strangers" => of(|g| g.strangers),
        )
        .expect("columns of one length")
    }
}

/// Asks sketches of some numbers of persons, of one precision, whether a person is in them. A sketch has no such
/// question; it is asked by adding the person to a copy, and looking whether that changed anything.
///
/// # Errors
/// None that can occur: the sketches have one precision.
pub fn guesses(sizes: &[i64], precision: Precision, seed: u64) -> Result<Vec<Guess>> {
    let mut random = Random::new(&[seed, 0x6E55]);
    let mut person = || PersonId::UserId((random.word() >> 1) as i64);
    let mut guesses = Vec::new();
    for size in sizes {
        let members: Vec<PersonId> = (0..*size).map(|_| person()).collect();
        let mut sketch = Sketch::new(precision);
        members
            .iter()
            .for_each(|id| sketch.add_hash(person_hash(id)));
        let before = sketch.to_bytes();
        let unchanged = |id: &PersonId| -> Result<bool> {
            let mut copy = Sketch::from_bytes(&before)?;
            copy.add_hash(person_hash(id));
            Ok(copy.to_bytes() == before)
        };
        let mut found = [0, 0];
        for n in 0..1_000 {
            let member = &members[n % members.len()];
            found[0] += i64::from(unchanged(member)?);
            found[1] += i64::from(unchanged(&person())?);
        }
        guesses.push(Guess {
            precision: precision.bits(),
            persons: *size,
            members: found[0],
            strangers: found[1],
        });
    }
    Ok(guesses)
}

#[cfg(test)]
#[path = "erasure_tests.rs"]
mod tests;

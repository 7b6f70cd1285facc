//! A program with a bug is deployed for some hours: what is left of the data?
//!
//! People say where they live, and a program writes it down. Version 2 of it forgets
//! a condition: where it should move one account, it moves everybody who lives in the
//! same city. Both designs are given the same writes, hour by hour:
//!
//! - the *mutable* one, [`Profiles`], overwrites. The old city is gone, and nothing
//!   says which rows version 2 wrote;
//! - the *immutable* one, [`MasterSet`], appends, and its view [`homes`] is computed
//!   from all that is believed. When the bug is found, the rows that version 2 wrote
//!   about others than who asked are retracted, and the view is computed again.
//!
//! A mutable store has backups. Restored, one forgets what came since; that is the
//! third line of the picture.
//!
//! Source: *Big Data*, Marz and Warren (Manning), sections 1.5 and 18.1.
use super::error::{Result, SystemsError, io_at};
use super::fact_kind::FactKind;
use super::homes::{homes, serve_homes};
use super::master_set::MasterSet;
use super::pedigree::{Retraction, Scope};
use super::profiles::Profiles;
use super::requests::{recorded, requests, version_1, version_2};
use polars::prelude::{DataFrame, df};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

/// Version 2 of the program, when it runs and when it is found out. Hours are those
/// of one day, 0 to 24.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Accounts; each says where it lives, and one in five that it has moved.
    pub users: u32,
    pub seed: u64,
    /// When version 2 runs, beside version 1.
    pub hours: Range<i64>,
    /// Of so many requests it answers one.
    pub one_in: u64,
    /// When the mutable store was last copied.
    pub backup: i64,
    /// When the bug is found, and fixed.
    pub found: i64,
}

impl Deployment {
    /// Four hours, one request in four hundred.
    pub fn lesson() -> Self {
        Self {
            users: 100_000,
            seed: 2015,
            hours: 10..14,
            one_in: 400,
            backup: 6,
            found: 16,
        }
    }

    fn check(&self) -> Result<()> {
        let (from, to) = (self.hours.start, self.hours.end);
        let in_order = 0 < self.backup && self.backup <= from && from <= to;
        if in_order && to <= self.found && self.found < 24 && self.one_in > 0 {
            return Ok(());
        }
        Err(SystemsError::BadArgument {
            argument: "deployment",
            value: format!("{self:?}"),
            remedy: "let backup, first hour, last hour and discovery follow each other within a \
                     day, and one_in be 1 or more",
        })
    }
}

/// What was done about it, and what that left.
#[derive(Clone, Debug)]
pub struct Repair {
    pub design: &'static str,
    pub how: &'static str,
    /// Accounts with a wrong city, right after.
    pub wrong: i64,
    /// Accounts of which the design no longer has the last fact that they told of themselves,
    /// counted by the identity of the fact and not by its city.
    pub lost: i64,
    /// How long it took.
    pub took: Duration,
}

impl Repair {
    /// One row for each: `design`, `how`, `wrong`, `lost`, `ms`.
    pub fn frame(repairs: &[Self]) -> DataFrame {
        df!(
            "design" => repairs.iter().map(|r| r.design).collect::<Vec<_>>(),
            "how" => repairs.iter().map(|r| r.how).collect::<Vec<_>>(),
            "wrong" => repairs.iter().map(|r| r.wrong).collect::<Vec<_>>(),
            "lost" => repairs.iter().map(|r| r.lost).collect::<Vec<_>>(),
            "ms" => repairs.iter().map(|r| r.took.as_secs_f64() * 1e3).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }
}

/// The day, and what it left.
#[derive(Clone, Debug)]
pub struct Aftermath {
    /// Location facts that people sent.
    pub facts: i64,
    /// Wrong rows that version 2 wrote.
    pub bad: i64,
    /// Requests at which it wrote them.
    pub harmful: i64,
    /// Rows that the retraction names.
    pub retracted: i64,
    /// Accounts with a wrong city at the end of each hour: `hour`, `design`, `wrong`.
    pub hours: DataFrame,
    pub repairs: Vec<Repair>,
}

const MUTABLE: &str = "mutable";
const RESTORED: &str = "mutable, backup restored";
const IMMUTABLE: &str = "immutable";
const HOUR: i64 = 3_600;

/// Runs the day with both designs, on files in a folder. O(facts + wrong rows), and
/// a view of everything each hour.
pub fn deploy(folder: &Path, plan: &Deployment) -> Result<Aftermath> {
    plan.check()?;
    let (midnight, facts) = requests(&folder.join("facts"), plan.users, plan.seed)?;
    let store = folder.join("profiles");
    let mut profiles = Profiles::open(&store)?;
    let mut restored: Option<Profiles> = None;
    let set = MasterSet::open(folder.join("master"))?;
    let mut truth: HashMap<i64, String> = HashMap::new();
    // By account, when it told its last fact; and whose last fact was overwritten in place by a move
    // that somebody else asked for.
    let mut last_told: HashMap<i64, i64> = HashMap::new();
    let mut overwritten: HashSet<i64> = HashSet::new();
    let (mut bad, mut harmful, mut retracted, mut repairs) = (0, 0, 0, Vec::new());
    let (mut hours, mut designs, mut wrongs) = (Vec::new(), Vec::new(), Vec::new());
    let mut requests = (0u64..).zip(&facts).peekable();
    for hour in 0..24 {
        if hour == plan.backup {
            drop(profiles); // So that all of it is in its files.
            copy(&store, &folder.join("backup"))?;
            profiles = Profiles::open(&store)?;
        }
        if hour == plan.found {
            repairs.push(Repair {
                design: MUTABLE,
                how: "version 1 again",
                wrong: wrong(&profiles.homes()?, &truth),
                lost: overwritten.len() as i64,
                took: Duration::ZERO,
            });
            let started = Instant::now();
            copy(&folder.join("backup"), &folder.join("restored"))?;
            let copied = Profiles::open(folder.join("restored"))?;
            // The copy has what was told before it was taken, and nothing that was told since.
            let copied_at = midnight + plan.backup * HOUR;
            let told_since = last_told.values().filter(|secs| **secs >= copied_at);
            repairs.push(Repair {
                design: RESTORED,
                how: "the copy of six o'clock",
                took: started.elapsed(),
                wrong: wrong(&copied.homes()?, &truth),
                lost: told_since.count() as i64,
            });
            restored = Some(copied);
            let (view, took) = retract_and_publish(&set, &folder.join("served"), plan, midnight)?;
            let (all, left) = (
                set.read(FactKind::Location)?,
                set.believed(FactKind::Location)?,
            );
            retracted = (all.height() - left.height()) as i64;
            repairs.push(Repair {
                design: IMMUTABLE,
                how: "retract, compute again, publish",
                wrong: wrong(&view, &truth),
                lost: lost_last_facts(&left, &last_told)?,
                took,
            });
        }
        let (mut by_v1, mut by_v2) = (Vec::new(), Vec::new());
        let end = midnight + (hour + 1) * HOUR;
        while let Some((n, fact)) = requests.next_if(|(_, fact)| fact.secs < end) {
            let v2 = plan.hours.contains(&hour) && n % plan.one_in == 0;
            let moves = match v2 {
                true => version_2(&profiles, fact)?,
                false => version_1(fact),
            };
            profiles.write(fact.secs, &moves)?;
            if let Some(restored) = &restored {
                restored.write(fact.secs, &moves)?;
            }
            // The first move is what the account asked for; version 2 adds moves of others.
            overwritten.remove(&fact.user);
            overwritten.extend(moves[1..].iter().map(|(user, _)| *user));
            last_told.insert(fact.user, fact.secs);
            truth.insert(fact.user, fact.city.clone());
            bad += moves.len() as i64 - 1;
            harmful += i64::from(moves.len() > 1);
            let rows = if v2 { &mut by_v2 } else { &mut by_v1 };
            rows.extend(moves.into_iter().map(|one| recorded(one, fact)));
        }
        set.append("profiles 1", &by_v1)?;
        set.append("profiles 2", &by_v2)?;
        let view = homes(&set.believed(FactKind::Location)?)?;
        let mut add = |design, answer: &HashMap<i64, String>| {
            hours.push(hour + 1);
            designs.push(design);
            wrongs.push(wrong(answer, &truth));
        };
        add(MUTABLE, &profiles.homes()?);
        if let Some(restored) = &restored {
            add(RESTORED, &restored.homes()?);
        }
        add(IMMUTABLE, &view);
    }
    Ok(Aftermath {
        facts: facts.len() as i64,
        bad,
        harmful,
        retracted,
        hours: df!("hour" => hours, "design" => designs, "wrong" => wrongs)?,
        repairs,
    })
}

/// Finds the wrong rows by their pedigree, takes them out, computes the view again
/// and publishes it; the view, and how long all of it took.
fn retract_and_publish(
    set: &MasterSet,
    served: &Path,
    plan: &Deployment,
    midnight: i64,
) -> Result<(HashMap<i64, String>, Duration)> {
    let started = Instant::now();
    set.retract(&Retraction {
        kind: FactKind::Location,
        writer: "profiles 2".into(),
        arrived: midnight + plan.hours.start * HOUR..midnight + plan.hours.end * HOUR,
        scope: Scope::AboutOthers,
        why: "version 2 moved everybody in a city, not only who asked".into(),
    })?;
    let view = homes(&set.believed(FactKind::Location)?)?;
    serve_homes(served, &view)?;
    Ok((view, started.elapsed()))
}

/// Returns of how many accounts the last fact that they told of themselves is not among some location
/// facts. A fact is known by its account, its second, and that the account itself asked for it.
fn lost_last_facts(facts: &DataFrame, last_told: &HashMap<i64, i64>) -> Result<i64> {
    let secs = facts.column("true_as_of_secs")?.i64()?;
    let users = facts.column("user_id")?.i64()?;
    let asked_by = facts.column("said_by")?.i64()?;
    let mut held: HashSet<(i64, i64)> = HashSet::new();
    for ((secs, user), asked_by) in secs.iter().zip(users.iter()).zip(asked_by.iter()) {
        if let (Some(secs), Some(user)) = (secs, user)
            && asked_by == Some(user)
        {
            held.insert((user, secs));
        }
    }
    let lost = last_told
        .iter()
        .filter(|(user, secs)| !held.contains(&(**user, **secs)));
    Ok(lost.count() as i64)
}

/// Counts the accounts with a wrong city, or none.
fn wrong(answer: &HashMap<i64, String>, truth: &HashMap<i64, String>) -> i64 {
    let differs = truth
        .iter()
        .filter(|(user, city)| answer.get(user) != Some(city));
    let unknown = answer.keys().filter(|user| !truth.contains_key(user));
    (differs.count() + unknown.count()) as i64
}

/// Copies a folder, as a backup does.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(io_at("making", to))?;
    for entry in fs::read_dir(from).map_err(io_at("reading", from))? {
        let entry = entry.map_err(io_at("reading", from))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target).map_err(io_at("copying", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "deployment_tests.rs"]
mod tests;

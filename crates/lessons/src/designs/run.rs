//! The same days and the same fault in each design: what is wrong, and for how long.
//!
//! Each design is given the traffic of a [`Scenario`], on files in a folder. After each hour every
//! question is asked whose answer the judge knows: page views and unique visitors of every page
//! in every hour so far, and the visits to every domain and the bounces among them. The judge is
//! [`TrafficTruth`], which counts what came, by the identity of each page view and with code of
//! its own. All designs have what a careful operator gives them: copies are looked for as far
//! back in each that looks for them at arrival (an hour), and batch runs are as frequent as
//! backups (six hours).
//!
//! The store of *answers* is what may be lost. Raw data, where a design keeps any, are elsewhere.
use super::kappa::Kappa;
use super::lakehouse::Lakehouse;
use super::lambda_layers::Layers;
use super::maintained::Maintained;
use super::one_store::OneStore;
use super::outcome::{Design, Outcome, Standing, WrongAnswers};
use super::recorded::{recorded, recorded_standing};
use super::scenario::{HOUR, Scenario};
use super::system::{Arrived, System};
use crate::systems::traffic::{DAY, ReceivedDatum, TrafficTruth};
use crate::systems::{Result, SystemsError, Writes};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{available_parallelism, scope};
use std::time::Instant;

/// Opens a design, new or with what is in its folder.
fn open(design: Design, folder: &Path, trial: &Scenario) -> Result<Box<dyn System>> {
    Ok(match design {
        Design::RowByRow => Box::new(OneStore::open(folder, Writes::OneByOne, trial)?),
        Design::OneStore => Box::new(OneStore::open(folder, Writes::Together, trial)?),
        Design::Kappa => Box::new(Kappa::open(folder, trial)?),
        Design::Lambda => Box::new(Layers::open(folder, trial)?),
        Design::Lakehouse => Box::new(Lakehouse::open(folder, trial)?),
        Design::Maintained => Box::new(Maintained::open(folder, trial)?),
    })
}

/// Runs a trial in a design, on files in a folder. For a design whose program is not built, the
/// outcome is the recorded one of the same trial, if there is one.
///
/// ```
/// use lambda_workbook::designs::{Design, Fault, Scenario, inject};
/// let folder = tempfile::tempdir()?;
/// let lost = inject(folder.path(), &Scenario::day(Fault::LostStore), Design::Lambda)?;
/// assert_eq!(lost.left(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// What the design's parts refuse; [`SystemsError::Program`] if its program is not built and the
/// trial is none that was recorded.
pub fn inject(folder: &Path, trial: &Scenario, design: Design) -> Result<Outcome> {
    let mut system = match open(design, folder, trial) {
        Err(missing @ SystemsError::Program { .. }) if design.is_elsewhere() => {
            return recorded(trial, design).ok_or(missing);
        }
        opened => opened?,
    };
    let arrivals = trial.traffic.arrivals();
    let mut truth = TrafficTruth::default();
    let (mut hours, mut first) = (Vec::new(), 0);
    for hour in 0..trial.hours() {
        let datums = hand_over(system.as_mut(), &arrivals, first, hour, (hour + 1) * HOUR)?;
        datums.iter().for_each(|arrival| truth.take(arrival));
        first += datums.len();
        hours.push(judged(system.as_ref(), trial, &truth, hour)?);
    }
    Ok(Outcome {
        fault: trial.fault,
        design,
        hours,
        recovery: system.recovery(),
        kept: system.kept()?,
        recorded: false,
    })
}

/// Hands a design the arrivals from `first` on that come in an hour before the second `until`, and
/// returns them.
fn hand_over<'a>(
    system: &mut dyn System,
    arrivals: &'a [ReceivedDatum],
    first: usize,
    hour: i64,
    until: i64,
) -> Result<&'a [ReceivedDatum]> {
    let rest = &arrivals[first..];
    let datums = &rest[..rest.partition_point(|arrival| arrival.at < until)];
    system.take(&Arrived {
        hour,
        first,
        datums,
        until,
    })?;
    Ok(datums)
}

/// Compares every answer at the end of an hour with the truth.
fn judged(
    system: &dyn System,
    trial: &Scenario,
    truth: &TrafficTruth,
    hour: i64,
) -> Result<WrongAnswers> {
    let mut wrong = WrongAnswers::default();
    let traffic = &trial.traffic;
    let urls: Vec<String> = (0..traffic.pages).map(|page| traffic.url(page)).collect();
    for (page, answers) in (0..).zip(system.all(&urls, 0..hour + 1)?) {
        for (ts, (views, uniques)) in (0..).map(|hour| hour * HOUR).zip(answers) {
            let right = truth.uniques(page, ts..ts + HOUR);
            wrong.page_views += i64::from(views != truth.page_views(page, ts..ts + HOUR));
            // A sketch may be a little off; what is tested is more than that.
            wrong.uniques += i64::from((uniques - right).abs() as f64 > 0.02 * right as f64);
            wrong.asked += 2;
        }
    }
    if trial.visits {
        for domain in 0..traffic.domains {
            let pages = (domain..traffic.pages).step_by(traffic.domains as usize);
            let answer = system.bounces(traffic.domain(domain))?;
            wrong.bounces += i64::from(answer != truth.bounces(pages));
            wrong.asked += 1;
        }
    }
    Ok(wrong)
}

/// Runs a trial in several designs, each in a folder of its own: as many at a time as there are
/// cores. The outcomes are in the order of the designs.
///
/// # Errors
/// As [`inject`].
pub fn inject_all(folder: &Path, trial: &Scenario, designs: &[Design]) -> Result<Vec<Outcome>> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    // Threads of their own, and not those of a pool: a design that computes in the pool would be
    // given the work of another one while it waits, and its times would be those of both.
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(design) = designs.get(number) else {
                return;
            };
            let home = folder.join(format!("{:?}-{design:?}", trial.fault));
            let outcome = inject(&home, trial, *design);
            let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
            outcomes.push((number, outcome));
        }
    };
    let threads = available_parallelism().map_or(1, usize::from);
    scope(|scope| (0..threads.min(designs.len())).for_each(|_| drop(scope.spawn(work))));
    let mut outcomes = outcomes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_unstable_by_key(|(number, _)| *number);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Hands a design the traffic up to a second, and asks it then. For a design whose program is not
/// built, the answer is the recorded one, if there is one.
///
/// # Errors
/// As [`inject`].
pub fn standing(folder: &Path, trial: &Scenario, design: Design, now: i64) -> Result<Standing> {
    let mut system = match open(design, folder, trial) {
        Err(missing @ SystemsError::Program { .. }) if design.is_elsewhere() => {
            return recorded_standing(trial, design, now).ok_or(missing);
        }
        opened => opened?,
    };
    let arrivals = trial.traffic.arrivals();
    let mut first = 0;
    for hour in 0..=(now - 1) / HOUR {
        let until = now.min((hour + 1) * HOUR);
        first += hand_over(system.as_mut(), &arrivals, first, hour, until)?.len();
    }
    let today = now / DAY * 24..now / HOUR + 1;
    let url = trial.traffic.url(1);
    let mut times = Vec::new();
    for _ in 0..21 {
        let started = Instant::now();
        system.by_hour(&url, today.clone())?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let seen = system.seen()? as usize;
    // Of the arrivals that the answers contain, the last one.
    let newest = arrivals[..seen.min(first)]
        .last()
        .map_or(0, |arrival| arrival.at);
    Ok(Standing {
        design,
        behind: now - newest,
        rows: system.rows_for(&url, today)?,
        kept: system.kept()?,
        latency: times[times.len() / 2],
    })
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;

//! The same days and the same fault in each design: what is wrong, and for how long.
//!
//! Each design is given the traffic of a [`Trial`], on files in a folder. After each hour every
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
use super::recorded::recorded;
use super::system::{Arrived, Kept, Recovery, System};
use super::trial::{Fault, HOUR, Trial};
use crate::systems::traffic::{DAY, TrafficTruth};
use crate::systems::{Result, SystemsError, Writes};
use polars::prelude::{DataFrame, df};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{available_parallelism, scope};
use std::time::{Duration, Instant};

/// A design under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// One store that each event changes, a row at a time.
    RowByRow,
    /// One store that each event changes, all rows of an event in one atomic write.
    OneStore,
    /// One stream program over a log that keeps everything, and is replayed.
    Kappa,
    /// Batch, serving and speed layer.
    Lambda,
    /// A table of raw data and one of clean data, with snapshots, and a query engine over them.
    Lakehouse,
    /// Views that a dataflow maintains incrementally, over a log.
    Maintained,
}

impl Design {
    /// Those of chapter 9.
    pub const STORES: [Self; 4] = [Self::RowByRow, Self::OneStore, Self::Kappa, Self::Lambda];

    /// Those of chapter 12.
    pub const FIVE: [Self; 5] = [
        Self::Lambda,
        Self::Kappa,
        Self::OneStore,
        Self::Lakehouse,
        Self::Maintained,
    ];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::RowByRow => "one store, row by row",
            Self::OneStore => "one store",
            Self::Kappa => "Kappa",
            Self::Lambda => "Lambda",
            Self::Lakehouse => "lakehouse",
            Self::Maintained => "maintained view",
        }
    }

    /// Whether it runs in a program of its own, which may not be built.
    pub(super) fn is_elsewhere(self) -> bool {
        matches!(self, Self::Lakehouse | Self::Maintained)
    }

    fn open(self, folder: &Path, trial: &Trial) -> Result<Box<dyn System>> {
        Ok(match self {
            Self::RowByRow => Box::new(OneStore::open(folder, Writes::OneByOne, trial)?),
            Self::OneStore => Box::new(OneStore::open(folder, Writes::Together, trial)?),
            Self::Kappa => Box::new(Kappa::open(folder, trial)?),
            Self::Lambda => Box::new(Layers::open(folder, trial)?),
            Self::Lakehouse => Box::new(Lakehouse::open(folder, trial)?),
            Self::Maintained => Box::new(Maintained::open(folder, trial)?),
        })
    }
}

/// Wrong answers at the end of an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrongAnswers {
    /// Numbers of page views that are not equal to the truth.
    pub page_views: i64,
    /// Numbers of unique visitors that are off by more than 2 %, which a sketch may be.
    pub uniques: i64,
    /// Domains whose visits or bounces are not equal to the truth.
    pub bounces: i64,
    /// Answers that were asked for.
    pub asked: i64,
}

impl WrongAnswers {
    /// Returns the number of wrong answers.
    pub fn all(&self) -> i64 {
        self.page_views + self.uniques + self.bounces
    }
}

/// A design's days with a fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub fault: Fault,
    pub design: Design,
    /// The end of each hour.
    pub hours: Vec<WrongAnswers>,
    /// What was done about the fault, if anything was.
    pub recovery: Option<Recovery>,
    /// What is kept in the end.
    pub kept: Kept,
    /// Whether it is from the record of a dated run, because the design's program is not built.
    pub recorded: bool,
}

impl Outcome {
    /// The most wrong answers of any hour.
    pub fn worst(&self) -> i64 {
        self.hours.iter().map(WrongAnswers::all).max().unwrap_or(0)
    }

    /// Wrong answers when all is over and the last batch has run.
    pub fn left(&self) -> i64 {
        self.hours.last().map_or(0, WrongAnswers::all)
    }

    /// Hours at whose end an answer was wrong.
    pub fn hours_wrong(&self) -> i64 {
        self.hours.iter().filter(|hour| hour.all() > 0).count() as i64
    }

    /// One row for each: `fault`, `design`, `worst`, `hours_wrong`, `left`,
    /// `recovery`, `ms`.
    pub fn frame(outcomes: &[Self]) -> DataFrame {
        let done = |o: &Self| o.recovery.map(|recovery| recovery.how);
        let ms = |o: &Self| o.recovery.map(|recovery| recovery.took.as_secs_f64() * 1e3);
        df!(
            "fault" => outcomes.iter().map(|o| o.fault.name()).collect::<Vec<_>>(),
            "design" => outcomes.iter().map(|o| o.design.name()).collect::<Vec<_>>(),
            "worst" => outcomes.iter().map(Self::worst).collect::<Vec<_>>(),
            "hours_wrong" => outcomes.iter().map(Self::hours_wrong).collect::<Vec<_>>(),
            "left" => outcomes.iter().map(Self::left).collect::<Vec<_>>(),
            "recovery" => outcomes.iter().map(done).collect::<Vec<_>>(),
            "ms" => outcomes.iter().map(ms).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }

    /// What is wrong in the end, and what was read again: a row for each, with `fault`, `design`,
    /// `page_views`, `uniques` and `bounces` (wrong answers that are left), `recovery`,
    /// `records_read`, `kb_read`, `ms`.
    pub fn recoveries(outcomes: &[Self]) -> DataFrame {
        let last = |of: fn(&WrongAnswers) -> i64| -> Vec<i64> {
            outcomes
                .iter()
                .map(|o| o.hours.last().map_or(0, of))
                .collect()
        };
        let done = |of: fn(&Recovery) -> i64| -> Vec<Option<i64>> {
            outcomes
                .iter()
                .map(|o| o.recovery.as_ref().map(of))
                .collect()
        };
        let ms = |o: &Self| o.recovery.map(|recovery| recovery.took.as_secs_f64() * 1e3);
        df!(
            "fault" => outcomes.iter().map(|o| o.fault.name()).collect::<Vec<_>>(),
            "design" => outcomes.iter().map(|o| o.design.name()).collect::<Vec<_>>(),
            "page_views" => last(|hour| hour.page_views),
            "uniques" => last(|hour| hour.uniques),
            "bounces" => last(|hour| hour.bounces),
            "recovery" => outcomes.iter().map(|o| o.recovery.map(|r| r.how)).collect::<Vec<_>>(),
            "records_read" => done(|recovery| recovery.records),
            "kb_read" => done(|recovery| recovery.bytes / 1_000),
            "ms" => outcomes.iter().map(ms).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }

    /// The wrong answers hour by hour: `hour`, `design`, `wrong`.
    pub fn by_hour(outcomes: &[Self]) -> DataFrame {
        let (mut hours, mut designs, mut wrongs) = (Vec::new(), Vec::new(), Vec::new());
        for outcome in outcomes {
            for (hour, wrong) in (1i64..).zip(&outcome.hours) {
                hours.push(hour);
                designs.push(outcome.design.name());
                wrongs.push(wrong.all());
            }
        }
        df!("hour" => hours, "design" => designs, "wrong" => wrongs).expect("columns of one length")
    }
}

/// Runs a trial in a design, on files in a folder. For a design whose program is not built, the
/// outcome is the recorded one of the same trial, if there is one.
///
/// ```
/// use lambda_workbook::designs::{Design, Fault, Trial, inject};
/// let folder = tempfile::tempdir()?;
/// let lost = inject(folder.path(), &Trial::day(Fault::LostStore), Design::Lambda)?;
/// assert_eq!(lost.left(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// What the design's parts refuse; [`SystemsError::Program`] if its program is not built and the
/// trial is none that was recorded.
pub fn inject(folder: &Path, trial: &Trial, design: Design) -> Result<Outcome> {
    let mut system = match design.open(folder, trial) {
        Err(missing @ SystemsError::Program { .. }) if design.is_elsewhere() => {
            return recorded(trial, design).ok_or(missing);
        }
        opened => opened?,
    };
    let arrivals = trial.traffic.arrivals();
    let mut truth = TrafficTruth::default();
    let (mut hours, mut first) = (Vec::new(), 0);
    for hour in 0..trial.hours() {
        let until = (hour + 1) * HOUR;
        let rest = &arrivals[first..];
        let datums = &rest[..rest.partition_point(|arrival| arrival.at < until)];
        system.take(&Arrived {
            hour,
            first,
            datums,
            until,
        })?;
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

/// Compares every answer at the end of an hour with the truth.
fn judged(
    system: &dyn System,
    trial: &Trial,
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
pub fn inject_all(folder: &Path, trial: &Trial, designs: &[Design]) -> Result<Vec<Outcome>> {
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

/// How a design answers in the middle of the days without a fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub design: Design,
    /// How old the newest datum in an answer is, in seconds.
    pub behind: i64,
    /// Rows, cells or blocks that are read to say how often a page was viewed in the day so far.
    pub rows: i64,
    /// What is kept.
    pub kept: Kept,
    /// The median time of such an answer.
    pub latency: Duration,
}

impl Standing {
    /// One row for each: `design`, `behind_s`, `rows`, `raw_kb`, `all_kb`, `ms`.
    pub fn frame(standings: &[Self]) -> DataFrame {
        let of = |of: fn(&Self) -> i64| standings.iter().map(of).collect::<Vec<_>>();
        let ms = |s: &Self| s.latency.as_secs_f64() * 1e3;
        df!(
            "design" => standings.iter().map(|s| s.design.name()).collect::<Vec<_>>(),
            "behind_s" => of(|s| s.behind),
            "rows" => of(|s| s.rows),
            "raw_kb" => of(|s| s.kept.raw_bytes / 1_000),
            "all_kb" => of(|s| s.kept.all_bytes / 1_000),
            "ms" => standings.iter().map(ms).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }
}

/// Hands a design the traffic of four days up to a second, and asks it then.
///
/// # Errors
/// As [`inject`]; the record has no standings.
pub fn standing(folder: &Path, trial: &Trial, design: Design, now: i64) -> Result<Standing> {
    let arrivals = trial.traffic.arrivals();
    let mut system = design.open(folder, trial)?;
    let mut first = 0;
    for hour in 0..=(now - 1) / HOUR {
        let until = now.min((hour + 1) * HOUR);
        let rest = &arrivals[first..];
        let datums = &rest[..rest.partition_point(|arrival| arrival.at < until)];
        system.take(&Arrived {
            hour,
            first,
            datums,
            until,
        })?;
        first += datums.len();
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

//! Two designs, the same day, the same faults: what is wrong, and for how long.
//!
//! The fully incremental design ([`Incremental`]) and the Lambda one
//! ([`lambda::query`]) are given a day of traffic, and one of these:
//!
//! | fault | what happens |
//! |---|---|
//! | none | equivs come before they are needed, copies within seconds |
//! | late copies | copies come up to six hours after their originals |
//! | late equivs | equivs come five hours after the identifiers were used |
//! | crash | thirteen times the process crashes in the middle of an event, which is then sent again |
//! | bug | from nine to thirteen o'clock the code counts every page as page 0 |
//! | lost store | at half past three in the afternoon the store of answers is gone |
//!
//! After each hour every page and hour of the day so far is asked for, page views and
//! uniques, and compared with the truth: the function of all data that came. Both
//! designs have what a careful operator gives them: copies are looked for as far back
//! (an hour), the batch runs and the backups are as frequent (six hours).
//!
//! Source: *Big Data*, Marz and Warren (Manning), sections 1.4 and 10.7.
use super::error::Result;
use super::fault_lambda::Layers;
use super::fault_store::Single;
use super::incremental::Writes;
use super::traffic::{DAY, ReceivedDatum, Traffic, TrafficTruth, url};
use lambda::faults::{CrashPoint, Crashes};
use polars::prelude::{DataFrame, df};
use std::path::Path;
use std::time::Duration;

pub(super) const HOUR: i64 = 3_600;
/// Between two batch runs, and between two backups.
pub(super) const EVERY: i64 = 6;

/// A scenario: what goes wrong on a day. This names what the experiment compares; its one
/// crash is a plan of [`lambda::faults`], see [`Fault::crashes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    LateCopies,
    LateEquivs,
    Crash,
    Bug,
    LostStore,
}

impl Fault {
    /// All of them, the day without one first.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::LateCopies,
        Self::LateEquivs,
        Self::Crash,
        Self::Bug,
        Self::LostStore,
    ];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::LateCopies => "late copies",
            Self::LateEquivs => "late equivs",
            Self::Crash => "crash",
            Self::Bug => "bug",
            Self::LostStore => "lost store",
        }
    }

    /// The day in which it happens.
    pub fn traffic(self) -> Traffic {
        let day = Traffic::SMALL;
        match self {
            Self::LateCopies => Traffic {
                copies_late_by: 6 * HOUR,
                ..day
            },
            Self::LateEquivs => Traffic {
                equivs_late_by: 5 * HOUR,
                ..day
            },
            _ => day,
        }
    }

    /// Whether the code that runs in an hour has the bug.
    pub(super) fn buggy(self, hour: i64) -> bool {
        self == Self::Bug && (9..13).contains(&hour)
    }

    /// Returns the crashes of the day. A step is an arrival, numbered from 0; the process
    /// crashes when a part of it has taken effect, and before it is acknowledged.
    pub fn crashes(self) -> Crashes<u64> {
        let crashes = if self == Self::Crash { 13 } else { 0 };
        Crashes::at((0..crashes).map(|n| CrashPoint::after(200 + 400 * n)))
    }

    /// Whether the store of answers is lost in the middle of an hour.
    pub(super) fn loses(self, hour: i64) -> bool {
        self == Self::LostStore && hour == 15
    }
}

/// A design under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// Incremental, a row at a time.
    RowByRow,
    /// Incremental, all rows of an event in one atomic write.
    Atomic,
    /// Batch, serving and speed layer.
    Lambda,
}

impl Design {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::RowByRow, Self::Atomic, Self::Lambda];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::RowByRow => "incremental, row by row",
            Self::Atomic => "incremental, atomic",
            Self::Lambda => "Lambda",
        }
    }

    fn open(self, folder: &Path, fault: Fault) -> Result<Box<dyn System>> {
        Ok(match self {
            Self::RowByRow => Box::new(Single::open(folder, Writes::OneByOne, fault)?),
            Self::Atomic => Box::new(Single::open(folder, Writes::Together, fault)?),
            Self::Lambda => Box::new(Layers::open(folder, fault)?),
        })
    }
}

/// What a design must do in the test.
pub(super) trait System {
    /// Takes the arrivals of an hour; `first` is the number of the first one.
    fn hour(&mut self, hour: i64, first: usize, arrivals: &[ReceivedDatum]) -> Result<()>;

    /// Page views and uniques of a URL in an hour that begins at `ts`.
    fn answer(&self, url: &str, ts: i64) -> Result<(i64, i64)>;

    /// What was done to recover, and how long it took.
    fn recovery(&self) -> Option<(&'static str, Duration)>;
}

/// A design's day with a fault.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub fault: Fault,
    pub design: Design,
    /// Wrong answers at the end of each hour, and answers asked for.
    pub hours: Vec<(i64, i64)>,
    /// What was done, if anything was, and how long it took.
    pub recovery: Option<(&'static str, Duration)>,
}

impl Outcome {
    /// The most wrong answers of any hour.
    pub fn worst(&self) -> i64 {
        self.hours
            .iter()
            .map(|(wrong, _)| *wrong)
            .max()
            .unwrap_or(0)
    }

    /// Wrong answers when the day is over and the last batch has run.
    pub fn left(&self) -> i64 {
        self.hours.last().map_or(0, |(wrong, _)| *wrong)
    }

    /// Hours at whose end an answer was wrong.
    pub fn hours_wrong(&self) -> i64 {
        self.hours.iter().filter(|(wrong, _)| *wrong > 0).count() as i64
    }

    /// One row for each: `fault`, `design`, `worst`, `hours_wrong`, `left`,
    /// `recovery`, `ms`.
    pub fn frame(outcomes: &[Self]) -> DataFrame {
        let done = |o: &Self| o.recovery.map(|(how, _)| how);
        let ms = |o: &Self| o.recovery.map(|(_, took)| took.as_secs_f64() * 1e3);
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

    /// The wrong answers hour by hour: `hour`, `design`, `wrong`.
    pub fn by_hour(outcomes: &[Self]) -> DataFrame {
        let (mut hours, mut designs, mut wrongs) = (Vec::new(), Vec::new(), Vec::new());
        for outcome in outcomes {
            for (hour, (wrong, _)) in (1i64..).zip(&outcome.hours) {
                hours.push(hour);
                designs.push(outcome.design.name());
                wrongs.push(*wrong);
            }
        }
        df!("hour" => hours, "design" => designs, "wrong" => wrongs).expect("columns of one length")
    }
}

/// Runs a day with a fault in a design, on files in a folder.
///
/// ```
/// use lambda_workbook::systems::{Design, Fault, inject};
/// let folder = tempfile::tempdir()?;
/// let lost = inject(folder.path(), Fault::LostStore, Design::Lambda)?;
/// assert_eq!(lost.left(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn inject(folder: &Path, fault: Fault, design: Design) -> Result<Outcome> {
    let traffic = fault.traffic();
    let arrivals = traffic.arrivals();
    let mut system = design.open(folder, fault)?;
    let mut truth = TrafficTruth::default();
    let (mut hours, mut first) = (Vec::new(), 0);
    for hour in 0..DAY / HOUR {
        let rest = &arrivals[first..];
        let count = rest.partition_point(|arrival| arrival.at < (hour + 1) * HOUR);
        system.hour(hour, first, &rest[..count])?;
        rest[..count].iter().for_each(|arrival| truth.take(arrival));
        first += count;
        let (mut wrong, mut asked) = (0, 0);
        for page in 0..traffic.pages {
            for ts in (0..=hour).map(|hour| hour * HOUR) {
                let (views, uniques) = system.answer(&url(page), ts)?;
                let right = truth.uniques(page, ts..ts + HOUR);
                wrong += i64::from(views != truth.page_views(page, ts..ts + HOUR));
                // A sketch may be a little off; what is tested is more than that.
                wrong += i64::from((uniques - right).abs() as f64 > 0.02 * right as f64);
                asked += 2;
            }
        }
        hours.push((wrong, asked));
    }
    Ok(Outcome {
        fault,
        design,
        hours,
        recovery: system.recovery(),
    })
}

/// Every fault in every design.
pub fn inject_all(folder: &Path) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for fault in Fault::ALL {
        for design in Design::ALL {
            let home = folder.join(format!("{fault:?}-{design:?}"));
            outcomes.push(inject(&home, fault, design)?);
        }
    }
    Ok(outcomes)
}

#[cfg(test)]
#[path = "faults_tests.rs"]
mod tests;

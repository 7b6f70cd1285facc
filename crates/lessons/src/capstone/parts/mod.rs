//! A reader's own part in the week: what it loses or doubles, and the smallest run that shows it.
//!
//! The real week takes seconds, because every step of it waits for a disk. To find the smallest run
//! that goes wrong, hundreds of weeks are needed. So the part runs in a week in memory, with the
//! page views and the faults of a real one. If an answer is wrong, events and faults are left out
//! as long as some answer is still wrong (this is *delta debugging*: halves first, then smaller
//! parts, at last single ones). What is left is told hour by hour.
//!
//! | reading order | concept |
//! |---|---|
//! | `part` | [`OwnPart`]: what a reader can replace |
//! | `scene` | page views and faults, as lists from which things can be left out |
//! | `run` | the week in memory |
//! | `shrink` | the smallest run |
mod part;
mod run;
mod scene;
mod shrink;

pub use part::{NewViews, OwnPart};

use super::error::Result;
use super::week::Week;
use notebook::table::{Grid, grouped};
use notebook::{Render, Rich};
use polars::prelude::{DataFrame, PolarsResult, df};
use run::PartRun;
use scene::WeekScene;
use shrink::Smallest;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs weeks with a part of the reader's, and draws up their account. There are twelve weeks; the
/// first in which an answer is wrong is the last.
///
/// ```
/// use lambda_workbook::capstone::{self, OwnPart};
/// use lambda_workbook::microbatch::by_hand::Stored;
/// // Forgets that a batch can come again.
/// fn adds_always(stored: Stored, batch: i64, add: i64) -> Stored {
///     Stored { batch, count: stored.count + add, previous: 0 }
/// }
/// let account = capstone::with(OwnPart::State(adds_always))?;
/// assert!(!account.is_clean() && account.doubled > 0);
/// // One page view and one crash show it.
/// assert_eq!((account.events(), account.faults()), (Some(1), Some(1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the data of the week cannot be made. An error or a panic of the part is in the account.
pub fn with(part: OwnPart) -> Result<PartAccount> {
    let mut account = with_in(part, &Week::of_parts(FIRST))?;
    for seed in FIRST + 1..FIRST + WEEKS {
        if !account.is_clean() {
            break;
        }
        let before = account;
        account = with_in(part, &Week::of_parts(seed))?;
        account.weeks += before.weeks;
        account.sent += before.sent;
        account.looks += before.looks;
        account.crashes += before.crashes;
    }
    Ok(account)
}

/// The seed of the first week that [`with`] runs, and the number of weeks that it runs at most.
const FIRST: u64 = 11;
const WEEKS: u64 = 12;

/// Runs one week with a part of the reader's.
///
/// # Errors
/// As [`with`], and if the week cannot be run.
pub fn with_in(part: OwnPart, week: &Week) -> Result<PartAccount> {
    week.check()?;
    let scene = WeekScene::of(week)?;
    let mut account = PartAccount {
        part: part.name(),
        weeks: 1,
        sent: scene.sent.len() as u64,
        looks: 0,
        crashes: 0,
        lost: 0,
        doubled: 0,
        refused: 0,
        needless: 0,
        stopped: None,
        smallest: None,
    };
    match attempt(|| run::run(part, &scene, run::ALL, false)) {
        Ok(found) => {
            (account.looks, account.crashes) = (found.looks, found.crashes);
            (account.lost, account.doubled) = (found.lost, found.doubled);
            (account.refused, account.needless) = (found.refused, found.needless);
            if !found.is_clean() {
                account.smallest = shrink::smallest(&scene, &found, |scene, until, tells| {
                    attempt(|| run::run(part, scene, until, tells)).ok()
                });
            }
        }
        Err(reason) => account.stopped = Some(reason),
    }
    Ok(account)
}

/// Runs a week with a reader's function, whatever that does.
fn attempt(run: impl FnOnce() -> PolarsResult<PartRun>) -> std::result::Result<PartRun, String> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(format!("it returned an error: {error}")),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(format!(
                "it panicked: {}",
                text.unwrap_or("without a message")
            ))
        }
    }
}

/// What a reader's part did to the answers of a week.
#[derive(Clone, Debug)]
pub struct PartAccount {
    part: &'static str,
    /// Weeks that were run.
    pub weeks: u64,
    /// Records that came.
    pub sent: u64,
    /// Looks at the answers.
    pub looks: u64,
    /// Crashes while there was something to do.
    pub crashes: u64,
    /// Page views (for visits: visits) that an answer lacked, at worst.
    pub lost: u64,
    /// Page views (for visits: visits) that an answer had too many, at worst.
    pub doubled: u64,
    /// Answers that were refused although nothing was missing.
    pub refused: u64,
    /// Counts that a site sent although the other had them.
    pub needless: u64,
    /// How the function ended, if it returned an error or panicked.
    stopped: Option<String>,
    smallest: Option<Smallest>,
}

impl PartAccount {
    /// Whether the part did nothing wrong.
    pub fn is_clean(&self) -> bool {
        let wrong = (self.lost, self.doubled, self.refused, self.needless);
        self.stopped.is_none() && wrong == (0, 0, 0, 0)
    }

    /// Returns the number of records of the smallest run that goes wrong; `None` if none does.
    pub fn events(&self) -> Option<usize> {
        self.smallest.as_ref().map(|smallest| smallest.events)
    }

    /// Returns the number of crashes, cuts of the network, batch runs and short logs of the smallest
    /// run that goes wrong; `None` if none does.
    pub fn faults(&self) -> Option<usize> {
        self.smallest.as_ref().map(|smallest| smallest.faults)
    }

    /// Returns the smallest run that goes wrong, a row for each thing that happens in it: `hour` and
    /// `what happens`. No rows if none goes wrong.
    ///
    /// # Errors
    /// None that depends on the run.
    pub fn smallest(&self) -> PolarsResult<DataFrame> {
        let told = self
            .smallest
            .as_ref()
            .map_or(&[][..], |smallest| &smallest.told);
        df!(
            "hour" => told.iter().map(|(hour, _)| *hour).collect::<Vec<_>>(),
            "what happens" => told.iter().map(|(_, what)| what.as_str()).collect::<Vec<_>>(),
        )
    }

    fn grids(&self) -> Vec<Grid> {
        let n = |number: u64| grouped(number as i64);
        let mut rows = vec![
            ("your part", self.part.to_owned()),
            ("weeks", n(self.weeks)),
            ("records that came", n(self.sent)),
            ("looks at the answers", n(self.looks)),
            ("processes killed while they worked", n(self.crashes)),
            ("lost, at worst", n(self.lost)),
            ("doubled, at worst", n(self.doubled)),
        ];
        if self.refused > 0 {
            rows.push(("refused without a reason", n(self.refused)));
        }
        if self.needless > 0 {
            rows.push(("counts sent that the other had", n(self.needless)));
        }
        if let Some(reason) = &self.stopped {
            rows.push(("it stopped", reason.clone()));
        }
        if let Some(smallest) = &self.smallest {
            let tried = format!("of {} runs that were tried", grouped(smallest.tried as i64));
            rows.push(("the smallest run below is", tried));
        }
        let facts: Vec<(&str, &dyn fmt::Display)> = rows
            .iter()
            .map(|(name, value)| (*name, value as &dyn fmt::Display))
            .collect();
        let title = match self.is_clean() {
            true => "✓ Weeks with your part: the account is clean",
            false => "✗ Weeks with your part: the account is not clean",
        };
        let mut grids = vec![Grid::of_facts(title, &facts)];
        if self.smallest.is_some()
            && let Ok(told) = self.smallest()
        {
            let mut grid = Grid::of(&told);
            grid.caption = "The smallest run that shows it".to_owned();
            grids.push(grid);
        }
        grids
    }
}

impl fmt::Display for PartAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.grids().iter().map(Grid::to_text).collect();
        f.write_str(&texts.join("\n\n"))
    }
}

impl Render for PartAccount {
    fn render(&self) -> Rich {
        let parts: Vec<Rich> = self.grids().iter().map(Render::render).collect();
        Rich::stack(&parts)
    }
}

//! What came of a trial: the design, and its wrong answers hour by hour.
use super::scenario::Fault;
use super::system::{Kept, Recovery};
use polars::prelude::{Column, DataFrame, PolarsResult, df};
use std::time::Duration;

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

    /// Returns what ended each fault: a row for each fault, with the column `fault` and one for each
    /// design. A cell says `12 stay` if 12 wrong answers are left at the end, and otherwise what was
    /// done about the fault; of a repair in two steps it names the first. Where nothing was done, it
    /// says `never wrong` if nothing was wrong, `as without a fault` if the same answers were wrong
    /// in the same hours as in the outcome without a fault, and otherwise `a batch run`: the next
    /// scheduled one of Lambda ended what was wrong. All faults need the same designs, and the
    /// outcomes of a fault are neighbours.
    ///
    /// ```
    /// use lambda_workbook::prelude::*;
    /// use designs::{Design, Fault, Outcome, Scenario, inject_all};
    /// let folder = tempfile::tempdir()?;
    /// let designs = [Design::OneStore, Design::Kappa];
    /// let outcomes = inject_all(folder.path(), &Scenario::day(Fault::Bug), &designs)?;
    /// let ends = Outcome::ends(&outcomes)?;
    /// assert_eq!(ends.column("one store")?.str()?.get(0), Some("48 stay"));
    /// assert_eq!(ends.column("Kappa")?.str()?.get(0), Some("replay the log"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a fault lacks a design that another one has.
    pub fn ends(outcomes: &[Self]) -> PolarsResult<DataFrame> {
        let faults: Vec<&[Self]> = outcomes.chunk_by(|a, b| a.fault == b.fault).collect();
        let names: Vec<&str> = faults.iter().map(|of| of[0].fault.name()).collect();
        let mut columns = vec![Column::new("fault".into(), &names)];
        for outcome in faults.first().copied().unwrap_or_default() {
            let design = outcome.design;
            let ends: Vec<String> = outcomes
                .iter()
                .filter(|outcome| outcome.design == design)
                .map(|outcome| outcome.end(outcomes))
                .collect();
            columns.push(Column::new(design.name().into(), &ends));
        }
        DataFrame::new(names.len(), columns)
    }

    /// Says what ended the fault. `all` may have the outcome of the same design without a fault.
    fn end(&self, all: &[Self]) -> String {
        let how = self.recovery.map(|recovery| recovery.how);
        let is_as_calm = self.fault != Fault::None
            && all.iter().any(|other| {
                other.fault == Fault::None
                    && other.design == self.design
                    && other.hours == self.hours
            });
        match (self.left(), how, self.worst()) {
            (1.., ..) => format!("{} stay", self.left()),
            (_, Some(how), _) => how.split(',').next().unwrap_or(how).to_owned(),
            (_, None, 0) => "never wrong".to_owned(),
            (_, None, _) if is_as_calm => "as without a fault".to_owned(),
            // Nothing was done, and the answers became right: by the batch run that computes all
            // views again, every few hours.
            (_, None, _) => "a batch run".to_owned(),
        }
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
    /// The median time of an answer with the page views and the visitors of each hour of that day.
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

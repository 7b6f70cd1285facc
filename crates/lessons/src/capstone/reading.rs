//! One look at the layers, and a week of them.
use super::account::Account;
use super::deployment::Code;
use super::figures::Figures;
use super::order::SiteAnswers;
use super::week::Week;
use polars::prelude::{DataFrame, PolarsResult, df};
use std::fmt;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    Cut,
    Healed,
    /// A process crashed at this order.
    Crash(String),
    Begun(u64),
    Served(u64, Code),
    Expired,
    /// From a batch to the one before.
    RolledBack(u64),
}

impl Mark {
    /// Whether it is out of the ordinary: batches come all the time.
    pub fn is_told(&self) -> bool {
        let Self::Served(_, code) = self else {
            return !matches!(self, Self::Begun(_) | Self::Expired);
        };
        *code != Code::Right
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => f.write_str("the network is cut"),
            Self::Healed => f.write_str("the network has healed"),
            Self::Crash(order) => write!(f, "a process is killed at {order}"),
            Self::Begun(batch) => write!(f, "batch {batch} begins"),
            Self::Served(batch, Code::Right) => write!(f, "batch {batch} is served"),
            Self::Served(batch, code) => write!(f, "batch {batch}, {code}, is served"),
            Self::Expired => f.write_str("what is served is forgotten by the speed layer"),
            Self::RolledBack(batch) => write!(f, "batch {batch} is rolled back"),
        }
    }
}

/// Where a partition of the log stands at one look, as offsets: which records are in the log, in
/// the realtime views, and in the batch views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogOffsets {
    /// The offset of the next record that the site accepts.
    pub end: u64,
    /// The next offset that the speed layer reads; `None` if the query refuses to answer.
    pub position: Option<u64>,
    /// The first offset that the served batch does not hold; `None` if the query refuses to answer.
    pub cut: Option<u64>,
}

/// The layers and the truth at one hour of the week.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The hour that has ended, since the week began.
    pub hour: i64,
    /// Records acknowledged since the last reading.
    pub arrived: u64,
    /// Records in the log that no answer holds.
    pub waiting: u64,
    /// Hours since the oldest of them came.
    pub stale: i64,
    /// The batch that is served, and its code.
    pub batch: u64,
    pub code: Code,
    /// By all that was acknowledged.
    pub truth: Figures,
    /// By what the layers claim to hold.
    pub known: Figures,
    /// The layers' answer; none if they refuse.
    pub merged: Option<Figures>,
    /// Page views that the serving views hold.
    pub serving: i64,
    /// Page views that the answer holds twice, and says so: copies that a client sent to
    /// both sites, of which neither is before the cut. The next batch run drops the second.
    pub twice: i64,
    /// Page views missing from the answer, and counted too often, of those that it
    /// claims to hold.
    pub lost: i64,
    pub doubled: i64,
    /// What each site answers by itself.
    pub sites: Vec<SiteAnswers>,
    /// Where the partition of each site stands.
    pub offsets: Vec<LogOffsets>,
    /// Whether the sites reach each other.
    pub whole: bool,
    pub marks: Vec<Mark>,
}

impl Reading {
    /// Whether the answer has every page view that was acknowledged. Some may be in it twice.
    pub fn is_complete(&self) -> bool {
        let all = self.truth.page_views + self.twice;
        self.merged.is_some_and(|merged| merged.page_views == all)
    }

    /// Whether the answer is the whole truth, uniques and all.
    pub fn is_whole_truth(&self) -> bool {
        self.merged == Some(self.truth)
    }

    /// Whether the answer is not what the layers claim to hold.
    pub fn is_wrong(&self) -> bool {
        let strange = |merged: Figures| {
            let known = self.known;
            merged.page_views != known.page_views
                || (merged.visits, merged.bounces) != (known.visits, known.bounces)
                || !about(merged.uniques, known.uniques)
        };
        self.lost > 0 || self.doubled > 0 || self.merged.is_some_and(strange)
    }
}

/// Whether a sketch's answer is as good as it promises: exact while it keeps codes of
/// persons, within four standard errors when it keeps registers.
pub(super) fn about(answer: i64, truth: i64) -> bool {
    let most = match truth {
        ..1_000 => 0.0,
        _ => 4.0 * lambda::batch::Precision::DEFAULT.standard_error() * truth as f64,
    };
    ((answer - truth).abs() as f64) <= most
}

/// A week so far.
#[derive(Clone, Debug)]
pub struct History {
    pub week: Week,
    pub readings: Vec<Reading>,
    /// When the week is over.
    pub account: Option<Account>,
}

impl History {
    /// Every mark, with its hour.
    pub fn marks(&self) -> impl Iterator<Item = (i64, &Mark)> {
        let readings = self.readings.iter();
        readings.flat_map(|reading| reading.marks.iter().map(|mark| (reading.hour, mark)))
    }

    /// A row for each hour and each of `truth`, `merged`, `site 0` and `site 1`: `hour`,
    /// `who`, `page views`, `uniques`. Refused answers have no row.
    pub fn answers(&self) -> PolarsResult<DataFrame> {
        let mut rows: Vec<(i64, &str, i64, i64)> = Vec::new();
        for reading in &self.readings {
            let mut add = |who, page_views, uniques| {
                rows.push((reading.hour, who, page_views, uniques));
            };
            add("truth", reading.truth.page_views, reading.truth.uniques);
            if let Some(merged) = reading.merged {
                add("merged", merged.page_views, merged.uniques);
            }
            for (who, site) in ["site 0", "site 1"].into_iter().zip(&reading.sites) {
                add(who, site.page_views, site.uniques);
            }
        }
        df!(
            "hour" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
            "who" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
            "page views" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
            "uniques" => rows.iter().map(|row| row.3).collect::<Vec<_>>(),
        )
    }

    /// A row for each reading: `hour`, whether the network is `whole`, the page views of
    /// the `truth`, those that each site answers by its G-counters (`site 0`, `site 1`) and by
    /// the identities of page views (`0 by identity`, `1 by identity`), and the batch that each
    /// serves.
    pub fn sites(&self) -> PolarsResult<DataFrame> {
        let readings = || self.readings.iter();
        let of = |at: usize, of: fn(&SiteAnswers) -> i64| -> Vec<Option<i64>> {
            readings()
                .map(|reading| reading.sites.get(at).map(of))
                .collect()
        };
        df!(
            "hour" => readings().map(|reading| reading.hour).collect::<Vec<_>>(),
            "whole" => readings().map(|reading| reading.whole).collect::<Vec<_>>(),
            "truth" => readings().map(|reading| reading.truth.page_views).collect::<Vec<_>>(),
            "site 0" => of(0, |site| site.page_views),
            "site 1" => of(1, |site| site.page_views),
            "0 by identity" => of(0, |site| site.by_identity),
            "1 by identity" => of(1, |site| site.by_identity),
            "batch at 0" => of(0, |site| site.batch as i64),
            "batch at 1" => of(1, |site| site.batch as i64),
        )
    }

    /// Follows the record at `offset` of a site's partition: a row for each hour from 12 hours before
    /// the site accepted it to 36 hours after that. `end of the log`, `position` (of the speed layer)
    /// and `cut` (of the served batch) say how many records each of them is past this one: above 0
    /// the log, the realtime views or the batch views hold it. The last two are null where the query
    /// refused to answer. The frame is empty if the week has no such record.
    ///
    /// ```
    /// use lambda_workbook::capstone::{Week, here};
    /// let folder = tempfile::tempdir()?;
    /// let history = here(folder.path(), &Week::drawn(1, 300), &mut |_| ())?;
    /// // The first record that site 0 accepts after this look.
    /// let offset = history.readings[20].offsets[0].end;
    /// let way = history.way_of(0, offset)?;
    /// // In its first hours the record is not in the log yet, and in its last ones it is.
    /// let end = way.column("end of the log")?.i64()?;
    /// assert!(end.first() <= Some(0) && end.last() > Some(0));
    /// assert_eq!(history.way_of(0, 1_000_000)?.height(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// None that depends on the record.
    pub fn way_of(&self, site: usize, offset: u64) -> PolarsResult<DataFrame> {
        let of = |reading: &Reading| reading.offsets.get(site).copied().unwrap_or_default();
        let accepted = { self.readings.iter() }.find(|reading| of(reading).end > offset);
        let near = |reading: &&Reading| {
            let near = accepted.map(|first| first.hour - 12..=first.hour + 36);
            near.is_some_and(|hours| hours.contains(&reading.hour))
        };
        let near: Vec<&Reading> = self.readings.iter().filter(near).collect();
        let column = |value: fn(LogOffsets) -> Option<u64>| -> Vec<Option<i64>> {
            let past = |place: u64| place as i64 - offset as i64;
            let value = |reading: &&Reading| value(of(reading)).map(past);
            near.iter().map(value).collect()
        };
        df!(
            "hour" => near.iter().map(|reading| reading.hour).collect::<Vec<_>>(),
            "end of the log" => column(|offsets| Some(offsets.end)),
            "position" => column(|offsets| offsets.position),
            "cut" => column(|offsets| offsets.cut),
        )
    }

    /// A row for each reading: `hour`, the `batch` that is served, its `code`, and by how
    /// much the answers are off the truth: `page views off`, `uniques off`, `visits off`
    /// (null where they are refused).
    pub fn batches(&self) -> PolarsResult<DataFrame> {
        let readings = || self.readings.iter();
        let off = |of: fn(&Figures) -> i64| -> Vec<Option<i64>> {
            let off = |reading: &Reading| Some(of(&reading.merged?) - of(&reading.truth));
            readings().map(off).collect()
        };
        df!(
            "hour" => readings().map(|reading| reading.hour).collect::<Vec<_>>(),
            "batch" => readings().map(|reading| reading.batch).collect::<Vec<_>>(),
            "code" => readings().map(|reading| reading.code.to_string()).collect::<Vec<_>>(),
            "page views off" => off(|figures| figures.page_views),
            "uniques off" => off(|figures| figures.uniques),
            "visits off" => off(|figures| figures.visits),
        )
    }

    /// What happened but for batch runs that went well, hour by hour: `after hour`,
    /// `event`, and how many page views the next look's answer was from the truth, `off at the
    /// next look` (null where it was refused).
    pub fn events(&self) -> PolarsResult<DataFrame> {
        let told = self.readings.iter().flat_map(|reading| {
            let marks = reading.marks.iter().filter(|mark| mark.is_told());
            marks.map(move |mark| (reading, mark.to_string()))
        });
        let told: Vec<(&Reading, String)> = told.collect();
        let step = self.week.step;
        let off = |reading: &Reading| {
            let merged = reading.merged?;
            Some(merged.page_views - reading.truth.page_views)
        };
        df!(
            "after hour" => told.iter().map(|(reading, _)| reading.hour - step).collect::<Vec<_>>(),
            "event" => told.iter().map(|(_, mark)| mark.as_str()).collect::<Vec<_>>(),
            "off at the next look" => told.iter().map(|(reading, _)| off(reading)).collect::<Vec<_>>(),
        )
    }
}

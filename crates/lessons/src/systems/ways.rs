//! One question, four ways: latency, timeliness and accuracy, measured.
//!
//! `query = function(all data)`. A system that could compute that at once would need
//! nothing else. Each way here gives up some of it:
//!
//! | way | what is read | what it gives up |
//! |---|---|---|
//! | recompute | all master data | latency |
//! | serving view | a batch view | timeliness: what came since the batch run |
//! | merged | serving and realtime view | a little accuracy, until the next batch run |
//! | incremental | one store that each event changes | accuracy, for good, wherever something went wrong |
//!
//! How new an answer is is *read* from the system: the newest datum in the master
//! data, before the cut of the served batch, before the offsets of the updater, or
//! the one that the store remembers. What is right is counted from the arrivals by
//! [`TrafficTruth`].
//!
//! Source: *Big Data*, Marz and Warren (Manning), section 18.1.
use super::error::Result;
use super::fact_kind::FactKind;
use super::incremental::{Incremental, Writes};
use super::master_set::MasterSet;
use super::pedigree::Recorded;
use super::traffic::{DAY, ReceivedDatum, Traffic, TrafficTruth, url};
use calendar::Span;
use lambda::batch;
use lambda::datum::{self, DataUnit, Datum};
use lambda::speed::{EmbeddedLog, Log, ManualClock, feed};
use lambda::{Lambda, Options};
use polars::prelude::{DataFrame, IntoLazy, UniqueKeepStrategy, col, df, lit};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const TOPIC: &str = "datums";
const PARTITIONS: u32 = 2;
const HOUR: i64 = 3_600;
/// The batch run's cut, the end of the last hour whose data are in the master data
/// set, the last step of the updater, and the question: seconds of the day.
const CUT: i64 = 18 * HOUR;
const COLLECTED: i64 = 23 * HOUR;
const NOW: i64 = DAY - 600;
const STEPPED: i64 = NOW - 60;

/// An answer and its three numbers.
#[derive(Clone, Debug)]
pub struct Answered {
    pub way: &'static str,
    pub page_views: i64,
    pub uniques: i64,
    /// The newest datum that the answer holds: epoch seconds.
    pub newest: i64,
    /// Timeliness: seconds between that and the question.
    pub behind: i64,
    /// Accuracy: distance from the truth, in percent of it.
    pub views_error: f64,
    pub uniques_error: f64,
    /// Rows that were read: what latency is made of.
    pub rows: i64,
    /// Latency: the median of some askings.
    pub latency: Duration,
}

impl Answered {
    /// One row for each: `way`, `page_views`, `uniques`, `newest`, `behind_s`,
    /// `views_error_%`, `uniques_error_%`, `rows`, `ms`.
    pub fn frame(answers: &[Self]) -> DataFrame {
        let round = |of: fn(&Self) -> f64| -> Vec<f64> {
            let hundredths = answers.iter().map(|a| (of(a) * 100.0).round());
            hundredths.map(|n| n / 100.0).collect()
        };
        df!(
            "way" => answers.iter().map(|a| a.way).collect::<Vec<_>>(),
            "page_views" => answers.iter().map(|a| a.page_views).collect::<Vec<_>>(),
            "uniques" => answers.iter().map(|a| a.uniques).collect::<Vec<_>>(),
            "newest" => answers.iter().map(|a| a.newest).collect::<Vec<_>>(),
            "behind_s" => answers.iter().map(|a| a.behind).collect::<Vec<_>>(),
            "views_error_%" => round(|a| a.views_error),
            "uniques_error_%" => round(|a| a.uniques_error),
            "rows" => answers.iter().map(|a| a.rows).collect::<Vec<_>>(),
            "ms" => answers.iter().map(|a| a.latency.as_secs_f64() * 1e3).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }
}

/// A day of traffic in all four ways, ten minutes before midnight.
pub struct Ways {
    set: MasterSet,
    log: Arc<EmbeddedLog>,
    lambda: Lambda,
    incremental: Incremental,
    truth: TrafficTruth,
}

impl Ways {
    /// Sixty thousand page views; some copies come three hours late, and equivs two.
    pub const DAY: Traffic = Traffic {
        days: 1,
        views: 60_000,
        persons: 3_000,
        pages: 12,
        domains: 1,
        equivs_late_by: 2 * HOUR,
        copy_one_in: 50,
        copies_late_by: 3 * HOUR,
        seed: 11,
    };

    /// Takes the day: each arrival goes to the incremental store at once, to the log
    /// and its updater, and hour by hour into the master data set; one batch run at
    /// six in the evening.
    pub fn prepare(folder: &Path, traffic: &Traffic) -> Result<Self> {
        let log = Arc::new(EmbeddedLog::open(folder.join("log"))?);
        log.create_topic(TOPIC, PARTITIONS)?;
        let options = Options {
            // An hour of a partition; as long as the incremental store remembers.
            window: (traffic.views / 24 / PARTITIONS) as usize,
            ..Options::default()
        };
        let clock = Arc::new(ManualClock::at(0));
        let store = folder.join("incremental");
        let mut ways = Self {
            set: MasterSet::open(folder.join("master-set"))?,
            lambda: Lambda::open(folder, log.clone(), TOPIC, options)?,
            incremental: Incremental::open(store, Writes::Together, clock.clone())?,
            truth: TrafficTruth::default(),
            log,
        };
        let arrivals = traffic.arrivals();
        let mut from = 0;
        for until in (1..24).map(|hour| hour * HOUR).chain([STEPPED, NOW]) {
            let count = arrivals[from..].partition_point(|arrival| arrival.at < until);
            let new = &arrivals[from..from + count];
            from += count;
            for arrival in new {
                clock.set(arrival.at * 1000);
                ways.incremental.take(&arrival.datum)?;
                ways.truth.take(arrival);
            }
            let datums: Vec<Datum> = new.iter().map(|a| a.datum.clone()).collect();
            feed(ways.log.as_ref(), TOPIC, &datums)?;
            if until < NOW {
                ways.lambda.drain()?;
            }
            if until <= COLLECTED {
                let recorded: Vec<Recorded> = new.iter().map(recorded).collect();
                ways.set.append("collector 1", &recorded)?;
            }
            if until == CUT {
                ways.lambda.run_batch()?;
            }
        }
        Ok(ways)
    }

    /// Page views and uniques of a page in the hours that begin in a range, in each
    /// way; each is asked some times, for its latency.
    pub fn ask(&self, page: u32, hours: Range<i64>) -> Result<Vec<Answered>> {
        let url = url(page);
        let right = (
            self.truth.page_views(page, hours.clone()),
            self.truth.uniques(page, hours.clone()),
        );
        let of = |way, newest, rows, (answer, latency): ((i64, i64), Duration)| {
            let error = |a: i64, t: i64| (a - t).abs() as f64 / t.max(1) as f64 * 100.0;
            Answered {
                way,
                page_views: answer.0,
                uniques: answer.1,
                newest,
                behind: NOW - newest,
                views_error: error(answer.0, right.0),
                uniques_error: error(answer.1, right.1),
                rows,
                latency,
            }
        };
        let served = self.lambda.served();
        let since = self.lambda.realtime().since(served.batch())?;
        let seen = self.lambda.query()?.seen();
        let span = Span::of_hours_in(&hours);
        let in_serving = match served.uniques(&url, span)? {
            Some(found) => found
                .parts
                .iter()
                .filter(|(_, part)| part.is_some())
                .count() as i64,
            None => 0,
        };
        let in_realtime = since.page_views_by_hour(&url, &hours)?.len() as i64;
        let [views, equivs] = [FactKind::PageView, FactKind::Equiv].map(|kind| self.set.read(kind));
        let (views, equivs) = (views?, equivs?);
        let collected = views
            .column("true_as_of_secs")?
            .i64()?
            .iter()
            .flatten()
            .max();
        let merged = || -> Result<(i64, i64)> {
            let query = self.lambda.query()?;
            let views = query.page_views(&url, hours.clone())?.value;
            Ok((views, query.uniques(&url, hours.clone())?.value))
        };
        let serving = || -> Result<(i64, i64)> {
            let views = served
                .page_views(&url, span)?
                .map_or(0, |found| found.value);
            let uniques = served.uniques(&url, span)?;
            Ok((views, uniques.map_or(0, |found| found.value.uniques())))
        };
        let incremental = || -> Result<(i64, i64)> {
            let views = self.incremental.page_views(&url, hours.clone())?;
            Ok((views, self.incremental.uniques(&url, hours.clone())?))
        };
        let all = (views.height() + equivs.height()) as i64;
        let kept = self.incremental.rows(&url, hours.clone())? as i64;
        let read = collected.unwrap_or(0);
        let newest = self.incremental.newest()?.unwrap_or(0);
        let [cut, step] = [self.newest(&self.lambda.cut())?, self.newest(&seen)?];
        let both = in_serving + in_realtime;
        let recompute = || self.recompute(&url, &hours);
        Ok(vec![
            of("recompute", read, all, asked(3, recompute)?),
            of("serving view", cut, in_serving, asked(25, serving)?),
            of("merged", step, both, asked(25, merged)?),
            of("incremental", newest, kept, asked(25, incremental)?),
        ])
    }

    /// Returns what is true at the moment of the question, in the form of an answer: counted from
    /// everything that has come, each page view once, and each person once as far as equivs have come.
    /// It is none of the ways: nothing is read for it.
    ///
    /// # Errors
    /// If the second of the newest datum cannot be read.
    pub fn truth(&self, page: u32, hours: Range<i64>) -> Result<Answered> {
        // The incremental store has taken everything that has come.
        let newest = self.incremental.newest()?.unwrap_or(0);
        Ok(Answered {
            way: "truth",
            page_views: self.truth.page_views(page, hours.clone()),
            uniques: self.truth.uniques(page, hours),
            newest,
            behind: NOW - newest,
            views_error: 0.0,
            uniques_error: 0.0,
            rows: 0,
            latency: Duration::ZERO,
        })
    }

    /// The function of all data itself: exact, and by all equivs.
    fn recompute(&self, url: &str, hours: &Range<i64>) -> Result<(i64, i64)> {
        let views = batch::normalised(&self.set.believed(FactKind::PageView)?)?;
        let mut equivs = Vec::new();
        for datum in self.set.datums(FactKind::Equiv)? {
            if let DataUnit::Equiv(equiv) = datum.dataunit {
                equivs.push(equiv);
            }
        }
        let views = batch::PersonIndex::of(&equivs).apply(&batch::distinct(&views)?)?;
        let secs = col("true_as_of_secs");
        let wanted = views
            .lazy()
            .filter(col("url").eq(lit(url)))
            .filter(
                secs.clone()
                    .gt_eq(lit(hours.start))
                    .and(secs.lt(lit(hours.end))),
            )
            .select([col("cookie"), col("user_id")])
            .collect()?;
        let persons = wanted.unique::<&[String], String>(None, UniqueKeepStrategy::Any, None)?;
        Ok((wanted.height() as i64, persons.height() as i64))
    }

    /// The newest second of a datum among the last records before some offsets.
    fn newest(&self, offsets: &[u64]) -> Result<i64> {
        let mut newest = 0;
        for (partition, end) in (0u32..).zip(offsets) {
            // Late copies are among them, so more than one is looked at.
            let from = end.saturating_sub(100);
            let records = self
                .log
                .read(TOPIC, partition, from, (end - from) as usize)?;
            for record in records.iter() {
                if let Ok(datum) = datum::parse(record.value) {
                    newest = newest.max(datum.pedigree.true_as_of_secs);
                }
            }
        }
        Ok(newest)
    }
}

fn recorded(arrival: &ReceivedDatum) -> Recorded {
    Recorded {
        datum: arrival.datum.clone(),
        arrived_secs: arrival.at,
        said_by: None,
    }
}

/// An answer, and the median of how long it took.
fn asked<T>(times: usize, ask: impl Fn() -> Result<T>) -> Result<(T, Duration)> {
    let mut took = Vec::with_capacity(times);
    let mut answer = None;
    for _ in 0..times {
        let started = Instant::now();
        answer = Some(ask()?);
        took.push(started.elapsed());
    }
    took.sort_unstable();
    Ok((answer.expect("asked once or more"), took[times / 2]))
}

#[cfg(test)]
#[path = "ways_tests.rs"]
mod tests;

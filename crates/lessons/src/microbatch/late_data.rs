//! Two hours of page views that come late, and what becomes of each of them.
//!
//! Three partitions bring page views of foo.com. A batch begins in every minute in
//! which a view arrives. Most views arrive within a minute, and some do not:
//!
//! | who | what happens |
//! |---|---|
//! | user 901 | views at minutes 20, 21 and 22, in a tunnel: they arrive at minute 28 |
//! | user 902 | views at minutes 39 and 40; the second one arrives at minute 85 |
//! | user 903 | views at minutes 10 and 39; the second one arrives at minute 49, when the visit of the first is published |
//! | partition 2 | brings nothing from minute 50 to 75 |
//! | user 904 | has a clock that is a day ahead: a view at minute 55, in partition 0 |
//!
//! The views run through the topology [`bounce_rate`](super::bounce_rate). The batch layer judges: its
//! [`bounces`](lambda::batch::bounces) over the same rows.
use super::error::Result;
use super::event_time::{EventTime, WatermarkOf};
use super::job::{Job, JobOptions};
use super::topologies::bounce_rate_after;
use super::value::Owned;
use lambda::batch;
use lambda::speed::{EmbeddedLog, Log};
use polars::prelude::{DataFrame, df};
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// The topic of the page views.
pub const TOPIC: &str = "views";
/// The site whose visits are counted.
pub const DOMAIN: &str = "foo.com";
/// Minutes that are played.
pub const MINUTES: i64 = 120;
/// The minutes in which partition 2 brings nothing: from the first to before the second.
pub const SILENT: (i64, i64) = (50, 75);
/// The first minute, in epoch seconds: 2015-08-06 18:00 UTC.
pub const START: i64 = 1_438_884_000;
const PARTITIONS: u32 = 3;
const DAY: i64 = 86_400;

/// How the job is set up, and what happens in the two hours.
#[derive(Clone, Debug)]
pub struct LateOptions {
    /// Seconds without a page view after which a visit is over.
    pub silence: i64,
    /// Seconds for which the watermark of a partition stays behind its latest row.
    pub disorder: i64,
    /// The allowed lateness in seconds.
    pub lateness: i64,
    /// After how many batches without a row a partition is idle; `None` if it never is.
    pub idle_after: Option<u64>,
    /// From which rows the watermark is taken.
    pub of: WatermarkOf,
    /// Whether user 904 comes, whose clock is a day ahead.
    pub wrong_clock: bool,
    /// The seed of the ordinary page views.
    pub seed: u64,
}

impl Default for LateOptions {
    fn default() -> Self {
        Self {
            silence: batch::bounces::SILENCE,
            disorder: 120,
            lateness: 600,
            idle_after: Some(5),
            of: WatermarkOf::EachPartition,
            wrong_clock: false,
            seed: 8,
        }
    }
}

impl LateOptions {
    /// Returns what the topology is told about event times.
    pub fn event_time(&self) -> EventTime {
        let time = EventTime::in_field("secs")
            .disorder(self.disorder)
            .watermark_of(self.of);
        match self.idle_after {
            Some(batches) => time.idle_after(batches),
            None => time.never_idle(),
        }
    }
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timeliness {
    /// At the watermark or after it.
    OnTime,
    /// Before the watermark, by the allowed lateness or less.
    LateButAllowed,
    /// Later than that: it goes to the side output.
    TooLate,
}

impl Timeliness {
    /// Returns what becomes of a row with the event time `secs` in a batch that begins at the
    /// watermark. Before there is a watermark, every row is on time.
    ///
    /// ```
    /// use lambda_workbook::microbatch::late_data::Timeliness;
    /// let at = |secs| Timeliness::of(secs, Some(1_000), 300);
    /// assert_eq!(at(1_000), Timeliness::OnTime);
    /// assert_eq!(at(999), Timeliness::LateButAllowed);
    /// assert_eq!(at(700), Timeliness::LateButAllowed);
    /// assert_eq!(at(699), Timeliness::TooLate);
    /// ```
    pub fn of(secs: i64, watermark: Option<i64>, lateness: i64) -> Self {
        match watermark {
            Some(watermark) if secs.saturating_add(lateness) < watermark => Timeliness::TooLate,
            Some(watermark) if secs < watermark => Timeliness::LateButAllowed,
            _ => Timeliness::OnTime,
        }
    }

    /// Returns it in words.
    pub fn name(self) -> &'static str {
        match self {
            Timeliness::OnTime => "on time",
            Timeliness::LateButAllowed => "late, allowed",
            Timeliness::TooLate => "too late",
        }
    }
}

/// A page view on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LateView {
    /// The partition that brings it.
    pub partition: u32,
    /// The user.
    pub user: i64,
    /// Its event time, in seconds since [`START`].
    pub secs: i64,
    /// When it arrives, in minutes since [`START`].
    pub arrives: i64,
    /// What became of it.
    pub timeliness: Timeliness,
}

/// How far the job had come when a batch was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateBatch {
    /// The minute of the batch.
    pub minute: i64,
    /// The watermark, in seconds since [`START`].
    pub watermark: Option<i64>,
    /// The watermark of each partition by itself; `None` before its first row.
    pub partitions: Vec<Option<i64>>,
    /// The visits and bounces that are published.
    pub published: (i64, i64),
}

/// The two hours after they were played.
pub struct LateRun {
    /// The page views in the order in which they arrived.
    pub views: Vec<LateView>,
    /// How far the job had come after each minute. A minute without views has no batch of its own.
    pub batches: Vec<LateBatch>,
    /// Visits and bounces of [`DOMAIN`] in the realtime view, when all visits are over.
    pub realtime: (i64, i64),
    /// The same in the batch view of all rows.
    pub batch: (i64, i64),
    /// The same in the batch view of the rows that were accepted.
    pub accepted: (i64, i64),
    /// The rows of the side output, as user and seconds since [`START`].
    pub side_output: BTreeSet<(i64, i64)>,
    /// The log with all rows.
    pub log: Arc<dyn Log>,
    /// The allowed lateness, in seconds.
    pub lateness: i64,
}

/// Plays the two hours: a batch of the job after each minute in which a view arrives, and one three
/// days later, by which all visits are over.
///
/// # Errors
/// What the log and the job say.
///
/// ```
/// use lambda_workbook::microbatch::late_data::{LateOptions, run};
/// let folder = tempfile::tempdir()?;
/// let run = run(folder.path(), &LateOptions::default())?;
/// assert_eq!(run.realtime, run.accepted); // the view has every row that it accepted
/// assert_ne!(run.realtime, run.batch); // user 902 came too late
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run(folder: &Path, options: &LateOptions) -> Result<LateRun> {
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(folder.join("log"))?);
    log.create_topic(TOPIC, PARTITIONS)?;
    let mut job = open_job(&folder.join("job"), log.clone(), options)?;
    let mut views = arrivals(options);
    let mut batches = Vec::new();
    let mut nonce = 0;
    let since_start = |secs: i64| secs - START;

    // A batch a minute, of the views that arrived in it.
    for minute in 0..MINUTES {
        let watermark = job.clock().watermark().map(since_start);
        for view in views.iter_mut().filter(|view| view.arrives == minute) {
            view.timeliness = Timeliness::of(view.secs, watermark, options.lateness);
            append(&*log, view.partition, (DOMAIN, view.user, view.secs), nonce)?;
            nonce += 1;
        }
        job.step()?;
        let own = |latest: &Option<i64>| latest.map(|secs| since_start(secs) - options.disorder);
        batches.push(LateBatch {
            minute,
            watermark: job.clock().watermark().map(since_start),
            partitions: job.clock().latest().iter().map(own).collect(),
            published: visits_and_bounces(&job)?,
        });
    }

    // Much later each partition brings a view of another site, and the watermark passes every visit.
    for (partition, user) in (0..PARTITIONS).zip(990..) {
        append(&*log, partition, ("later.com", user, 3 * DAY), nonce)?;
        nonce += 1;
    }
    job.step()?;
    let mut side_output = BTreeSet::new();
    let late = job.table("too late")?;
    let (users, secs) = (late.column("person")?.i64()?, late.column("secs")?.i64()?);
    for (user, secs) in users.iter().zip(secs.iter()) {
        side_output.extend(user.zip(secs).map(|(user, secs)| (user, secs - START)));
    }
    let is_accepted = |view: &&LateView| view.timeliness != Timeliness::TooLate;
    let accepted: Vec<LateView> = views.iter().filter(is_accepted).copied().collect();
    Ok(LateRun {
        realtime: visits_and_bounces(&job)?,
        batch: judged(&views)?,
        accepted: judged(&accepted)?,
        side_output,
        batches,
        views,
        log,
        lateness: options.lateness,
    })
}

/// Opens the job over a log of page views, in a folder of its own: a new folder begins at the first
/// offset of the log.
///
/// # Errors
/// If the folder belongs to another topology, and what the log says.
pub fn open_job(folder: &Path, log: Arc<dyn Log>, options: &LateOptions) -> Result<Job> {
    let topology = bounce_rate_after(options.event_time(), options.silence, options.lateness)?;
    let settings = JobOptions {
        partitions: 2,
        ..JobOptions::default()
    };
    Job::open(folder, log, TOPIC, topology, settings)
}

/// The page views of both hours, in the order in which they arrive.
fn arrivals(options: &LateOptions) -> Vec<LateView> {
    let mut random = SplitMix64::seed_from_u64(options.seed);
    let mut below = |n: i64| (random.next_u64() % n as u64) as i64;
    let mut views = Vec::new();
    let mut add = |partition: u32, user: i64, secs: i64, arrives: i64| {
        views.push(LateView {
            partition,
            user,
            secs,
            arrives,
            timeliness: Timeliness::OnTime,
        });
    };
    // Every four minutes someone new comes in each partition and looks at one to three pages.
    let mut user = 0;
    for partition in 0..PARTITIONS {
        for minute in (0..MINUTES - 12).step_by(4) {
            user += 1;
            let mut secs = minute * 60 + below(120);
            for _ in 0..=below(3) {
                let arrives = (secs + below(60)) / 60;
                let silent = partition == 2 && (SILENT.0..SILENT.1).contains(&arrives);
                if !silent {
                    add(partition, user, secs, arrives);
                }
                secs += 60 + below(180);
            }
        }
    }
    for minute in [20, 21, 22] {
        add(1, 901, minute * 60, 28);
    }
    add(0, 902, 39 * 60, 39);
    add(0, 902, 40 * 60, 85);
    add(1, 903, 10 * 60, 10);
    add(1, 903, 39 * 60, 49);
    if options.wrong_clock {
        add(0, 904, 55 * 60 + DAY, 55);
    }
    views.sort_by_key(|view| (view.arrives, view.partition, view.user, view.secs));
    views
}

fn append(
    log: &dyn Log,
    partition: u32,
    (domain, user, secs): (&str, i64, i64),
    nonce: i64,
) -> Result<()> {
    let view = serde_json::json!({
        "nonce": nonce,
        "page": {"url": format!("http://{domain}/")},
        "person": {"user_id": user},
    });
    let datum = serde_json::json!({
        "pedigree": {"true_as_of_secs": START + secs},
        "dataunit": {"page_view": view},
    });
    log.append(TOPIC, partition, &[(b"", datum.to_string().as_bytes())])?;
    Ok(())
}

fn visits_and_bounces(job: &Job) -> Result<(i64, i64)> {
    let number = |state| -> Result<i64> {
        let found = job.get(state, &[DOMAIN.into()])?;
        Ok(found.map_or(0, |owned: Owned| owned.as_value().int()))
    };
    Ok((number("closed")?, number("bounces")?))
}

/// The visits and bounces in the batch view of some page views.
fn judged(views: &[LateView]) -> Result<(i64, i64)> {
    let url = format!("{DOMAIN}/");
    let frame = df!(
        "url" => vec![url.as_str(); views.len()],
        "true_as_of_secs" => views.iter().map(|view| view.secs).collect::<Vec<_>>(),
        "cookie" => vec![None::<&str>; views.len()],
        "user_id" => views.iter().map(|view| view.user).collect::<Vec<_>>(),
    )?;
    let bounces = batch::bounces(&frame)?;
    let number =
        |name: &str| -> Result<i64> { Ok(bounces.column(name)?.i64()?.get(0).unwrap_or(0)) };
    Ok((number("visits")?, number("bounces")?))
}

impl LateRun {
    /// Returns how many rows were of a kind.
    pub fn count(&self, timeliness: Timeliness) -> i64 {
        let found = self
            .views
            .iter()
            .filter(|view| view.timeliness == timeliness);
        found.count() as i64
    }

    /// Returns the visits and bounces that were published when a minute's batch was done.
    pub fn published_at(&self, minute: i64) -> (i64, i64) {
        let batch = self.batches.iter().find(|batch| batch.minute == minute);
        batch.map_or((0, 0), |batch| batch.published)
    }

    /// Returns the watermark in minutes since [`START`], when a minute's batch was done. 0 if there is
    /// none.
    pub fn watermark_at(&self, minute: i64) -> i64 {
        let batch = self.batches.iter().find(|batch| batch.minute == minute);
        batch
            .and_then(|batch| batch.watermark)
            .unwrap_or(0)
            .div_euclid(60)
    }

    /// Returns the rows of one user: `minute` of its event time, `arrives`, and what `became` of it.
    ///
    /// # Errors
    /// If polars refuses the table.
    pub fn rows_of(&self, user: i64) -> Result<DataFrame> {
        let views: Vec<&LateView> = self.views.iter().filter(|view| view.user == user).collect();
        Ok(df!(
            "minute" => views.iter().map(|view| view.secs / 60).collect::<Vec<_>>(),
            "arrives" => views.iter().map(|view| view.arrives).collect::<Vec<_>>(),
            "became" => views.iter().map(|view| view.timeliness.name()).collect::<Vec<_>>(),
        )?)
    }
}

/// Compares runs: `rows` of each timeliness, and the visits and bounces of the realtime view beside
/// those of the batch view of all rows.
///
/// # Errors
/// If polars refuses the table.
pub fn compared(runs: &[(&str, &LateRun)]) -> Result<DataFrame> {
    let of = |kind| -> Vec<i64> { runs.iter().map(|(_, run)| run.count(kind)).collect() };
    let numbers = |number: &dyn Fn(&LateRun) -> i64| -> Vec<i64> {
        runs.iter().map(|(_, run)| number(run)).collect()
    };
    Ok(df!(
        "run" => runs.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        "on time" => of(Timeliness::OnTime),
        "late, allowed" => of(Timeliness::LateButAllowed),
        "too late" => of(Timeliness::TooLate),
        "visits" => numbers(&|run| run.realtime.0),
        "bounces" => numbers(&|run| run.realtime.1),
        "batch visits" => numbers(&|run| run.batch.0),
        "batch bounces" => numbers(&|run| run.batch.1),
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(options: LateOptions) -> LateRun {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), &options).unwrap()
    }

    /// The rows that were too late by the rule, by identity.
    fn too_late(run: &LateRun) -> BTreeSet<(i64, i64)> {
        let late = run.views.iter();
        let late = late.filter(|view| view.timeliness == Timeliness::TooLate);
        late.map(|view| (view.user, view.secs)).collect()
    }

    /// Rule: each row is in the view or in the side output, by identity; and the view is the batch
    /// view of the rows that it accepted, whatever the settings.
    #[test]
    fn every_row_is_in_the_view_or_in_the_side_output() {
        for of in [WatermarkOf::EachPartition, WatermarkOf::LatestRow] {
            for wrong_clock in [false, true] {
                for lateness in [0, 600, 7_200] {
                    for idle_after in [Some(1), Some(5), None] {
                        let options = LateOptions {
                            of,
                            wrong_clock,
                            lateness,
                            idle_after,
                            ..LateOptions::default()
                        };
                        let run = played(options.clone());
                        assert_eq!(run.side_output, too_late(&run), "{options:?}");
                        assert_eq!(run.realtime, run.accepted, "{options:?}");
                    }
                }
            }
        }
    }

    /// Rule: with the watermark of each partition, a wrong clock in one of them makes no row late.
    #[test]
    fn a_wrong_clock_in_one_partition_closes_nothing() {
        let late = |of, wrong_clock| {
            played(LateOptions {
                of,
                wrong_clock,
                ..LateOptions::default()
            })
            .count(Timeliness::TooLate)
        };
        let [each, latest] = [WatermarkOf::EachPartition, WatermarkOf::LatestRow];
        assert_eq!(late(each, true), late(each, false));
        assert!(late(latest, true) > late(latest, false) + 50);
    }

    /// Rule: visits that end after a quarter of an hour cut the one visit in two that has a pause of
    /// 29 minutes, and both parts are bounces.
    #[test]
    fn a_shorter_silence_cuts_the_visit_of_user_903_in_two() {
        let run = played(LateOptions {
            silence: 900,
            ..LateOptions::default()
        });
        let (visits, bounces) = run.accepted; // by the batch layer, with half an hour
        assert_eq!(run.realtime, (visits + 1, bounces + 2));
    }

    /// Rule: user 903's visit is published as a bounce, taken back, and published longer.
    #[test]
    fn a_published_visit_is_taken_back_when_an_allowed_row_makes_it_longer() {
        let run = played(LateOptions::default());
        let bounces: Vec<i64> = run.batches.iter().map(|batch| batch.published.1).collect();
        assert!(
            bounces.windows(2).any(|pair| pair[1] < pair[0]),
            "{bounces:?}"
        );
        let without = played(LateOptions {
            lateness: 0,
            ..LateOptions::default()
        });
        assert!(without.side_output.contains(&(903, 39 * 60)));
        assert!(!run.side_output.contains(&(903, 39 * 60)));
        assert!(run.side_output.contains(&(902, 40 * 60)));
    }
}

//! A load generator, the log, the workers and a reading of all of it, live.
use calendar::Granularity;
use lambda::speed::{EmbeddedLog, Log, SpeedError};
use lambda::{Freshness, Lambda, Options, Result};
use notebook::plot;
use polars::prelude::df;
use show::measured::steady;
use show::picture::Figure;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const TOPIC: &str = "live";
const URL: &str = "mysite.com/";
/// Between two readings.
const EVERY: Duration = Duration::from_millis(250);
/// Between two appends of the generator.
const TICK: Duration = Duration::from_millis(10);

/// How long, and how much.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Events a second.
    pub rate: u64,
    pub length: Duration,
    /// Between two batch runs.
    pub batch_every: Duration,
}

/// The layers at one moment of a run.
#[derive(Clone, Copy, Debug)]
pub struct LiveReading {
    pub elapsed: Duration,
    /// Events that the generator sent: the truth.
    pub sent: u64,
    /// Page views in the merged answer.
    pub merged: i64,
    /// Of which the serving views hold these.
    pub serving: i64,
    pub freshness: Freshness,
    /// Events applied a second, since the last reading.
    pub rate: f64,
    /// Since the oldest event that no view holds yet was sent.
    pub stale: Duration,
    /// Whether the run is over.
    pub last: bool,
}

/// Runs a load and gives readings of it; returns the last one, when the views hold
/// everything.
pub fn run(folder: &Path, load: Load, mut each: impl FnMut(&LiveReading)) -> Result<LiveReading> {
    let log = Arc::new(EmbeddedLog::open(folder.join("log"))?);
    log.create_topic(TOPIC, 2)?;
    let mut lambda = Lambda::open(folder, log.clone(), TOPIC, Options::default())?;
    let (sent, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let started = Instant::now();
    std::thread::scope(|scope| {
        let generator = scope.spawn(|| {
            let generated = generate(log.as_ref(), load, &sent);
            over.store(true, Ordering::SeqCst);
            generated
        });
        let (mut shown, mut applied_then) = (started, 0);
        let (mut batch_at, mut fresh_at) = (started + load.batch_every, started);
        loop {
            let finished = over.load(Ordering::SeqCst);
            let step = lambda.step(20_000)?;
            if step.records == 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
            let now = Instant::now();
            if lambda.realtime().lag()? == 0 {
                fresh_at = now;
            }
            let last = finished && step.records == 0 && lambda.realtime().lag()? == 0;
            if last || now - shown >= EVERY {
                let query = lambda.query()?;
                let answer = query.page_views(URL, 0..Granularity::Day.secs())?;
                let applied = answer.freshness.served + answer.freshness.realtime;
                let reading = LiveReading {
                    elapsed: now - started,
                    sent: sent.load(Ordering::SeqCst),
                    merged: answer.value,
                    serving: answer.serving,
                    freshness: answer.freshness,
                    rate: (applied - applied_then) as f64 / (now - shown).as_secs_f64(),
                    stale: now - fresh_at,
                    last,
                };
                (shown, applied_then) = (now, applied);
                each(&reading);
                if last {
                    generator.join().map_err(|_| SpeedError::Stopped {
                        what: "the load generator",
                    })??;
                    return Ok(reading);
                }
            }
            if now >= batch_at {
                lambda.run_batch()?;
                batch_at = Instant::now() + load.batch_every;
            }
        }
    })
}

/// Runs a load ([`run`]) for some seconds, with a batch run four times in it, and returns the last
/// reading with a chart of the whole run: what was sent, what the merged answer counted, and how much
/// of that the serving views held. `show` gets each reading in words.
///
/// Where outputs are stored, the run is short and the chart is that of a dated run, because a stored
/// notebook must be the same after every run.
///
/// # Errors
/// If the folder cannot be written, or the load generator fails.
pub fn board(
    folder: &Path,
    rate: u64,
    seconds: u64,
    mut show: impl FnMut(String),
) -> std::result::Result<(LiveReading, Figure), Box<dyn std::error::Error>> {
    let length = Duration::from_secs(if steady() { 2 } else { seconds });
    let load = Load {
        rate,
        length,
        batch_every: length / 4,
    };
    let mut rows: Vec<Reading> = Vec::new();
    let last = run(folder, load, |now| {
        let (secs, recent) = (now.elapsed.as_secs_f64(), now.merged - now.serving);
        rows.push((secs, now.sent as i64, now.merged, now.serving));
        if !steady() {
            show(format!(
                "{secs:>6.1} s, {:.0} events/s, stale by {:?}\nsent {}, merged {} = {} + {recent}, waiting {}",
                now.rate, now.stale, now.sent, now.merged, now.serving, now.freshness.waiting
            ));
        }
    })?;
    let whose = if steady() {
        "sample, 2026-11-30: 2,000 events a second for 30 s"
    } else {
        "measured now"
    };
    if steady() {
        rows = sampled();
    }
    let lines = ["sent", "merged answer", "of which serving"];
    let number = |row: &Reading, line| [row.1, row.2, row.3][line];
    let points = || {
        rows.iter()
            .flat_map(|row| (0..3).map(move |line| (row, line)))
    };
    let table = df!(
        "second" => points().map(|(row, _)| row.0).collect::<Vec<_>>(),
        "events" => points().map(|(row, line)| number(row, line)).collect::<Vec<_>>(),
        "what" => points().map(|(_, line)| lines[line]).collect::<Vec<_>>(),
    )?;
    let title = format!("Both layers under load ({whose})");
    let figure = plot::lines(&table, "second", "events")
        .by("what")
        .title(title)
        .figure()?;
    Ok((last, figure))
}

/// Returns the largest changes between two readings of the dated run of [`board`], up or down, in
/// events: that of the part which the serving views hold, and that of the merged count beside what was
/// sent in the same time. A change is a step if it is far larger than what is sent between two readings.
///
/// ```
/// use lambda_workbook::lambda::live;
/// let (serving, merged) = live::largest_changes();
/// assert!(serving > 10_000 && merged.abs() < 100);
/// ```
pub fn largest_changes() -> (i64, i64) {
    let rows = sampled();
    let largest = |change: fn(&Reading, &Reading) -> i64| {
        let changes = rows.windows(2).map(|pair| change(&pair[0], &pair[1]));
        changes.max_by_key(|change| change.abs()).unwrap_or(0)
    };
    let serving = largest(|before, after| after.3 - before.3);
    let merged = largest(|before, after| (after.2 - before.2) - (after.1 - before.1));
    (serving, merged)
}

/// A reading of the dated run: second, sent, merged, serving.
type Reading = (f64, i64, i64, i64);

/// The readings of a dated run: second, sent, merged, serving.
fn sampled() -> Vec<Reading> {
    let row = |line: &str| {
        let numbers: Vec<f64> = line.split(',').map_while(|n| n.parse().ok()).collect();
        let [second, sent, merged, serving] = numbers[..] else {
            return None;
        };
        Some((second, sent as i64, merged as i64, serving as i64))
    };
    SAMPLE.lines().filter_map(row).collect()
}

/// A run of [`board`] with 2,000 events a second for 30 seconds, on 2026-11-30, on a virtual machine
/// with 2 cores of an Intel Xeon, Linux: second, sent, merged, serving in each line.
const SAMPLE: &str = include_str!("live.csv");

/// Sends events at a steady rate, as many as the rate and the length make.
fn generate(log: &dyn Log, load: Load, sent: &AtomicU64) -> Result<()> {
    let total = (load.rate as f64 * load.length.as_secs_f64()) as u64;
    let started = Instant::now();
    let mut next = 0;
    while next < total {
        let due = (load.rate as f64 * started.elapsed().as_secs_f64()) as u64;
        let until = due.clamp(next, total);
        let events: Vec<(String, String)> = (next..until).map(event).collect();
        let records: Vec<(&[u8], &[u8])> = events
            .iter()
            .map(|(k, v)| (k.as_bytes(), v.as_bytes()))
            .collect();
        // Said first: nothing is ever counted that was not sent.
        sent.store(until, Ordering::SeqCst);
        log.append_by_key(TOPIC, &records)?;
        next = until;
        std::thread::sleep(TICK);
    }
    Ok(())
}

fn event(n: u64) -> (String, String) {
    let (user, secs) = (n % 1_000, n % 86_400);
    let line = format!(
        r#"{{"dataunit":{{"page_view":{{"nonce":{n},"page":{{"url":"http://{URL}"}},"person":{{"user_id":{user}}}}}}},"pedigree":{{"true_as_of_secs":{secs}}}}}"#
    );
    (user.to_string(), line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_a_run_in_which_the_sum_of_both_layers_follows_what_was_sent() {
        let rows = sampled();
        assert!(rows.len() > 60, "{} readings", rows.len());
        for (second, sent, merged, serving) in &rows {
            assert!(serving <= merged && merged <= sent, "second {second}");
        }
        let (_, sent, merged, serving) = rows[rows.len() - 1];
        assert!(sent == merged && serving > 0);
    }

    #[test]
    fn a_short_run_ends_with_everything_counted_once() {
        let folder = tempfile::tempdir().unwrap();
        let load = Load {
            rate: 4_000,
            length: Duration::from_millis(700),
            batch_every: Duration::from_millis(300),
        };
        let mut readings = 0;
        let last = run(folder.path(), load, |reading| {
            assert!(reading.merged as u64 <= reading.sent);
            readings += 1;
        })
        .unwrap();
        assert_eq!(
            (last.sent, last.merged, last.freshness.waiting),
            (2_800, 2_800, 0)
        );
        assert!(last.freshness.batch > 0 && readings > 1);
    }
}

//! Latency and throughput, one at a time and by batches (figure 14.5): computed from the cost of a
//! line and of a commit ([`modelled`]), and measured on this machine ([`measure`]).
use super::error::{Result, scratch};
use super::job::{Job, JobOptions};
use super::stored::Kind;
use super::topologies::word_count;
use lambda::speed::{EmbeddedLog, EmbeddedStore, Family, Log, Mutation, RealtimeStore};
use notebook::plot;
use polars::prelude::{DataFrame, df};
use show::picture::Figure;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const TOPIC: &str = "lines";
const LINE: &str = "a speed layer counts what a batch layer has not counted";

/// What a run with a given load took.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadTimes {
    /// Between the beginnings of two batches; none: one line at a time.
    pub interval: Option<Duration>,
    /// From the arrival of a line until its words are counted: median and 99 of 100.
    pub median: Duration,
    pub p99: Duration,
    /// Lines a second, if all wait from the beginning.
    pub rate: f64,
    /// Commits to the disk for a thousand lines of the load.
    pub commits: f64,
}

/// What the steps of a counter cost, for [`modelled`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepCosts {
    /// Reading a line and adding its words up in memory.
    pub line: Duration,
    /// A write that has to reach the disk.
    pub commit: Duration,
}

/// Partitions of the state in [`modelled`].
const PARTITIONS: u64 = 2;

/// Computes what [`measure`] measures, with a clock that is counted: lines come at equal distances,
/// `rate` a second, and each step takes what it costs. One at a time, a line commits each of its words
/// and its offset. A batch commits its plan, two partitions of the state, and the record that it is
/// done, however many lines it has.
///
/// ```
/// use lambda_workbook::microbatch::trade::{StepCosts, modelled};
/// use std::time::Duration;
/// let ms = Duration::from_millis;
/// let costs = StepCosts { line: ms(1), commit: ms(2) };
/// // A line costs 1 ms and 12 commits, and the next one comes 100 ms later.
/// let one = modelled(None, 10, 50, costs);
/// assert_eq!((one.median, one.commits), (ms(25), 12_000.0));
/// // 40 lines a second: one at a time keeps up. With 50 it does not: each line waits longer.
/// assert_eq!(modelled(None, 40, 50, costs).p99, ms(25));
/// assert!(modelled(None, 50, 50, costs).p99 > ms(200));
/// // A batch of all that waits keeps up, and does more lines a second.
/// let batches = modelled(Some(ms(50)), 50, 50, costs);
/// assert!(batches.p99 < ms(100) && batches.rate > 10.0 * one.rate);
/// ```
pub fn modelled(interval: Option<Duration>, rate: u64, lines: u64, costs: StepCosts) -> LoadTimes {
    let words = LINE.split_ascii_whitespace().count() as u64;
    let (most, commits) = match interval {
        None => (1, words + 1),
        Some(_) => (u64::MAX, 2 + PARTITIONS),
    };
    let cost = |taken: u64| costs.line * taken as u32 + costs.commit * commits as u32;
    let arrives = |line: u64| Duration::from_secs(1) * line as u32 / rate.max(1) as u32;
    let (mut now, mut taken, mut batches) = (Duration::ZERO, 0, 0);
    let mut waits = Vec::new();
    while taken < lines {
        let here = (taken..lines).take_while(|line| arrives(*line) <= now);
        let batch = (here.count() as u64).min(most);
        let begin = now;
        if batch > 0 {
            now += cost(batch);
            waits.extend((taken..taken + batch).map(|line| now - arrives(line)));
            (taken, batches) = (taken + batch, batches + 1);
        }
        // The next one begins when its time has come; one at a time, when a line is there.
        now = now.max(match interval {
            Some(interval) => begin + interval,
            None if taken < lines => arrives(taken),
            None => now,
        });
    }
    waits.sort();
    let one = cost(most.min(WAITING));
    LoadTimes {
        interval,
        median: share_of(&waits, 0.5),
        p99: share_of(&waits, 0.99),
        rate: most.min(WAITING) as f64 / one.as_secs_f64(),
        commits: (batches * commits) as f64 * 1e3 / lines.max(1) as f64,
    }
}

/// Lines that wait from the beginning, when [`modelled`] computes how many it does a second.
const WAITING: u64 = 5_000;

/// Returns the value below which a share of sorted values lies.
fn share_of(sorted: &[Duration], share: f64) -> Duration {
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place).copied().unwrap_or_default()
}

/// Counts the words of a log of lines.
trait Counter {
    /// Counts what waits; how many lines are counted in all.
    fn step(&mut self) -> Result<u64>;
    fn commits(&self) -> u64;
}

impl Counter for Job {
    fn step(&mut self) -> Result<u64> {
        Job::step(self)?;
        Ok(self.done.next.iter().sum())
    }

    fn commits(&self) -> u64 {
        // The plan, the partitions of the state, the record that it is done.
        self.batch() * (2 + u64::from(self.options.partitions))
    }
}

/// Line by line: the words of each, then the offset.
struct OneAtATime {
    log: Arc<EmbeddedLog>,
    store: EmbeddedStore,
    next: u64,
    commits: u64,
}

impl Counter for OneAtATime {
    fn step(&mut self) -> Result<u64> {
        let records = self.log.read(TOPIC, 0, self.next, 1)?;
        for record in records.iter() {
            let line = std::str::from_utf8(record.value).unwrap_or_default();
            for word in line.split_ascii_whitespace() {
                let reader = self.store.reader();
                let cell = reader.get(word.as_bytes(), "count", b"n")?;
                let count = cell.and_then(|cell| cell.value.try_into().ok());
                let count = count.map_or(0, u64::from_le_bytes) + 1;
                drop(reader);
                self.store.apply(&[Mutation::of(word).put(
                    "count",
                    "n",
                    0,
                    count.to_le_bytes(),
                )])?;
                self.commits += 1;
            }
            self.next = record.offset + 1;
            self.log.commit("one at a time", TOPIC, 0, self.next)?;
            self.commits += 1;
        }
        Ok(self.next)
    }

    fn commits(&self) -> u64 {
        self.commits
    }
}

fn open(folder: &Path, interval: Option<Duration>) -> Result<(Arc<EmbeddedLog>, Box<dyn Counter>)> {
    let log = Arc::new(EmbeddedLog::open(folder.join("log"))?);
    log.create_topic(TOPIC, 1)?;
    let counter: Box<dyn Counter> = match interval {
        Some(_) => Box::new(Job::open(
            folder.join("job"),
            log.clone(),
            TOPIC,
            word_count(Kind::Transactional)?,
            JobOptions::default(),
        )?),
        None => Box::new(OneAtATime {
            log: log.clone(),
            store: EmbeddedStore::open(folder.join("counts"), &[Family::new("count")])?,
            next: 0,
            commits: 0,
        }),
    };
    Ok((log, counter))
}

fn append(log: &EmbeddedLog, lines: u64) -> Result<()> {
    let records = vec![(&b""[..], LINE.as_bytes()); lines as usize];
    log.append(TOPIC, 0, &records)?;
    Ok(())
}

/// Runs a counter at a load: `rate` lines a second for `lines` lines, each
/// appended by itself while the counter runs; then measures how fast it is when
/// `waiting` lines are there already.
///
/// # Errors
/// What the log and the states say.
pub fn measure(
    interval: Option<Duration>,
    rate: u64,
    lines: u64,
    waiting: u64,
) -> Result<LoadTimes> {
    let folder = scratch()?;
    let (log, mut counter) = open(&folder.path().join("load"), interval)?;
    let gap = Duration::from_secs(1) / rate.max(1) as u32;
    let producer = {
        let log = log.clone();
        std::thread::spawn(move || -> Result<Vec<Instant>> {
            let started = Instant::now();
            let mut arrived = Vec::new();
            for line in 0..lines as u32 {
                std::thread::sleep((gap * line).saturating_sub(started.elapsed()));
                arrived.push(Instant::now());
                append(&log, 1)?;
            }
            Ok(arrived)
        })
    };
    let (mut counted, mut begin) = (Vec::new(), Instant::now());
    let mut seen = 0;
    while seen < lines {
        seen = counter.step()?;
        let now = Instant::now();
        counted.resize(seen as usize, now);
        match interval {
            Some(interval) => {
                std::thread::sleep(interval.saturating_sub(begin.elapsed()));
                begin = Instant::now();
            }
            None => std::thread::yield_now(),
        }
    }
    let arrived = producer.join().expect("the producer does not panic")?;
    let mut waits: Vec<Duration> = arrived
        .iter()
        .zip(&counted)
        .map(|(from, to)| to.saturating_duration_since(*from))
        .collect();
    waits.sort();
    let commits = counter.commits() as f64 * 1e3 / lines.max(1) as f64;

    let (log, mut counter) = open(&folder.path().join("waiting"), interval)?;
    append(&log, waiting)?;
    let started = Instant::now();
    while counter.step()? < waiting {}
    Ok(LoadTimes {
        interval,
        median: share_of(&waits, 0.5),
        p99: share_of(&waits, 0.99),
        rate: waiting as f64 / started.elapsed().as_secs_f64(),
        commits,
    })
}

/// Measurements as a table: `interval_ms` (0: one at a time), `median_ms`,
/// `p99_ms`, `lines_per_s`, `commits_per_1000`.
pub fn table(rows: &[LoadTimes]) -> Result<DataFrame> {
    let ms = |time: Duration| (time.as_secs_f64() * 1e5).round() / 1e2;
    let interval = |row: &LoadTimes| {
        row.interval
            .map_or(0, |interval| interval.as_millis() as i64)
    };
    Ok(df!(
        "interval_ms" => rows.iter().map(interval).collect::<Vec<_>>(),
        "median_ms" => rows.iter().map(|row| ms(row.median)).collect::<Vec<_>>(),
        "p99_ms" => rows.iter().map(|row| ms(row.p99)).collect::<Vec<_>>(),
        "lines_per_s" => rows.iter().map(|row| row.rate.round() as i64).collect::<Vec<_>>(),
        "commits_per_1000" => rows.iter().map(|row| row.commits.round() as i64).collect::<Vec<_>>(),
    )?)
}

/// Draws the time from a line to its count over the interval between two batches: the median, and that
/// of 99 lines of 100. One at a time has no interval, so it is a mark of its own at 0 and on no line.
///
/// ```
/// use lambda_workbook::microbatch::trade::{StepCosts, chart, modelled};
/// use std::time::Duration;
/// let ms = Duration::from_millis;
/// let costs = StepCosts { line: ms(1), commit: ms(2) };
/// let rows = [None, Some(ms(20)), Some(ms(50))].map(|interval| modelled(interval, 10, 50, costs));
/// assert!(chart(&rows, "Computed")?.svg().contains("one at a time, median"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If polars refuses the table.
pub fn chart(rows: &[LoadTimes], title: &str) -> Result<Figure> {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let in_batches = |row: &LoadTimes, time| row.interval.map(|_| ms(time));
    let intervals = rows.iter().map(|row| row.interval.map_or(0.0, ms));
    let medians = rows.iter().map(|row| in_batches(row, row.median));
    let p99s = rows.iter().map(|row| in_batches(row, row.p99));
    let single = rows
        .iter()
        .map(|row| row.interval.is_none().then(|| ms(row.median)));
    let times = df!(
        "ms between two batches" => intervals.collect::<Vec<f64>>(),
        "in batches, median" => medians.collect::<Vec<Option<f64>>>(),
        "in batches, 99 of 100" => p99s.collect::<Vec<Option<f64>>>(),
        "one at a time, median" => single.collect::<Vec<Option<f64>>>(),
    )?;
    let lines = plot::lines(&times, "ms between two batches", "in batches, median")
        .and("in batches, 99 of 100")
        .and("one at a time, median");
    let lines = lines.axis("ms from a line to its count");
    Ok(lines.title(title).figure()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_is_a_mark_and_on_no_line() {
        let costs = StepCosts {
            line: Duration::from_millis(1),
            commit: Duration::from_millis(2),
        };
        let intervals = [None, Some(10), Some(50), Some(200)];
        let rows = intervals.map(|ms| modelled(ms.map(Duration::from_millis), 10, 50, costs));
        let figure = chart(&rows, "Computed").unwrap();
        show::picture::assert_sound(&figure);
        let text = show::Render::render(&figure);
        let text = text.get("text/plain").unwrap();
        for line in [
            "in batches, median 3",
            "in batches, 99 of 100 3",
            "one at a time, median 1",
        ] {
            assert!(text.contains(&format!("{line} points")), "{text}");
        }
    }

    #[test]
    fn a_line_waits_for_its_batch_and_all_are_counted() {
        for interval in [None, Some(Duration::from_millis(40))] {
            let measured = measure(interval, 1_000, 60, 100).unwrap();
            // All lines came within 60 ms: two batches or more, whatever the machine
            // does besides.
            assert!(measured.median <= measured.p99 && measured.rate > 0.0);
            let each = if interval.is_none() { 11_000.0 } else { 60.0 };
            assert!(measured.commits >= each, "{measured:?}");
        }
        let rows = [measure(None, 1_000, 10, 10).unwrap()];
        assert_eq!(table(&rows).unwrap().height(), 1);
    }
}

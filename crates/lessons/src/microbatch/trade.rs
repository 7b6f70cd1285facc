//! Latency and throughput, word by word, line by line and by batches (figure 14.5): computed from the
//! cost of a line and of a commit ([`modelled`]), and measured on this machine ([`measure`]).
use super::error::{Result, scratch};
use super::job::{Job, JobOptions};
use super::stored::Kind;
use super::topologies::word_count;
use lambda::speed::{EmbeddedLog, EmbeddedStore, Family, Log, Mutation, RealtimeStore};
use notebook::plot;
use polars::prelude::{DataFrame, df};
use show::picture::Figure;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const TOPIC: &str = "lines";
const LINE: &str = "a speed layer counts what a batch layer has not counted";

/// What a counter commits at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitUnit {
    /// One line at a time: a commit for each of its words, and one for its offset.
    Word,
    /// One line at a time: its words together, one commit for each partition of the state, and one for
    /// its offset.
    Line,
    /// All lines that wait, with so much time between the beginnings of two batches: the plan, a
    /// commit for each partition of the state, and the record that the batch is done.
    BatchEvery(Duration),
}

impl CommitUnit {
    /// Returns its name in tables.
    ///
    /// ```
    /// use lambda_workbook::microbatch::trade::CommitUnit;
    /// use std::time::Duration;
    /// assert_eq!(CommitUnit::Word.name(), "word by word");
    /// assert_eq!(CommitUnit::BatchEvery(Duration::from_millis(50)).name(), "a batch every 50 ms");
    /// ```
    pub fn name(self) -> String {
        match self {
            CommitUnit::Word => "word by word".to_owned(),
            CommitUnit::Line => "line by line".to_owned(),
            CommitUnit::BatchEvery(interval) => {
                format!("a batch every {} ms", interval.as_millis())
            }
        }
    }

    /// Returns the time between the beginnings of two batches; `None` for one line at a time.
    fn interval(self) -> Option<Duration> {
        match self {
            CommitUnit::BatchEvery(interval) => Some(interval),
            CommitUnit::Word | CommitUnit::Line => None,
        }
    }
}

/// What a run with a given load took.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadTimes {
    /// What was committed at once.
    pub unit: CommitUnit,
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

/// Partitions of the state in [`modelled`], and of the measured state of [`CommitUnit::Line`].
const PARTITIONS: u64 = 2;

/// Computes what [`measure`] measures, with a clock that is counted: lines come at equal distances,
/// `rate` a second, and each step takes what it costs. A line has 11 words, so word by word it takes 12
/// commits. Line by line it takes three: two partitions of the state, and the offset. A batch takes four,
/// however many lines it has.
///
/// ```
/// use lambda_workbook::microbatch::trade::{CommitUnit, StepCosts, modelled};
/// use std::time::Duration;
/// let ms = Duration::from_millis;
/// let costs = StepCosts { line: ms(1), commit: ms(2) };
/// // A line costs 1 ms and 12 commits, and the next one comes 100 ms later.
/// let word = modelled(CommitUnit::Word, 10, 50, costs);
/// assert_eq!((word.median, word.commits), (ms(25), 12_000.0));
/// // With its words in one commit for each partition, it costs 1 ms and 3 commits.
/// let line = modelled(CommitUnit::Line, 10, 50, costs);
/// assert_eq!((line.median, line.commits), (ms(7), 3_000.0));
/// // 40 lines a second: word by word keeps up. With 50 it does not: each line waits longer.
/// assert_eq!(modelled(CommitUnit::Word, 40, 50, costs).p99, ms(25));
/// assert!(modelled(CommitUnit::Word, 50, 50, costs).p99 > ms(200));
/// // A batch of all that waits keeps up, and does more lines a second.
/// let batches = modelled(CommitUnit::BatchEvery(ms(50)), 50, 50, costs);
/// assert!(batches.p99 < ms(100) && batches.rate > 5.0 * line.rate);
/// ```
pub fn modelled(unit: CommitUnit, rate: u64, lines: u64, costs: StepCosts) -> LoadTimes {
    let words = LINE.split_ascii_whitespace().count() as u64;
    let (most, commits) = match unit {
        CommitUnit::Word => (1, words + 1),
        CommitUnit::Line => (1, PARTITIONS + 1),
        CommitUnit::BatchEvery(_) => (u64::MAX, 2 + PARTITIONS),
    };
    let cost = |taken: u64| costs.line * taken as u32 + costs.commit * commits as u32;
    let arrives = |line: u64| Duration::from_secs(1) * line as u32 / rate.max(1) as u32;
    let (mut now, mut taken, mut batches) = (Duration::ZERO, 0, 0);
    let mut waits = Vec::new();
    while taken < lines {
        let to = taken + most.min(lines - taken);
        let batch = (taken..to).take_while(|line| arrives(*line) <= now).count() as u64;
        let begin = now;
        if batch > 0 {
            now += cost(batch);
            waits.extend((taken..taken + batch).map(|line| now - arrives(line)));
            (taken, batches) = (taken + batch, batches + 1);
        }
        // The next one begins when its time has come; one at a time, when a line is there.
        now = now.max(match unit.interval() {
            Some(interval) => begin + interval,
            None if taken < lines => arrives(taken),
            None => now,
        });
    }
    waits.sort();
    let one = cost(most.min(WAITING));
    LoadTimes {
        unit,
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

/// One line at a time: the words of each, then the offset.
struct OneAtATime {
    log: Arc<EmbeddedLog>,
    /// The partitions of the state.
    stores: Vec<EmbeddedStore>,
    /// Whether the words of a line are committed together, once in each partition.
    together: bool,
    next: u64,
    commits: u64,
}

impl OneAtATime {
    /// The partition of the state that has a word.
    fn store_of(&self, word: &str) -> usize {
        let sum: usize = word.bytes().map(usize::from).sum();
        sum % self.stores.len()
    }

    /// Adds to the counts of some words of one partition in one commit.
    fn add(&mut self, store: usize, words: &[(&str, u64)]) -> Result<()> {
        let mut mutations = Vec::with_capacity(words.len());
        for (word, more) in words {
            let reader = self.stores[store].reader();
            let cell = reader.get(word.as_bytes(), "count", b"n")?;
            let count = cell.and_then(|cell| cell.value.try_into().ok());
            let count = count.map_or(0, u64::from_le_bytes) + more;
            mutations.push(Mutation::of(*word).put("count", "n", 0, count.to_le_bytes()));
        }
        self.stores[store].apply(&mutations)?;
        self.commits += 1;
        Ok(())
    }
}

impl Counter for OneAtATime {
    fn step(&mut self) -> Result<u64> {
        let records = self.log.read(TOPIC, 0, self.next, 1)?;
        for record in records.iter() {
            let line = std::str::from_utf8(record.value).unwrap_or_default();
            if self.together {
                let mut parts: Vec<BTreeMap<&str, u64>> = vec![BTreeMap::new(); self.stores.len()];
                for word in line.split_ascii_whitespace() {
                    *parts[self.store_of(word)].entry(word).or_default() += 1;
                }
                for (store, words) in parts.into_iter().enumerate() {
                    let words: Vec<(&str, u64)> = words.into_iter().collect();
                    self.add(store, &words)?;
                }
            } else {
                for word in line.split_ascii_whitespace() {
                    self.add(self.store_of(word), &[(word, 1)])?;
                }
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

fn open(folder: &Path, unit: CommitUnit) -> Result<(Arc<EmbeddedLog>, Box<dyn Counter>)> {
    let log = Arc::new(EmbeddedLog::open(folder.join("log"))?);
    log.create_topic(TOPIC, 1)?;
    let one_at_a_time = |partitions: u64| -> Result<Box<dyn Counter>> {
        let mut stores = Vec::new();
        for partition in 0..partitions {
            let place = folder.join(format!("counts-{partition}"));
            stores.push(EmbeddedStore::open(place, &[Family::new("count")])?);
        }
        Ok(Box::new(OneAtATime {
            log: log.clone(),
            stores,
            together: unit == CommitUnit::Line,
            next: 0,
            commits: 0,
        }))
    };
    let counter: Box<dyn Counter> = match unit {
        CommitUnit::Word => one_at_a_time(1)?,
        CommitUnit::Line => one_at_a_time(PARTITIONS)?,
        CommitUnit::BatchEvery(_) => Box::new(Job::open(
            folder.join("job"),
            log.clone(),
            TOPIC,
            word_count(Kind::Transactional)?,
            JobOptions::default(),
        )?),
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
pub fn measure(unit: CommitUnit, rate: u64, lines: u64, waiting: u64) -> Result<LoadTimes> {
    let folder = scratch()?;
    let (log, mut counter) = open(&folder.path().join("load"), unit)?;
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
        match unit.interval() {
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

    let (log, mut counter) = open(&folder.path().join("waiting"), unit)?;
    append(&log, waiting)?;
    let started = Instant::now();
    while counter.step()? < waiting {}
    Ok(LoadTimes {
        unit,
        median: share_of(&waits, 0.5),
        p99: share_of(&waits, 0.99),
        rate: waiting as f64 / started.elapsed().as_secs_f64(),
        commits,
    })
}

/// Measurements as a table: `way`, `median_ms`, `p99_ms`, `lines_per_s`, `commits_per_1000`.
pub fn table(rows: &[LoadTimes]) -> Result<DataFrame> {
    let ms = |time: Duration| (time.as_secs_f64() * 1e5).round() / 1e2;
    Ok(df!(
        "way" => rows.iter().map(|row| row.unit.name()).collect::<Vec<_>>(),
        "median_ms" => rows.iter().map(|row| ms(row.median)).collect::<Vec<_>>(),
        "p99_ms" => rows.iter().map(|row| ms(row.p99)).collect::<Vec<_>>(),
        "lines_per_s" => rows.iter().map(|row| row.rate.round() as i64).collect::<Vec<_>>(),
        "commits_per_1000" => rows.iter().map(|row| row.commits.round() as i64).collect::<Vec<_>>(),
    )?)
}

/// Draws the time from a line to its count over the interval between two batches: the median, and that
/// of 99 lines of 100. One at a time has no interval, so word by word and line by line are marks of their
/// own at 0 and on no line: the median of each. The vertical axis is logarithmic.
///
/// ```
/// use lambda_workbook::microbatch::trade::{CommitUnit, StepCosts, chart, modelled};
/// use std::time::Duration;
/// let ms = Duration::from_millis;
/// let costs = StepCosts { line: ms(1), commit: ms(2) };
/// let units = [CommitUnit::Word, CommitUnit::BatchEvery(ms(20)), CommitUnit::BatchEvery(ms(50))];
/// let rows = units.map(|unit| modelled(unit, 10, 50, costs));
/// assert!(chart(&rows, "Computed")?.svg().contains("word by word"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If polars refuses the table.
pub fn chart(rows: &[LoadTimes], title: &str) -> Result<Figure> {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let in_batches = |row: &LoadTimes, time| row.unit.interval().map(|_| ms(time));
    let single = |of: CommitUnit| -> Vec<Option<f64>> {
        let median = |row: &LoadTimes| (row.unit == of).then(|| ms(row.median));
        rows.iter().map(median).collect()
    };
    let intervals = rows.iter().map(|row| row.unit.interval().map_or(0.0, ms));
    let medians = rows.iter().map(|row| in_batches(row, row.median));
    let p99s = rows.iter().map(|row| in_batches(row, row.p99));
    let times = df!(
        "ms between two batches" => intervals.collect::<Vec<f64>>(),
        "in batches, median" => medians.collect::<Vec<Option<f64>>>(),
        "in batches, 99 of 100" => p99s.collect::<Vec<Option<f64>>>(),
        "word by word" => single(CommitUnit::Word),
        "line by line" => single(CommitUnit::Line),
    )?;
    let mut lines = plot::lines(&times, "ms between two batches", "in batches, median")
        .and("in batches, 99 of 100");
    // A way that was not run has no mark, and no entry in the legend.
    for unit in [CommitUnit::Word, CommitUnit::Line] {
        if rows.iter().any(|row| row.unit == unit) {
            lines = lines.and(&unit.name());
        }
    }
    // From half a millisecond to hundreds: on a linear axis the two marks would be one.
    let lines = lines.axis("ms from a line to its count").logarithmic();
    // Few intervals are tried, so a line between two of them is no measurement.
    let tried = |of: fn(&LoadTimes) -> Duration| -> Vec<(f64, f64)> {
        let point = |row: &LoadTimes| Some((ms(row.unit.interval()?), ms(of(row))));
        rows.iter().filter_map(point).collect()
    };
    let lines = lines
        .points("in batches, median", &tried(|row| row.median))
        .points("in batches, 99 of 100", &tried(|row| row.p99));
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
        let every = |ms| CommitUnit::BatchEvery(Duration::from_millis(ms));
        let one_at_a_time = [CommitUnit::Word, CommitUnit::Line];
        let units = one_at_a_time.into_iter().chain([10, 50, 200].map(every));
        let rows: Vec<LoadTimes> = units.map(|unit| modelled(unit, 10, 50, costs)).collect();
        let figure = chart(&rows, "Computed").unwrap();
        show::picture::assert_sound(&figure);
        let text = show::Render::render(&figure);
        let text = text.get("text/plain").unwrap();
        for line in [
            "in batches, median 3",
            "in batches, 99 of 100 3",
            "word by word 1",
            "line by line 1",
        ] {
            assert!(text.contains(&format!("{line} points")), "{text}");
        }
    }

    #[test]
    fn a_line_waits_for_its_batch_and_all_are_counted() {
        let batches = CommitUnit::BatchEvery(Duration::from_millis(40));
        for (unit, each) in [
            (CommitUnit::Word, 12_000.0),
            (CommitUnit::Line, 3_000.0),
            (batches, 60.0),
        ] {
            let measured = measure(unit, 1_000, 60, 100).unwrap();
            // All lines came within 60 ms: two batches or more, whatever the machine
            // does besides.
            assert!(measured.median <= measured.p99 && measured.rate > 0.0);
            assert!(measured.commits >= each, "{measured:?}");
        }
        let rows = [measure(CommitUnit::Word, 1_000, 10, 10).unwrap()];
        assert_eq!(table(&rows).unwrap().height(), 1);
    }
}

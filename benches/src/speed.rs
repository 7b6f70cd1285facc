//! `workbook bench speed`: from the log to a view that can be asked, beside Spark
//! Structured Streaming.
//!
//! Throughput: all of the lesson's page views wait; the time until all are in the
//! views. Latency: a file's worth of events every 50 ms; the time from when they
//! are there until the views hold them. Both take the same lines. Ours also keeps
//! visits, which the peers' jobs leave out. Page views must be equal.
//!
//! With `--log` ours is measured a second time, on a topic of Kafka, and so are Spark and Kafka
//! Streams (exactly once, as ours is) on the same topic.

use super::batch::verdict;
use super::topic_peers::{Counts, TopicPeer, table};
use super::{median, peers, print_table};
use anyhow::{Context, Result, bail};
use lambda_workbook::dataset::{self, Format, Spec};
use lambda_workbook::lambda::{Lambda, Options};
use lambda_workbook::speed::event::{Fact, Who, read};
use lambda_workbook::speed::{self, EmbeddedLog, Log};
use serde_json::Value;
use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use workbook::Outcome;

#[derive(clap::Args)]
pub struct Args {
    /// Rounds; the median counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    rounds: u16,
    /// Measure on this log, too, such as kafka://127.0.0.1:9092 (`workbook up kafka` starts one)
    #[arg(long, value_name = "ADDRESS")]
    log: Option<String>,
    /// Measure one part only
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Measure only the realtime store of this machine beside this one, such as
    /// hbase://127.0.0.1:9090 (`workbook up hbase` starts one)
    #[arg(long, value_name = "ADDRESS", conflicts_with = "log")]
    store: Option<String>,
    /// A Python with pyspark [default: that of .venv-bench, else python3]
    #[arg(long, value_name = "PROGRAM")]
    python: Option<PathBuf>,
    /// Make .venv-bench with the peer first (needs the network)
    #[arg(long)]
    setup: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// How long 1.4 million events take
    Throughput,
    /// How long one event takes
    Latency,
}

const SCRIPT: &str = concat!(
    include_str!("spark_session.py"),
    include_str!("speed_peer.py")
);
/// Events that arrive together, how often, and how many times.
const TOGETHER: usize = 50;
const EVERY: Duration = Duration::from_millis(50);
const TIMES: usize = 200;

/// What is measured, and beside whom.
struct Bench<'a> {
    rounds: u16,
    /// The address of a log elsewhere.
    log: Option<&'a str>,
    lines: &'a [&'a str],
    /// The Python with pyspark, and the script of its job.
    spark: Option<(&'a Path, &'a Path)>,
    topic_peers: Vec<TopicPeer>,
    /// A folder for the files of peers.
    scratch: &'a Path,
}

pub fn run(args: Args) -> Result<Outcome> {
    if let Some(address) = &args.store {
        return super::speed_store::run(address);
    }
    let data = dataset::home()?;
    let python = peers::python(args.python, args.setup.then_some(&[peers::PYSPARK][..]))?;
    let spark = peers::installed(&python, "pyspark");
    let path = data.join("generated").join(Spec::lesson().name());
    let lesson = dataset::generate(&Spec::lesson(), &path, Format::Json, &|_, _| ())?.jsonl();
    let text = std::fs::read_to_string(&lesson)?;
    let lines: Vec<&str> = text.lines().collect();
    let scratch = tempfile::tempdir()?;
    let script = scratch.path().join("peer.py");
    std::fs::write(&script, SCRIPT)?;
    let spark = spark.then_some((&*python, &*script));
    let bench = Bench {
        rounds: args.rounds,
        log: args.log.as_deref(),
        lines: &lines,
        spark,
        topic_peers: match &args.log {
            Some(address) => TopicPeer::found(address, spark)?,
            None => Vec::new(),
        },
        scratch: scratch.path(),
    };
    let mut met = true;
    if args.only != Some(Part::Latency) {
        // The peer follows folders, not files.
        let whole = scratch.path().join("whole");
        std::fs::create_dir(&whole)?;
        std::fs::copy(&lesson, whole.join("datums.json"))?;
        met &= bench.throughputs(&whole)?;
    }
    if args.only != Some(Part::Throughput) {
        met &= bench.latencies()?;
    }
    Ok(if met { Outcome::Done } else { Outcome::No })
}

impl Bench<'_> {
    /// Measures how long all lines take, and says whether the target is met. `whole` is a folder
    /// with the file of the lines.
    fn throughputs(&self, whole: &Path) -> Result<bool> {
        let (mut ours, mut appends, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
        let (mut elsewhere, mut sent) = (Vec::new(), Vec::new());
        let mut on_topic = vec![Vec::new(); self.topic_peers.len()];
        for round in 0..self.rounds {
            eprintln!("throughput: round {} of {}", round + 1, self.rounds);
            let (append, seconds, counts, _) = throughput(self.lines, None)?;
            appends.push(append);
            ours.push(seconds);
            let same = |who: &str, table: &Counts| {
                if *table != counts {
                    bail!("{who} counts other page views:\n{table:?}\nours:\n{counts:?}");
                }
                Ok(())
            };
            if let Some(address) = self.log {
                let (append, seconds, table, topic) = throughput(self.lines, Some(address))?;
                sent.push(append);
                elsewhere.push(seconds);
                same(address, &table)?;
                for (peer, times) in self.topic_peers.iter().zip(&mut on_topic) {
                    let rows = counts.values().sum();
                    let (seconds, table) = peer.start(&topic, rows)?.throughput()?;
                    times.push(seconds);
                    same(peer.name, &table)?;
                }
            }
            if let Some((python, script)) = self.spark {
                let (seconds, table) = peer_throughput(python, script, whole)?;
                theirs.push(seconds);
                same("Spark", &table)?;
            }
        }

        let (our_time, append) = (median(&ours), median(&appends));
        let row = |name: String, seconds: f64| {
            let rate = self.lines.len() as f64 / seconds;
            vec![
                name,
                format!("{:.2}x", seconds / our_time),
                format!("{seconds:.2} s"),
                format!("{rate:.0} events/s"),
            ]
        };
        let head = ["1.4 million events", "times ours", "median", "rate"];
        let mut table = vec![
            head.map(str::to_owned).to_vec(),
            row("log to views".into(), our_time),
            row("file to log to views".into(), our_time + append),
        ];
        if let Some(address) = self.log {
            let (into, out) = (median(&sent), median(&elsewhere));
            table.push(row(format!("log to views, {address}"), out));
            table.push(row(format!("file to log to views, {address}"), into + out));
        }
        for (peer, times) in self.topic_peers.iter().zip(&on_topic) {
            table.push(row(format!("{}, topic to table", peer.name), median(times)));
        }
        let their_time = (!theirs.is_empty()).then(|| median(&theirs));
        if let Some(seconds) = their_time {
            table.push(row("Spark, file to table".into(), seconds));
        }
        print_table(&table);
        Ok(verdict(
            "10x the throughput",
            their_time.map(|seconds| seconds >= 10.0 * our_time),
        ))
    }

    /// Measures how long an event takes to the views, and says whether the target is met.
    fn latencies(&self) -> Result<bool> {
        eprintln!("latency: {TOGETHER} events every {} ms", EVERY.as_millis());
        let few = &self.lines[..TOGETHER * TIMES];
        let our_waits = latency(few, None)?;
        let our_median = our_waits[our_waits.len() / 2];
        let row = |name: String, waits: &[f64]| {
            let at = |share: f64| waits[(waits.len() as f64 * share) as usize];
            vec![
                name,
                format!("{:.2}x", at(0.5) / our_median),
                format!("{:.2} ms", at(0.5) * 1e3),
                format!("{:.2} ms", at(0.99) * 1e3),
            ]
        };
        let head = ["end to end", "times ours", "median", "99 %"];
        let mut table = vec![
            head.map(str::to_owned).to_vec(),
            row("log to views".into(), &our_waits),
        ];
        if let Some(address) = self.log {
            let waits = latency(few, Some(address))?;
            table.push(row(format!("log to views, {address}"), &waits));
            for peer in &self.topic_peers {
                eprintln!("latency: {}", peer.name);
                let waits = topic_latency(peer, few, address)?;
                table.push(row(format!("{}, topic", peer.name), &waits));
            }
        }
        let mut met = None;
        if let Some((python, script)) = self.spark {
            let waits = peer_latency(python, script, few, &self.scratch.join("arriving"))?;
            met = Some(waits[waits.len() / 2] >= 20.0 * our_median);
            table.push(row("Spark, files".into(), &waits));
        }
        print_table(&table);
        Ok(verdict("1/20 of the latency", met))
    }
}

/// A log in a folder or at an address, a new topic in it with a partition for each core, and views
/// over it.
fn opened(folder: &Path, address: Option<&str>) -> Result<(Arc<dyn Log>, String, Lambda)> {
    let log: Arc<dyn Log> = match address {
        None => Arc::new(EmbeddedLog::open(folder.join("log"))?),
        Some(address) => speed::open(address)?,
    };
    let topic = format!("bench-{}", uuid::Uuid::new_v4());
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    log.create_topic(&topic, cores as u32)?;
    let lambda = Lambda::open(folder, log.clone(), &topic, Options::default())?;
    Ok((log, topic, lambda))
}

/// The key of a line: its person, so that copies of a datum share a partition.
fn key(line: &str) -> Vec<u8> {
    match read(line.as_bytes()) {
        Ok(Fact::View(event)) => match event.who {
            Who::User(id) => id.to_be_bytes().to_vec(),
            Who::Cookie(cookie) => cookie.as_bytes().to_vec(),
        },
        _ => Vec::new(),
    }
}

fn append(log: &dyn Log, topic: &str, lines: &[&str]) -> Result<()> {
    let keys: Vec<Vec<u8>> = lines.iter().map(|line| key(line)).collect();
    let records: Vec<(&[u8], &[u8])> = keys
        .iter()
        .zip(lines)
        .map(|(k, v)| (&k[..], v.as_bytes()))
        .collect();
    Ok(log.append_by_key(topic, &records)?)
}

/// Seconds into the log, seconds from there into the views, the views, and the topic.
fn throughput(lines: &[&str], address: Option<&str>) -> Result<(f64, f64, Counts, String)> {
    let folder = tempfile::tempdir()?;
    let (log, topic, mut lambda) = opened(folder.path(), address)?;
    let started = Instant::now();
    for some in lines.chunks(5_000) {
        append(log.as_ref(), &topic, some)?;
    }
    let append = started.elapsed().as_secs_f64();
    let started = Instant::now();
    lambda.drain()?;
    let seconds = started.elapsed().as_secs_f64();
    let mut hours: Vec<(String, i64)> = Vec::new();
    for line in lines {
        if let Ok(Fact::View(event)) = read(line.as_bytes()) {
            let hour = event.secs - event.secs.rem_euclid(3600);
            if !hours
                .iter()
                .any(|(url, ts)| *ts == hour && *url == event.url)
            {
                hours.push((event.url.into_owned(), hour));
            }
        }
    }
    let query = lambda.query()?;
    let mut counts = Counts::new();
    for (url, hour) in hours {
        let count = query.page_views(&url, hour..hour + 3600)?.value;
        counts.insert((url, hour), count);
    }
    Ok((append, seconds, counts, topic))
}

/// Sorted seconds from an event's arrival until the views hold it.
fn latency(lines: &[&str], address: Option<&str>) -> Result<Vec<f64>> {
    let folder = tempfile::tempdir()?;
    let (log, topic, mut lambda) = opened(folder.path(), address)?;
    let producer = {
        let log = log.clone();
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        std::thread::spawn(move || -> Result<Vec<Instant>> {
            let mut arrivals = Vec::new();
            let started = Instant::now();
            for (turn, some) in (0u32..).zip(lines.chunks(TOGETHER)) {
                std::thread::sleep((EVERY * turn).saturating_sub(started.elapsed()));
                let some: Vec<&str> = some.iter().map(String::as_str).collect();
                arrivals.push(Instant::now());
                append(log.as_ref(), &topic, &some)?;
            }
            Ok(arrivals)
        })
    };
    // How many records the views hold, and since when.
    let (mut seen, mut held) = (0, Vec::new());
    while seen < lines.len() as u64 {
        let step = lambda.step(10_000)?;
        if step.records == 0 {
            // What a consumer does that is not told of new records.
            std::thread::sleep(Duration::from_micros(200));
            continue;
        }
        seen += step.records;
        held.push((seen, Instant::now()));
    }
    let arrivals = producer.join().expect("the producer does not panic")?;
    let mut waits: Vec<f64> = (1u64..)
        .zip(&arrivals)
        .map(|(turn, arrived)| {
            let holds = held
                .iter()
                .find(|(seen, _)| *seen >= turn * TOGETHER as u64);
            holds.map_or(f64::NAN, |(_, at)| (*at - *arrived).as_secs_f64())
        })
        .collect();
    waits.sort_by(f64::total_cmp);
    Ok(waits)
}

fn peer(python: &Path, script: &Path, arguments: &[&std::ffi::OsStr]) -> Result<Child> {
    let mut command = Command::new(python);
    command
        .arg(script)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
        .spawn()
        .with_context(|| format!("starting {}", python.display()))
}

fn peer_throughput(python: &Path, script: &Path, input: &Path) -> Result<(f64, Counts)> {
    let mut child = peer(python, script, &["throughput".as_ref(), input.as_ref()])?;
    let lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
    let (mut seconds, mut counts) = (f64::NAN, Counts::new());
    for line in lines {
        let said: Value = serde_json::from_str(&line?)?;
        seconds = said["seconds"].as_f64().unwrap_or(seconds);
        counts.extend(table(&said));
    }
    if !child.wait()?.success() {
        bail!(
            "the peer failed: run {} throughput {} to see why",
            script.display(),
            input.display()
        );
    }
    Ok((seconds, counts))
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

/// The same for Spark on files: each is written under another name and renamed.
fn peer_latency(python: &Path, script: &Path, lines: &[&str], folder: &Path) -> Result<Vec<f64>> {
    std::fs::create_dir_all(folder)?;
    let rows = distinct(lines).to_string();
    let child = peer(
        python,
        script,
        &["latency".as_ref(), folder.as_ref(), rows.as_ref()],
    )?;
    let mut files = 0;
    let mut add = |some: &[&str]| -> Result<()> {
        let draft = folder.join(".draft");
        std::fs::write(&draft, some.join("\n"))?;
        files += 1;
        Ok(std::fs::rename(
            &draft,
            folder.join(format!("{files:06}.json")),
        )?)
    };
    followed(child, lines, &mut add)
}

/// The same for a peer on a topic of its own.
fn topic_latency(peer: &TopicPeer, lines: &[&str], address: &str) -> Result<Vec<f64>> {
    let folder = tempfile::tempdir()?;
    let (log, topic, _) = opened(folder.path(), Some(address))?;
    let child = peer.start(&topic, distinct(lines))?.child;
    followed(child, lines, &mut |some| append(log.as_ref(), &topic, some))
}

/// The number of different lines, which is what peers count.
fn distinct(lines: &[&str]) -> i64 {
    lines.iter().collect::<HashSet<_>>().len() as i64
}

/// Sorted seconds from an event's arrival, by `add`, until the peer has counted it.
fn followed(
    mut child: Child,
    lines: &[&str],
    add: &mut dyn FnMut(&[&str]) -> Result<()>,
) -> Result<Vec<f64>> {
    let mut said = BufReader::new(child.stdout.take().context("a pipe")?).lines();
    said.next().context("the peer says that it is ready")??;
    // Its first micro-batch compiles the job: that is not counted.
    let (first, lines) = lines.split_at(TOGETHER * TIMES / 10);
    add(first)?;
    let mut all: HashSet<&str> = first.iter().copied().collect();
    for line in said.by_ref() {
        let line: Value = serde_json::from_str(&line?)?;
        if line["seen"].as_u64() >= Some(all.len() as u64) {
            break;
        }
    }
    let reader = std::thread::spawn(move || -> Vec<(u64, f64)> {
        let said = said.map_while(Result::ok);
        said.filter_map(|line| {
            let said: Value = serde_json::from_str(&line).ok()?;
            Some((said["seen"].as_u64()?, said["at"].as_f64()?))
        })
        .collect()
    });
    let (started, mut arrivals) = (Instant::now(), Vec::new());
    for (turn, some) in (0u32..).zip(lines.chunks(TOGETHER)) {
        std::thread::sleep((EVERY * turn).saturating_sub(started.elapsed()));
        // Distinct events so far: what the peer's table counts.
        all.extend(some.iter().copied());
        arrivals.push((all.len() as u64, now()));
        add(some)?;
    }
    let held = reader.join().expect("reading does not panic");
    child.wait()?;
    let mut waits: Vec<f64> = arrivals
        .iter()
        .filter_map(|(count, arrived)| {
            let holds = held.iter().find(|(seen, _)| seen >= count)?;
            Some(holds.1 - arrived)
        })
        .collect();
    if waits.is_empty() {
        bail!("the peer counted nothing; start it by hand to see why");
    }
    waits.sort_by(f64::total_cmp);
    Ok(waits)
}

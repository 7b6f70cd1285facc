//! `workbook bench microbatch`: the word count beside Spark Structured Streaming,
//! and the latency of short batches.
//!
//! Throughput: all lines wait; the time until all words are in the state, with
//! their batch ids on the disk. Spark takes the same lines, in as many files as it
//! has cores. Counts must be equal. Latency: lines come one by one, and batches
//! begin every 10 ms. With `--log` workers are killed while lines come: see [`killed_worker`].

use super::batch::verdict;
use super::{killed_worker, median, peers, print_table};
use anyhow::{Context, Result, bail};
use lambda_workbook::microbatch::{self, Job, JobOptions, Kind, trade};
use lambda_workbook::speed::{EmbeddedLog, Log};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use workbook::Outcome;

#[derive(clap::Args)]
pub struct Args {
    /// Rounds; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=99))]
    rounds: u16,
    /// A Python with pyspark [default: that of .venv-bench, else python3]
    #[arg(long, value_name = "PROGRAM")]
    python: Option<PathBuf>,
    /// Also kill a worker while lines come to this Kafka, such as kafka://127.0.0.1:9092
    /// (`workbook up kafka` starts one), beside Storm and Spark
    #[arg(long, value_name = "ADDRESS")]
    log: Option<String>,
    /// Make .venv-bench with the peer first (needs the network)
    #[arg(long)]
    setup: bool,
}

const SCRIPT: &str = concat!(
    include_str!("spark_session.py"),
    include_str!("microbatch_peer.py")
);
const TOPIC: &str = "lines";
const LINES: u64 = 160_000;
const WORDS: u64 = 10;
const VOCABULARY: u64 = 8_000;

type Counts = BTreeMap<String, i64>;

pub fn run(args: Args) -> Result<Outcome> {
    let python = peers::python(args.python, args.setup.then_some(&[peers::PYSPARK][..]))?;
    let peer = peers::installed(&python, "pyspark");
    let lines = lines();
    let scratch = tempfile::tempdir()?;
    let script = scratch.path().join("peer.py");
    std::fs::write(&script, SCRIPT)?;
    let folder = scratch.path().join("lines");
    std::fs::create_dir(&folder)?;
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    for (n, part) in lines.chunks(lines.len().div_ceil(cores)).enumerate() {
        std::fs::write(folder.join(format!("{n}.txt")), part.join("\n"))?;
    }
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..args.rounds {
        eprintln!("throughput: round {} of {}", round + 1, args.rounds);
        let (seconds, counts) = throughput(&lines, cores as u32)?;
        ours.push(seconds);
        if peer {
            let (seconds, table) = peer_throughput(&python, &script, &folder)?;
            theirs.push(seconds);
            if table != counts {
                bail!("the peer counts other words");
            }
        }
    }
    let our_time = median(&ours);
    let rate = |seconds: f64| format!("{:.1} M words/s", (LINES * WORDS) as f64 / seconds / 1e6);
    let row = |name: &str, seconds: f64| {
        let times = format!("{:.2}x", seconds / our_time);
        vec![
            name.to_owned(),
            times,
            format!("{seconds:.3} s"),
            rate(seconds),
        ]
    };
    let head = ["1.6 million words", "times ours", "median", "rate"];
    let mut table = vec![
        head.map(str::to_owned).to_vec(),
        row("log to state", our_time),
    ];
    let their_time = median(&theirs);
    if peer {
        table.push(row("Spark, file to table", their_time));
    }
    print_table(&table);
    let fast = peer.then_some(their_time >= 20.0 * our_time);
    let mut met = verdict("20x the throughput", fast);

    eprintln!("latency: 500 lines a second for 4 s, a batch every 10 ms");
    let every_10_ms = trade::CommitUnit::BatchEvery(Duration::from_millis(10));
    let measured = trade::measure(every_10_ms, 500, 2_000, 10_000)?;
    let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    let head = ["a batch every 10 ms", "median", "99 %"];
    let waits = vec![
        "line to count".to_owned(),
        ms(measured.median),
        ms(measured.p99),
    ];
    print_table(&[head.map(str::to_owned).to_vec(), waits]);
    met &= verdict(
        "under 30 ms",
        Some(measured.p99 < Duration::from_millis(30)),
    );
    if let Some(address) = &args.log {
        print_table(&killed_worker::table(address, peer.then_some(&*python))?);
    }
    Ok(if met { Outcome::Done } else { Outcome::No })
}

/// Lines of words, the same in every run: word n about n times rarer than word 1.
fn lines() -> Vec<String> {
    let mut seed = 7u64;
    let mut random = || {
        // splitmix64
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as f64 / u64::MAX as f64
    };
    let mut word = || {
        let n = (VOCABULARY as f64).powf(random()) as u64;
        format!("word{n}")
    };
    (0..LINES)
        .map(|_| (0..WORDS).map(|_| word()).collect::<Vec<_>>().join(" "))
        .collect()
}

/// Seconds from the log into the state, and the counts.
fn throughput(lines: &[String], partitions: u32) -> Result<(f64, Counts)> {
    let folder = tempfile::tempdir()?;
    let log = Arc::new(EmbeddedLog::open(folder.path().join("log"))?);
    log.create_topic(TOPIC, partitions)?;
    for (n, some) in lines.chunks(1_000).enumerate() {
        let records: Vec<(&[u8], &[u8])> = some.iter().map(|l| (&b""[..], l.as_bytes())).collect();
        log.append(TOPIC, n as u32 % partitions, &records)?;
    }
    let options = JobOptions {
        most: LINES,
        ..JobOptions::default()
    };
    let topology = microbatch::word_count(Kind::Transactional)?;
    let mut job = Job::open(folder.path().join("job"), log, TOPIC, topology, options)?;
    let started = Instant::now();
    job.drain()?;
    let seconds = started.elapsed().as_secs_f64();
    let table = job.table("counts")?;
    let (words, counts) = (table.column("word")?.str()?, table.column("count")?.i64()?);
    let rows = words
        .iter()
        .flatten()
        .map(str::to_owned)
        .zip(counts.iter().flatten());
    Ok((seconds, rows.collect()))
}

fn peer_throughput(python: &Path, script: &Path, folder: &Path) -> Result<(f64, Counts)> {
    let output = Command::new(python)
        .arg(script)
        .arg(folder)
        .stderr(Stdio::null())
        .output()
        .with_context(|| format!("starting {}", python.display()))?;
    let (mut seconds, mut counts) = (f64::NAN, Counts::new());
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let said: Value = serde_json::from_str(line)?;
        seconds = said["seconds"].as_f64().unwrap_or(seconds);
        for (word, count) in said["table"].as_object().into_iter().flatten() {
            counts.insert(word.clone(), count.as_i64().unwrap_or(0));
        }
    }
    if !output.status.success() {
        bail!(
            "the peer failed: run {} {} to see why",
            script.display(),
            folder.display()
        );
    }
    Ok((seconds, counts))
}

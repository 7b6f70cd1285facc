//! `workbook bench batch`: batch views beside DuckDB, Polars, ClickHouse (chDB), DataFusion, Sail and
//! PySpark.
//!
//! All do the same job on the same file, in turns, so that a noisy machine is
//! equally noisy to all; each peer's views must equal ours. Ours is timed as a
//! whole process; a peer without its imports and the start of its session. Peers
//! count page views, so ours does too; what the views of uniques and bounces cost
//! beside that is measured apart.

use super::{median, peers, print_table};
use anyhow::{Context, Result, bail};
use kernel::place::Built;
use lambda_workbook::batch::output::PAGE_VIEWS;
use lambda_workbook::dataset::{self, Format, Spec};
use lambda_workbook::polars::prelude::*;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use workbook::Outcome;

#[derive(clap::Args)]
pub struct Args {
    /// Rounds; the median counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    rounds: u16,
    /// A Python with the peers [default: that of .venv-bench, else python3]
    #[arg(long, value_name = "PROGRAM")]
    python: Option<PathBuf>,
    /// Make .venv-bench with the peers first (needs the network)
    #[arg(long)]
    setup: bool,
    /// Also run on 140 million rows, to see that memory stays flat (2 GB of disk)
    #[arg(long)]
    huge: bool,
}

/// The modules of Python by which peers are found, and what pip installs for each.
const PEERS: [(&str, &str); 6] = [
    ("duckdb", "duckdb"),
    ("polars", "polars"),
    ("chdb", "chdb"),
    ("datafusion", "datafusion"),
    ("pysail", "pysail"),
    ("pyspark", "pyspark[connect]==4.2.0"),
];
const SCRIPT: &str = include_str!("batch_peers.py");
/// The hours of the large sets: four weeks.
const WEEKS: &str = "2015-08-01..2015-08-29";

pub fn run(args: Args) -> Result<Outcome> {
    let data = dataset::home()?;
    let packages = PEERS.map(|(_, package)| package);
    let python = peers::python(args.python, args.setup.then_some(&packages[..]))?;
    let peers: Vec<&str> = PEERS
        .into_iter()
        .map(|(module, _)| module)
        .filter(|peer| peers::installed(&python, peer))
        .collect();

    let lesson = made(&data, &Spec::lesson(), Format::Json)?.jsonl();
    let weeks = Spec {
        scale: 10,
        hours: WEEKS.parse()?,
        ..Spec::lesson()
    };
    let rows14 = made(&data, &weeks, Format::Parquet)?.parquet();

    let mut met = true;
    met &= compare(
        "1.4 million JSON lines",
        &lesson,
        &python,
        &peers,
        args.rounds,
        |seconds| {
            vec![
                ("3x DuckDB", seconds("duckdb").map(|peer| peer >= 3.0)),
                ("2x ClickHouse", seconds("chdb").map(|peer| peer >= 2.0)),
                ("10x PySpark", seconds("pyspark").map(|peer| peer >= 10.0)),
            ]
        },
    )?;
    met &= compare(
        "14 million rows of Parquet",
        &rows14,
        &python,
        &peers,
        args.rounds,
        |seconds| {
            let fastest = PEERS.iter().filter_map(|(peer, _)| seconds(peer));
            let fastest = fastest.reduce(f64::min);
            vec![("the fastest peer", fastest.map(|peer| peer >= 1.0))]
        },
    )?;

    let out = tempfile::tempdir()?;
    let (mut alone, mut all) = (Vec::new(), Vec::new());
    let mut small = 0;
    for _ in 0..args.rounds {
        alone.push(ours(&rows14, out.path(), "page-views")?.0);
        let (seconds, memory) = ours(&rows14, out.path(), "all")?;
        all.push(seconds);
        small = memory;
    }
    let (alone, all) = (median(&alone), median(&all));
    println!(
        "14 million rows to all views: {:.2}x page views alone, {all:.2} s and {alone:.2} s",
        all / alone
    );
    met &= verdict("at most 2x page views alone", Some(all <= 2.0 * alone));
    println!("peak memory, 14 million rows: {} MB", small / 1_000_000);
    if args.huge {
        let spec = Spec {
            scale: 100,
            ..weeks
        };
        let rows140 = made(&data, &spec, Format::Parquet)?.parquet();
        let (seconds, large) = ours(&rows140, out.path(), "all")?;
        let ratio = large as f64 / small as f64;
        println!(
            "peak memory, 140 million rows: {} MB, {ratio:.2}x, in {seconds:.1} s",
            large / 1_000_000
        );
        met &= verdict("flat memory (at most 1.25x)", Some(ratio <= 1.25));
    }
    Ok(if met { Outcome::Done } else { Outcome::No })
}

fn made(data: &Path, spec: &Spec, format: Format) -> Result<dataset::Made> {
    let path = data.join("generated").join(spec.name());
    eprintln!("data: {}", path.display());
    Ok(dataset::generate(spec, &path, format, &|_, _| ())?)
}

/// A peer's time as a multiple of ours.
type Multiple<'a> = &'a dyn Fn(&str) -> Option<f64>;

/// Runs all in turns and prints the table; whether the targets were met.
fn compare(
    title: &str,
    input: &Path,
    python: &Path,
    peers: &[&str],
    rounds: u16,
    targets: impl Fn(Multiple<'_>) -> Vec<(&'static str, Option<bool>)>,
) -> Result<bool> {
    let scratch = tempfile::tempdir()?;
    let script = scratch.path().join("peers.py");
    std::fs::write(&script, SCRIPT)?;
    let out = scratch.path().join("ours");
    let mut our_times = Vec::new();
    let mut peer_times = vec![Vec::new(); peers.len()];
    for round in 0..rounds {
        eprintln!("{title}: round {} of {rounds}", round + 1);
        our_times.push(ours(input, &out, "page-views")?.0);
        let views = dataset::read_parquet(out.join(PAGE_VIEWS), &[])?;
        for (peer, times) in peers.iter().zip(&mut peer_times) {
            let path = scratch.path().join(format!("{peer}-{round}"));
            times.push(theirs(python, &script, peer, input, &path)?);
            same_views(peer, &views, &path)?;
        }
    }
    let our_median = median(&our_times);
    let multiple = |name: &str| {
        let at = peers.iter().position(|peer| *peer == name)?;
        Some(median(&peer_times[at]) / our_median)
    };
    let mut table = vec![
        vec![
            title.to_owned(),
            "times ours".to_owned(),
            "median".to_owned(),
            "from to".to_owned(),
        ],
        vec![
            "workbook batch".to_owned(),
            "1.00x".to_owned(),
            format!("{our_median:.2} s"),
            super::spread(&our_times),
        ],
    ];
    for (peer, times) in peers.iter().zip(&peer_times) {
        let middle = median(times);
        table.push(vec![
            (*peer).to_owned(),
            format!("{:.2}x", middle / our_median),
            format!("{middle:.2} s"),
            super::spread(times),
        ]);
    }
    print_table(&table);
    Ok(targets(&multiple)
        .into_iter()
        .fold(true, |met, (name, target)| verdict(name, target) && met))
}

pub(super) fn verdict(name: &str, met: Option<bool>) -> bool {
    match met {
        Some(true) => println!("  target met: {name}"),
        Some(false) => println!("  target MISSED: {name}"),
        None => println!("  target not measured: {name}"),
    }
    met != Some(false)
}

/// Seconds of a whole `workbook batch`, and its peak memory in bytes.
fn ours(input: &Path, out: &Path, views: &str) -> Result<(f64, u64)> {
    let program = Built::find()?.exe;
    let started = Instant::now();
    let child = Command::new(program)
        .arg("batch")
        .arg("--input")
        .arg(input)
        .arg("--out")
        .arg(out)
        .args(["--views", views])
        .stdout(Stdio::null())
        .spawn()?;
    let mut status = 0;
    // SAFETY: an all-zero rusage is a valid one, and the call only fills it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        let id = libc::pid_t::try_from(child.id())?;
        if libc::wait4(id, &mut status, 0, &mut usage) != id {
            bail!(
                "waiting for workbook batch: {}",
                std::io::Error::last_os_error()
            );
        }
        usage
    };
    let seconds = started.elapsed().as_secs_f64();
    if status != 0 {
        bail!("workbook batch failed on {}", input.display());
    }
    // Linux counts in kilobytes, macOS in bytes.
    let unit = if cfg!(target_os = "linux") { 1024 } else { 1 };
    Ok((seconds, usage.ru_maxrss as u64 * unit))
}

/// The time after which a peer is given up.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

fn theirs(python: &Path, script: &Path, peer: &str, input: &Path, out: &Path) -> Result<f64> {
    // Into files, and not into pipes: the Java of Spark has them open after Python has ended.
    let [said, errors] =
        ["said", "errors"].map(|name| script.with_file_name(format!("{peer}.{name}")));
    let mut child = Command::new(python)
        .arg(script)
        .arg(peer)
        .arg(input)
        .arg(out)
        .stdin(Stdio::null())
        .stdout(File::create(&said)?)
        .stderr(File::create(&errors)?)
        .process_group(0)
        .spawn()?;
    let group = i32::try_from(child.id())?;
    let started = Instant::now();
    let mut status = child.try_wait()?;
    while status.is_none() && started.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
        status = child.try_wait()?;
    }
    // SAFETY: a signal to the group of a process that this program has started.
    unsafe { libc::kill(-group, libc::SIGKILL) };
    let Some(status) = status else {
        child.wait()?;
        bail!(
            "{peer} did not end within {} minutes",
            PATIENCE.as_secs() / 60
        );
    };
    let text = std::fs::read_to_string(&said)?;
    let seconds = text.lines().find_map(|line| line.strip_prefix("seconds "));
    match seconds {
        Some(seconds) if status.success() => Ok(seconds.trim().parse()?),
        _ => bail!("{peer} failed:\n{}", std::fs::read_to_string(&errors)?),
    }
}

/// The peer's views must be ours, to the row.
fn same_views(peer: &str, ours: &DataFrame, path: &Path) -> Result<()> {
    // Some write a folder with parts in it.
    let mut parts = vec![path.to_owned()];
    if path.is_dir() {
        let files = std::fs::read_dir(path)?.flatten().map(|entry| entry.path());
        parts = files
            .filter(|part| part.extension().is_some_and(|end| end == "parquet"))
            .collect();
    }
    let mut theirs: Option<DataFrame> = None;
    for part in parts {
        let rows = dataset::read_parquet(&part, &["url", "granularity", "ts", "count"])?;
        theirs = Some(match theirs {
            Some(all) => all.vstack(&rows)?,
            None => rows,
        });
    }
    let theirs = theirs.with_context(|| format!("{peer} wrote no Parquet"))?;
    let theirs = theirs.sort(["url", "granularity", "ts"], SortMultipleOptions::default())?;
    if !theirs.equals(ours) {
        bail!("{peer} counts other views than ours:\n{theirs}\nours:\n{ours}");
    }
    Ok(())
}

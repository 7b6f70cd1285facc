//! `workbook bench sketches`: unions of sketches beside Apache DataSketches.
//!
//! Sketches of 2^14 registers, each of as many persons, half of whom are in the next sketch too. A
//! query reads sketches as bytes, so the union of bytes is what counts; that of sketches in memory
//! is beside it. The estimates of both must be near the true number of persons.

use super::batch::verdict;
use super::{median, peers, print_table};
use anyhow::{Context, Result, ensure};
use lambda_workbook::batch::sketch::{Precision, Sketch, union_of_bytes, user_hash};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;
use workbook::Outcome;

#[derive(clap::Args)]
pub struct Args {
    /// Rounds; the median counts
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u16).range(1..=999))]
    rounds: u16,
    /// Persons of each sketch
    #[arg(long, default_value_t = 20_000)]
    persons: u32,
    /// A Python with datasketches [default: that of .venv-bench, else python3]
    #[arg(long, value_name = "PROGRAM")]
    python: Option<PathBuf>,
    /// Make .venv-bench with the peer first (needs the network)
    #[arg(long)]
    setup: bool,
}

const SCRIPT: &str = include_str!("sketches_peer.py");
const SKETCHES: u32 = 50;
/// How far an estimate may be from the truth: four standard errors.
const FAR: f64 = 4.0 * 0.0081;

pub fn run(args: Args) -> Result<Outcome> {
    let python = peers::python(args.python, args.setup.then_some(&["datasketches"][..]))?;
    let peer = peers::installed(&python, "datasketches");
    let made: Result<Vec<Sketch>> = (0..SKETCHES).map(|n| of_persons(n, args.persons)).collect();
    let made = made?;
    let encoded: Vec<Vec<u8>> = made.iter().map(Sketch::to_bytes).collect();
    let truth = f64::from(args.persons) * (f64::from(SKETCHES) + 1.0) / 2.0;
    let near = |estimate: f64| (estimate / truth - 1.0).abs() <= FAR;

    let in_memory = micros(args.rounds, || {
        let mut union = Sketch::new(Precision::DEFAULT);
        made.iter().try_for_each(|sketch| union.merge(sketch))?;
        Ok(union)
    })?;
    let of_bytes = micros(args.rounds, || {
        Ok(union_of_bytes(encoded.iter().map(Vec::as_slice))?)
    })?;
    for (_, union) in [&in_memory, &of_bytes] {
        ensure!(
            near(union.estimate()),
            "our estimate is {}, of {truth}",
            union.estimate()
        );
    }
    ensure!(
        in_memory.1.to_bytes() == of_bytes.1.to_bytes(),
        "the two unions differ"
    );
    // Of a union of bytes, and of one in memory.
    let ours = [of_bytes.0, in_memory.0];
    let mut rows = vec![
        [
            "one union of 2^14 registers",
            "times ours, as bytes",
            "times ours, in memory",
            "as bytes",
            "in memory",
        ]
        .map(str::to_owned)
        .to_vec(),
        row("workbook", ours, ours),
    ];
    let mut theirs = None;
    if peer {
        let output = Command::new(&python)
            .args(["-c", SCRIPT])
            .args([SKETCHES, args.persons, args.rounds.into()].map(|n| n.to_string()))
            .output()?;
        let said: Value = serde_json::from_slice(&output.stdout).with_context(|| {
            format!(
                "the peer failed: {}",
                String::from_utf8_lossy(&output.stderr)
            )
        })?;
        let number = |name: &str| said[name].as_f64().unwrap_or(f64::NAN);
        ensure!(
            near(number("estimate")),
            "the peer counts {}",
            number("estimate")
        );
        let times = [number("bytes"), number("memory")];
        rows.push(row("datasketches", ours, times));
        theirs = Some(number("bytes") / of_bytes.0);
    }
    print_table(&rows);
    let met = verdict(
        "2x the union of DataSketches",
        theirs.map(|times| times >= 2.0),
    );
    Ok(if met { Outcome::Done } else { Outcome::No })
}

/// Returns a row of the table: the ratios of a library, and its microseconds.
fn row(name: &str, ours: [f64; 2], times: [f64; 2]) -> Vec<String> {
    let ratio = |at: usize| format!("{:.2}x", times[at] / ours[at]);
    let micros = |at: usize| format!("{:.2} us", times[at]);
    vec![name.to_owned(), ratio(0), ratio(1), micros(0), micros(1)]
}

fn of_persons(number: u32, persons: u32) -> Result<Sketch> {
    let mut sketch = Sketch::new(Precision::DEFAULT);
    for person in 0..persons {
        sketch.add_hash(user_hash(i64::from(number * (persons / 2) + person)));
    }
    Ok(sketch)
}

/// Returns the median microseconds of one union, and the union.
fn micros(rounds: u16, mut unite: impl FnMut() -> Result<Sketch>) -> Result<(f64, Sketch)> {
    let mut times = Vec::new();
    let mut union = Sketch::new(Precision::DEFAULT);
    for _ in 0..rounds {
        let started = Instant::now();
        union = unite()?;
        times.push(started.elapsed().as_secs_f64() / f64::from(SKETCHES) * 1e6);
    }
    Ok((median(&times), union))
}

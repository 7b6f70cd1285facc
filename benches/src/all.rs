//! `workbook bench all`: every measurement, one after another, on one page.
//!
//! Each is a process of its own, so that none leaves memory or threads to the next. The page is
//! written after each, so that a run that is cut off leaves what it has measured.

use anyhow::{Context, Result, bail};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use workbook::Outcome;

/// A measurement, with what its section says besides the figures.
struct Measurement {
    name: &'static str,
    what: &'static str,
    /// Its arguments on the page, where they are not the default: all of it takes about an hour.
    arguments: &'static [&'static str],
    /// What each side does.
    work: &'static str,
    /// Whether answers were compared.
    compared: &'static str,
    /// Whether it has peers that can be set up.
    has_peers: bool,
    /// Whether it also measures on a topic of Kafka.
    has_log: bool,
}

impl Measurement {
    const fn new(
        name: &'static str,
        what: &'static str,
        work: &'static str,
        compared: &'static str,
    ) -> Self {
        Self {
            name,
            what,
            arguments: &[],
            work,
            compared,
            has_peers: false,
            has_log: false,
        }
    }

    const fn with(self, arguments: &'static [&'static str]) -> Self {
        Self { arguments, ..self }
    }

    const fn peers(self) -> Self {
        Self {
            has_peers: true,
            ..self
        }
    }

    const fn log(self) -> Self {
        Self {
            has_log: true,
            ..self
        }
    }
}

const ALL: [Measurement; 11] = [
    Measurement::new(
        "batch",
        "batch views of a file",
        "Each side reads the file, normalises its URLs, drops duplicates, counts page views by hour, day, week and month, and writes them sorted as Parquet; ours is timed as a whole process, a peer without its imports and the start of its session.",
        "All rows of each peer's view were compared with ours, in each round.",
    )
    .peers(),
    Measurement::new(
        "scale",
        "batch runs of 1 and 14 million page views",
        "`workbook data` makes a week of page views and `workbook batch` computes all views of it, each as a process of its own, while a reader asks the version that is served; there is no peer.",
        "Each answer was compared with that of the version that gave it, asked again after the run.",
    )
    .with(&["--millions", "1,14"]),
    Measurement::new(
        "limits",
        "each stage beside what this machine can do",
        "Each stage runs in turns with the least that it has to do, such as reading the same bytes; there is no peer.",
        "Both decoders, both hashes and both sizes of what is written must agree; the other loops have no answer.",
    ),
    Measurement::new(
        "serving",
        "reads of a serving store",
        "Each side holds the same rows in memory and answers 20,000 single hours and 5,000 years by the same plan of reads (DuckDB 200 of each); the call alone is timed.",
        "The sum of a peer's answers was compared with ours, in each round.",
    )
    .with(&["--urls", "1000"])
    .peers(),
    Measurement::new(
        "sketches",
        "unions of sketches",
        "Each side unites the same number of sketches of 2^14 registers, from their bytes and in memory.",
        "Estimates were compared with the true number: both must be within four standard errors. The hashes differ, so registers cannot be compared.",
    )
    .peers(),
    Measurement::new(
        "speed",
        "from the log to realtime views",
        "Each side takes the same lines from where they wait to page views by URL and hour; ours keeps visits too, which the peers' jobs leave out.",
        "All counts of each peer were compared with ours for throughput; for latency only how many it has counted.",
    )
    .peers()
    .log(),
    Measurement::new(
        "microbatch",
        "a word count in micro-batches",
        "Each side counts the words of the same 160,000 lines, exactly once, and keeps the counts; on Kafka a worker is killed while lines come.",
        "All counts of the peer were compared with ours; after a kill each line was looked for by its number.",
    )
    .peers()
    .log(),
    Measurement::new(
        "kernel",
        "cells of the notebook's kernel",
        "Each kernel runs the same cell in turns, timed from the request until it is idle; ipykernel runs the same steps in Python, with Polars for Python.",
        "Answers were not compared: a cell that fails ends the measurement.",
    )
    .peers(),
    Measurement::new(
        "widgets",
        "pictures that follow a slider",
        "The kernel draws a picture for each move of a slider; there is no peer.",
        "The picture that comes back must be that of the move, or of a later one.",
    ),
    Measurement::new(
        "grade",
        "the grading of a class",
        "The submissions of a class are graded, each in a sandbox; there is no peer.",
        "There is nothing to compare with.",
    ),
    Measurement::new(
        "data",
        "making and reading data",
        "The lesson's data are made and read; there is no peer.",
        "There is nothing to compare with.",
    ),
];

#[derive(clap::Args)]
pub struct Args {
    /// The page to write, in Markdown
    #[arg(long, value_name = "FILE")]
    report: PathBuf,
    /// Only these, with commas [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,
    /// Measure `speed` and `microbatch` on this Kafka too, beside Kafka Streams and Storm [default:
    /// the one that `workbook up kafka` has started, if it runs]
    #[arg(long, value_name = "ADDRESS")]
    log: Option<String>,
    /// Fetch and build the peers first (needs the network)
    #[arg(long)]
    setup: bool,
}

/// What one measurement has printed.
struct Section {
    measurement: &'static Measurement,
    /// The words with which it was started.
    command: String,
    printed: String,
    verdict: &'static str,
    minutes: f64,
}

pub fn run(args: Args) -> Result<Outcome> {
    for name in &args.only {
        if !ALL.iter().any(|known| known.name == name) {
            let known: Vec<&str> = ALL.iter().map(|known| known.name).collect();
            bail!("no measurement {name:?}; there are: {}", known.join(", "));
        }
    }
    let log = args.log.clone().or_else(running_kafka);
    // Before the first hour of measuring, and not after it.
    write(&args.report, &page(&[], true)?)?;
    let mut sections = Vec::new();
    for measurement in &ALL {
        if args.only.is_empty() || args.only.iter().any(|only| only == measurement.name) {
            println!("== {}: {}", measurement.name, measurement.what);
            sections.push(measure(measurement, log.as_deref(), args.setup)?);
            write(&args.report, &page(&sections, true)?)?;
        }
    }
    write(&args.report, &page(&sections, false)?)?;
    println!("the page: {}", args.report.display());
    let is_met = sections
        .iter()
        .all(|section| section.verdict == "all targets met");
    Ok(if is_met { Outcome::Done } else { Outcome::No })
}

/// The address of the Kafka that `workbook up kafka` has started.
fn running_kafka() -> Option<String> {
    let systems = super::peers::project().ok()?.join(".systems");
    let kafka = connect::local::running(&connect::local::kafka::home(&systems))?;
    let address = kafka.address;
    Some(match address.starts_with("kafka://") {
        true => address,
        false => format!("kafka://{address}"),
    })
}

fn measure(measurement: &'static Measurement, log: Option<&str>, setup: bool) -> Result<Section> {
    let started = Instant::now();
    let mut words = vec![measurement.name];
    words.extend(measurement.arguments);
    if let Some(log) = log.filter(|_| measurement.has_log) {
        words.extend(["--log", log]);
    }
    let mut command = Command::new(std::env::current_exe()?);
    command.args(&words);
    if setup && measurement.has_peers {
        command.arg("--setup");
    }
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
    let mut printed = String::new();
    if measurement.has_log && log.is_none() {
        printed += "Kafka does not run, so its peers are left out; `workbook up kafka` starts it\n";
    }
    for line in lines {
        let line = line?;
        println!("{line}");
        writeln!(printed, "{line}")?;
    }
    let verdict = match child.wait()?.code() {
        Some(0) => "all targets met",
        Some(1) => "a target was missed",
        _ => "it failed; see what it said above",
    };
    Ok(Section {
        measurement,
        command: words.join(" "),
        printed,
        verdict,
        minutes: started.elapsed().as_secs_f64() / 60.0,
    })
}

/// A ratio in a table: what was measured, who, the column, and a peer's time as a multiple of ours.
#[derive(Debug, PartialEq)]
struct Ratio {
    table: String,
    who: String,
    column: String,
    times: f64,
}

/// Reads the ratios of all tables in what a measurement has printed: the cells such as `0.85x` below
/// a head in which a column is called `times ours`.
fn ratios(printed: &str) -> Vec<Ratio> {
    let mut ratios = Vec::new();
    let mut head: Option<Vec<&str>> = None;
    for line in printed.lines() {
        let cells: Vec<&str> = line
            .split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect();
        if cells.len() < 2 {
            head = None;
        } else if cells[1..].iter().any(|cell| cell.starts_with("times ours")) {
            head = Some(cells);
        } else if let Some(head) = &head {
            for (cell, column) in cells.iter().zip(head).skip(1) {
                let times = cell.strip_suffix('x').and_then(|times| times.parse().ok());
                ratios.extend(times.map(|times| Ratio {
                    table: head[0].to_owned(),
                    who: cells[0].to_owned(),
                    column: (*column).to_owned(),
                    times,
                }));
            }
        }
    }
    ratios
}

/// Says where a peer takes less than we do.
fn losses(printed: &str) -> String {
    let ratios = ratios(printed);
    if ratios.is_empty() {
        return "Where we lose: no peer was measured.".to_owned();
    }
    let lost: Vec<String> = ratios
        .iter()
        .filter(|ratio| ratio.times < 1.0)
        .map(|ratio| {
            format!(
                "- {}: {} takes {:.2}x our time ({})",
                ratio.table, ratio.who, ratio.times, ratio.column
            )
        })
        .collect();
    match lost.is_empty() {
        true => format!("Where we lose: in none of {} ratios.", ratios.len()),
        false => format!(
            "Where we lose, {} of {} ratios:\n\n{}",
            lost.len(),
            ratios.len(),
            lost.join("\n")
        ),
    }
}

/// Returns the page.
fn page(sections: &[Section], is_running: bool) -> Result<String> {
    let mut page = format!(
        "# Measurements\n\n\
         Made by `cargo workbook bench all --report FILE` on {}. Each section is what one measurement \
         prints. All take their turns on the same inputs, in the same run; times of a single machine are \
         noise in part, so ratios and medians are what to read. The answers of peers are compared with \
         ours, and a difference stops the measurement.\n\n",
        lambda_workbook::chrono::Utc::now().format("%Y-%m-%d")
    );
    for (what, value) in machine() {
        writeln!(page, "- {what}: {value}")?;
    }
    for section in sections {
        let Measurement {
            name,
            what,
            work,
            compared,
            ..
        } = section.measurement;
        write!(
            page,
            "\n## {name}: {what}\n\n{work} {compared}\n\n`cargo workbook bench {}`\n\n",
            section.command
        )?;
        // Tables in Markdown stand as they are.
        match section.printed.contains("|---") {
            true => writeln!(page, "{}", section.printed.trim())?,
            false => writeln!(page, "```text\n{}```", section.printed)?,
        }
        if section.measurement.has_peers {
            writeln!(page, "\n{}", losses(&section.printed))?;
        }
        writeln!(
            page,
            "\n{}, in {:.1} minutes.",
            section.verdict, section.minutes
        )?;
    }
    if is_running {
        page += "\nThe run goes on, or was cut off here.\n";
    }
    Ok(page)
}

/// What the numbers depend on.
fn machine() -> Vec<(&'static str, String)> {
    let line = |path: &str, start: &str| {
        let text = std::fs::read_to_string(path).ok()?;
        let found = text.lines().find(|line| line.starts_with(start))?;
        Some(found.split_once(':')?.1.trim().to_owned())
    };
    let said = |program: &str, words: &[&str]| {
        let output = Command::new(program)
            .args(words)
            .stderr(Stdio::null())
            .output();
        let output = output.ok().filter(|output| output.status.success())?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (!text.is_empty()).then_some(text)
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = line("/proc/meminfo", "MemTotal").and_then(|text| {
        let kilobytes: u64 = text.split_whitespace().next()?.parse().ok()?;
        Some(format!("{} GB", kilobytes.div_ceil(1 << 20)))
    });
    let unknown = || "unknown".to_owned();
    vec![
        (
            "processor",
            line("/proc/cpuinfo", "model name").unwrap_or_else(unknown),
        ),
        ("cores", cores.to_string()),
        ("memory", memory.unwrap_or_else(unknown)),
        ("system", said("uname", &["-sr"]).unwrap_or_else(unknown)),
        ("compiler", said("rustc", &["-V"]).unwrap_or_else(unknown)),
        (
            "workbook",
            said("git", &["describe", "--always", "--dirty"]).unwrap_or_else(unknown),
        ),
        (
            "load before",
            std::fs::read_to_string("/proc/loadavg").map_or_else(
                |_| unknown(),
                |text| text.split(' ').next().unwrap_or_default().to_owned(),
            ),
        ),
    ]
}

/// Writes a file as a whole: a page that is read meanwhile is the old one or the new one.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    // For others to read, as any page: a temporary file is its owner's alone otherwise.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut draft = builder
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .with_context(|| format!("cannot write {}", path.display()))?;
    draft.write_all(text.as_bytes())?;
    draft
        .persist(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(printed: &str) -> Section {
        Section {
            measurement: &ALL[0],
            command: "batch".to_owned(),
            printed: printed.to_owned(),
            verdict: "a target was missed",
            minutes: 1.25,
        }
    }

    #[test]
    fn the_page_has_each_measurement_with_what_it_printed_and_its_verdict() {
        let page = page(&[section("ours  1.00x\n")], false).unwrap();
        assert!(page.contains("\n## batch: batch views of a file\n\nEach side reads"));
        assert!(page.contains("\n```text\nours  1.00x\n```\n"), "{page}");
        assert!(page.contains(ALL[0].compared));
        assert!(page.contains("`cargo workbook bench batch`"));
        assert!(
            page.ends_with("a target was missed, in 1.2 minutes.\n"),
            "{page}"
        );
        assert!(page.contains("- cores: "));
    }

    #[test]
    fn tables_in_markdown_are_not_quoted() {
        let page = page(&[section("| a |\n|---:|\n| 1 |\n")], false).unwrap();
        assert!(page.contains("\n| a |\n|---:|\n| 1 |\n") && !page.contains("```"));
    }

    const TABLES: &str = "\
duckdb 2.0.1
14 million rows    times ours  median       from to
workbook batch          1.00x  4.00 s  4.0 to 4.1 s
duckdb                  0.85x  3.40 s  3.3 to 3.5 s
polars                  2.10x  8.40 s  8.3 to 8.5 s
  target MISSED: the fastest peer

a bucket at random  times ours, p50   p99      p50
workbook                       1.0x  1.0x  0.30 us
redb                           3.0x  0.9x  0.90 us
";

    #[test]
    fn losses_are_the_ratios_below_one() {
        assert_eq!(ratios(TABLES).len(), 7);
        let said = losses(TABLES);
        assert_eq!(
            said,
            "Where we lose, 2 of 7 ratios:\n\n\
             - 14 million rows: duckdb takes 0.85x our time (times ours)\n\
             - a bucket at random: redb takes 0.90x our time (p99)"
        );
        assert_eq!(
            losses("duckdb: not installed\n"),
            "Where we lose: no peer was measured."
        );
        let won = "a table  times ours  median\nus  1.00x  1 s\nspark  9.00x  9 s\n";
        assert_eq!(losses(won), "Where we lose: in none of 2 ratios.");
    }

    #[test]
    fn the_distance_to_a_limit_is_no_ratio_to_a_peer() {
        let limits = "stage  distance  ours\ndecode  0.50x  3 ns\n";
        assert!(ratios(limits).is_empty());
    }
}

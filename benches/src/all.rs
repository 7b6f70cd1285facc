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

/// The measurements, each with what it compares.
const ALL: [(&str, &str); 9] = [
    ("batch", "batch views of a file"),
    ("serving", "reads of a serving store"),
    ("sketches", "unions of sketches"),
    ("speed", "from the log to realtime views"),
    ("microbatch", "a word count in micro-batches"),
    ("kernel", "cells of the notebook's kernel"),
    ("widgets", "pictures that follow a slider"),
    ("grade", "the grading of a class"),
    ("data", "making and reading data"),
];

#[derive(clap::Args)]
pub struct Args {
    /// The page to write, in Markdown
    #[arg(long, value_name = "FILE")]
    report: PathBuf,
    /// Only these, with commas [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,
    /// Fetch and build the peers first (needs the network)
    #[arg(long)]
    setup: bool,
}

/// What one measurement has printed.
struct Section {
    name: &'static str,
    what: &'static str,
    printed: String,
    verdict: &'static str,
    minutes: f64,
}

pub fn run(args: Args) -> Result<Outcome> {
    for name in &args.only {
        if !ALL.iter().any(|(known, _)| known == name) {
            let known: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
            bail!("no measurement {name:?}; there are: {}", known.join(", "));
        }
    }
    // Before the first hour of measuring, and not after it.
    write(&args.report, &page(&[], true)?)?;
    let mut sections = Vec::new();
    for (name, what) in ALL {
        if args.only.is_empty() || args.only.iter().any(|only| only == name) {
            println!("== {name}: {what}");
            sections.push(measure(name, what, args.setup)?);
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

fn measure(name: &'static str, what: &'static str, setup: bool) -> Result<Section> {
    let started = Instant::now();
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(name);
    // Those that have peers to be set up.
    if setup && ["batch", "serving", "sketches", "speed", "microbatch"].contains(&name) {
        command.arg("--setup");
    }
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
    let mut printed = String::new();
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
        name,
        what,
        printed,
        verdict,
        minutes: started.elapsed().as_secs_f64() / 60.0,
    })
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
        write!(
            page,
            "\n## {}: {}\n\n```text\n{}```\n\n{}, in {:.1} minutes.\n",
            section.name, section.what, section.printed, section.verdict, section.minutes
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

    #[test]
    fn the_page_has_each_measurement_with_what_it_printed_and_its_verdict() {
        let section = Section {
            name: "batch",
            what: "batch views of a file",
            printed: "ours  1.00x\n".to_owned(),
            verdict: "a target was missed",
            minutes: 1.25,
        };
        let page = page(&[section], false).unwrap();
        assert!(page.contains("\n## batch: batch views of a file\n\n```text\nours  1.00x\n```\n"));
        assert!(
            page.ends_with("a target was missed, in 1.2 minutes.\n"),
            "{page}"
        );
        assert!(page.contains("- cores: "));
    }
}

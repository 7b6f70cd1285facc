//! `workbook bench`: measurements beside the peers found on this machine.
//!
//! A program of its own, so that nobody waits for it who does not measure: `workbook bench`
//! builds and starts it.

use clap::Parser;
use std::process::ExitCode;
use workbook::Outcome;

mod all;
mod batch;
mod data;
mod grade;
mod kernel;
mod killed_worker;
mod limits;
mod microbatch;
mod peers;
mod scale;
mod serving;
mod sketches;
mod speed;
mod speed_store;
mod topic_peers;
mod widgets;

/// Measures beside the peers found on this machine, ratios first.
#[derive(Parser)]
#[command(name = "workbook bench", version)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// All of these, one after another, on one page
    All(all::Args),
    /// Cells of this kernel beside those of stock evcxr_jupyter
    Kernel(kernel::Args),
    /// Pictures that follow a slider moved many times a second
    Widgets(widgets::Args),
    /// Batch views beside DuckDB, Polars for Python, ClickHouse, DataFusion, PySpark and Sail
    Batch(batch::Args),
    /// The serving store beside redb, LMDB, SQLite, RocksDB, cdb and DuckDB (4 MB of disk for each URL)
    Serving(serving::Args),
    /// The grading of a class
    Grade(grade::Args),
    /// Unions of sketches beside Apache DataSketches
    Sketches(sketches::Args),
    /// From the log to realtime views beside PySpark Structured Streaming
    Speed(speed::Args),
    /// A word count in micro-batches beside PySpark Structured Streaming
    Microbatch(microbatch::Args),
    /// Making data and batch runs at several sizes: time, memory, disk, and what is served meanwhile
    Scale(scale::Args),
    /// Each stage beside what this machine can do at most
    Limits(limits::Args),
    /// The worker of `microbatch --log` that is killed
    #[command(hide = true)]
    CountLines(killed_worker::CountLines),
    /// The making and reading of the lesson's data
    Data,
}

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(3)
        }
    }
}

fn run(args: Args) -> anyhow::Result<Outcome> {
    match args.what {
        What::All(args) => all::run(args),
        What::Kernel(args) => kernel::run(args),
        What::Widgets(args) => widgets::run(args),
        What::Batch(args) => batch::run(args),
        What::Serving(args) => serving::run(args),
        What::Grade(args) => grade::run(args),
        What::Sketches(args) => sketches::run(args),
        What::Speed(args) => speed::run(args),
        What::Microbatch(args) => microbatch::run(args),
        What::Scale(args) => scale::run(args),
        What::Limits(args) => limits::run(args),
        What::CountLines(args) => killed_worker::count_lines(&args).map(|()| Outcome::Done),
        What::Data => data::run(),
    }
}

/// The middle one of some measurements.
fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The least and the most of some seconds.
fn spread(seconds: &[f64]) -> String {
    let least = seconds.iter().copied().fold(f64::INFINITY, f64::min);
    let most = seconds.iter().copied().fold(0.0, f64::max);
    format!("{least:.2} to {most:.2} s")
}

/// Prints rows in columns, the first one to the left, the others to the right.
fn print_table(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if column == 0 {
                line += &format!("{cell:<width$}");
            } else {
                line += &format!("  {cell:>width$}");
            }
        }
        println!("{}", line.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert!(median(&[]).is_nan());
    }
}

//! `workbook bench data`: how long the lesson's data take to make and read.
//!
//! There is no peer to measure beside: the figures are for the two promises of
//! this room, 1.4 million datums written in under 2 s and read in under 0.3 s.
use anyhow::Result;
use lambda_workbook::dataset::{self, Format, PAGE_VIEW_COLUMNS, Spec};
use std::time::Instant;
use workbook::Outcome;

const RUNS: usize = 3;

pub fn run() -> Result<Outcome> {
    let dir = tempfile::tempdir()?;
    let spec = Spec::lesson();
    let made = |format: Format, run: usize| {
        let out = dir.path().join(format!("{format:?}-{run}"));
        dataset::generate(&spec, &out, format, &|_, _| ())
    };
    println!("the lesson's 1,409,422 datums      best   worst");
    for (what, format) in [
        ("make JSON lines and Parquet", Format::Both),
        ("make JSON lines", Format::Json),
        ("make Parquet", Format::Parquet),
    ] {
        row(what, |run| made(format, run).map(|_| ()))?;
    }
    let parquet = made(Format::Parquet, 0)?.parquet();
    row("read page views from Parquet", |_| {
        dataset::read_parquet(&parquet, &PAGE_VIEW_COLUMNS).map(|_| ())
    })?;
    Ok(Outcome::Done)
}

fn row(what: &str, mut work: impl FnMut(usize) -> dataset::Result<()>) -> Result<()> {
    let mut secs = Vec::new();
    for run in 0..RUNS {
        let started = Instant::now();
        work(run)?;
        secs.push(started.elapsed().as_secs_f64());
    }
    secs.sort_by(f64::total_cmp);
    println!("{what:<32} {:>5.2} s {:>5.2} s", secs[0], secs[RUNS - 1]);
    Ok(())
}

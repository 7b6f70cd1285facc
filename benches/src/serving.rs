//! `workbook bench serving`: the store beside redb, LMDB, SQLite, RocksDB, a constant database
//! (cdb) and DuckDB.
//!
//! The same rows, the same queries, in turns, so that a noisy machine is equally
//! noisy to all; every answer of a peer must be ours. A query is asked twice in
//! each turn and the second time counts: what it needs is in memory then, for all.
//!
//! What is charged: the call alone. All but DuckDB run in a process of their own,
//! built with full optimisation, their statements, keys and transactions at hand;
//! ours is called from this program as the notebooks call it. DuckDB answers a
//! Python program, whose share of its time is some microseconds of some thousand.
//! A year is read by the plan of fewest reads; a peer gets the plan too, made
//! ready as one range a scan.

use super::batch::verdict;
use super::{median, peers, print_table};
use anyhow::{Result, ensure};
use lambda_workbook::dataset;
use lambda_workbook::serving::{Builder, Layout, RowValue, Store};
use peer::{Answer, Peer};
use queries::Queries;
use std::path::{Path, PathBuf};
use std::time::Instant;
use view::View;
use workbook::Outcome;

mod peer;
mod queries;
pub mod view;

#[derive(clap::Args)]
pub struct Args {
    /// URLs of the view; each has a year of hours, days, weeks and months
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    urls: u32,
    /// Share of hours without a view, and so without a row
    #[arg(long, default_value_t = 0.0)]
    gaps: f64,
    /// Turns; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=99))]
    rounds: u16,
    /// A Python with duckdb [default: that of .venv-bench, else python3]
    #[arg(long, value_name = "PROGRAM")]
    python: Option<PathBuf>,
    /// Build the peers first (needs the network)
    #[arg(long)]
    setup: bool,
}

const SHARDS: u32 = 4;

/// One of those measured.
struct Contender {
    name: String,
    build: f64,
    bytes: u64,
    point: Vec<Answer>,
    range: Vec<Answer>,
}

impl Contender {
    fn new(name: &str, (build, bytes): (f64, u64)) -> Self {
        Self {
            name: name.to_owned(),
            build,
            bytes,
            point: Vec::new(),
            range: Vec::new(),
        }
    }
}

pub fn run(args: Args) -> Result<Outcome> {
    let data = dataset::home()?;
    let project = peers::project()?;
    let python = peers::python(args.python, args.setup.then_some(&["duckdb"][..]))?;
    if args.setup {
        peer::build_native(&project)?;
    }

    let generated = data.join("generated");
    std::fs::create_dir_all(&generated)?;
    let scratch = tempfile::Builder::new()
        .prefix("bench-serving-")
        .tempdir_in(&generated)?;
    let folder = scratch.path();
    let view = View::new(args.urls, args.gaps);
    let queries = Queries::of(&view, folder)?;

    eprintln!("building ours");
    let (built, rows) = build_ours(&view, &folder.join("store"))?;
    let store = Store::open(folder.join("store"))?;
    let mut all = vec![Contender::new("workbook", built)];
    let mut peers = Vec::new();
    for name in peer::native(&project)? {
        peers.push(Peer::native(&project, name, folder)?);
    }
    if peers::installed(&python, "duckdb") {
        peers.push(Peer::duckdb(&python, folder)?);
    }
    for peer in &mut peers {
        eprintln!("building {}", peer.name());
        let built = peer.build(&view, folder)?;
        all.push(Contender::new(peer.name(), built));
    }
    for round in 0..args.rounds {
        eprintln!("round {} of {}", round + 1, args.rounds);
        all[0].point.push(queries.point.ask(&store)?);
        all[0].range.push(queries.range.ask(&store)?);
        for (peer, contender) in peers.iter_mut().zip(&mut all[1..]) {
            for (what, set) in [("point", &queries.point), ("range", &queries.range)] {
                let answer = peer.ask(what, set)?;
                let wanted = set.sum(&store, answer.few)?;
                ensure!(
                    answer.sum == wanted,
                    "{}: its answers to {what} queries add up to {}, ours to {wanted}",
                    peer.name(),
                    answer.sum
                );
                match what {
                    "point" => contender.point.push(answer),
                    _ => contender.range.push(answer),
                }
            }
        }
    }

    println!(
        "\n{} URLs, {rows} rows, {:.0} % of the hours without a row\n",
        args.urls,
        args.gaps * 100.0
    );
    let point = table("a bucket at random", &all, |one| &one.point);
    let range = table("a year by its plan", &all, |one| &one.range);
    build_table(&all);
    swap(&view, &store, folder)?;
    let version = store.open_version();
    let index: u64 = version.shards().iter().map(|shard| shard.bytes()[0]).sum();
    println!(
        "memory of our own: {} kB of index; the rest is the page cache's",
        index.div_ceil(1000)
    );

    let met = [
        (
            "1.5x the best peer, a bucket at random, at the median",
            point.0,
            1.5,
        ),
        (
            "1.5x the best peer, a bucket at random, at the 99th percentile",
            point.1,
            1.5,
        ),
        (
            "5x the best peer, a year by its plan, at the median",
            range.0,
            5.0,
        ),
        (
            "5x the best peer, a year by its plan, at the 99th percentile",
            range.1,
            5.0,
        ),
    ]
    .into_iter()
    .fold(true, |met, (name, ratio, target)| {
        verdict(name, ratio.map(|ratio| ratio >= target)) && met
    });
    Ok(if met { Outcome::Done } else { Outcome::No })
}

/// Seconds from the first row to the swap, without the making of the rows; the
/// bytes; the rows.
pub fn build_ours(view: &View, folder: &Path) -> Result<((f64, u64), u64)> {
    let started = Instant::now();
    let mut builder = Builder::start(folder, Layout::counts(SHARDS))?;
    let mut seconds = started.elapsed().as_secs_f64();
    for url in 0..view.urls().len() {
        let rows = view.rows(url);
        let started = Instant::now();
        for (granularity, ts, count) in rows {
            builder.push(&view.urls()[url], granularity, ts, RowValue::Count(count))?;
        }
        seconds += started.elapsed().as_secs_f64();
    }
    let started = Instant::now();
    let header = builder.finish()?;
    seconds += started.elapsed().as_secs_f64();
    Ok(((seconds, header.bytes), header.rows))
}

/// How long a reader takes to go over to a new version.
fn swap(view: &View, store: &Store, folder: &Path) -> Result<()> {
    build_ours(view, &folder.join("store"))?;
    let started = Instant::now();
    ensure!(store.refresh()?, "a new version was built");
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    println!("\na reader goes over to the new version in {ms:.2} ms");
    Ok(())
}

/// Prints one kind of query. The best peer's time in ours, at the median and at
/// the 99th percentile.
fn table(
    title: &str,
    all: &[Contender],
    of: impl Fn(&Contender) -> &[Answer],
) -> (Option<f64>, Option<f64>) {
    let p50 = |one: &Contender| median(&of(one).iter().map(|a| a.p50).collect::<Vec<_>>());
    let p99 = |one: &Contender| median(&of(one).iter().map(|a| a.p99).collect::<Vec<_>>());
    let head = [title, "times ours, p50", "p99", "p50", "p99"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for one in all {
        rows.push(vec![
            one.name.clone(),
            format!("{:.1}x", p50(one) / p50(&all[0])),
            format!("{:.1}x", p99(one) / p99(&all[0])),
            format!("{:.2} us", p50(one) / 1000.0),
            format!("{:.2} us", p99(one) / 1000.0),
        ]);
    }
    print_table(&rows);
    println!();
    let best = |time: &dyn Fn(&Contender) -> f64| {
        let peers = all[1..].iter().map(time);
        peers.reduce(f64::min).map(|best| best / time(&all[0]))
    };
    (best(&p50), best(&p99))
}

fn build_table(all: &[Contender]) {
    let mut rows = vec![
        ["build", "times ours", "seconds", "MB"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for one in all {
        rows.push(vec![
            one.name.clone(),
            format!("{:.1}x", one.build / all[0].build),
            format!("{:.2}", one.build),
            format!("{:.0}", one.bytes as f64 / 1e6),
        ]);
    }
    print_table(&rows);
}

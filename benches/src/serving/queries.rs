//! The queries: buckets at random, and years by their plans.
use super::peer::Answer;
use super::view::{HOURS, START, View, mix};
use anyhow::{Context, Result};
use lambda_workbook::calendar::{Granularity, Plan, Span};
use lambda_workbook::serving::{Scan, Store};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How many of each are asked. A peer that takes milliseconds gets the first few.
const POINTS: u64 = 20_000;
const RANGES: u64 = 5_000;
const FEW: usize = 200;

pub struct Queries {
    pub point: Set,
    pub range: Set,
}

/// Queries of one kind, here and as files.
pub struct Set {
    queries: Vec<Query>,
    pub file: PathBuf,
    pub file_of_few: PathBuf,
}

struct Query {
    url: String,
    /// A scan of no length is a point.
    scans: Vec<Scan>,
}

impl Queries {
    pub fn of(view: &View, folder: &Path) -> Result<Self> {
        let url = |n: u64| view.urls()[(mix(n) % view.urls().len() as u64) as usize].clone();
        let hour = |n: u64, of: i64| (mix(n ^ 0xABCD) % of as u64) as i64 * 3600;
        let points = (0..POINTS).map(|n| {
            let ts = START + hour(n, HOURS);
            Ok(Query {
                url: url(n),
                scans: vec![Scan::plus(Granularity::Hour, ts..ts)],
            })
        });
        // A year, less up to two days at either end: the ends are what costs.
        let ranges = (POINTS..POINTS + RANGES).map(|n| {
            let from = START + hour(n, 48);
            let until = START + HOURS * 3600 - hour(n ^ 0x5555, 48);
            let plan = Plan::with_subtraction(Span::new(from, until)?, &Granularity::ALL)?;
            Ok(Query {
                url: url(n),
                scans: Scan::of(&plan),
            })
        });
        Ok(Self {
            point: Set::of(points.collect::<Result<_>>()?, &folder.join("points"))?,
            range: Set::of(ranges.collect::<Result<_>>()?, &folder.join("ranges"))?,
        })
    }
}

impl Set {
    fn of(queries: Vec<Query>, file: &Path) -> Result<Self> {
        let mut lines = String::new();
        let mut end_of_few = 0;
        for (n, query) in queries.iter().enumerate() {
            lines += &query.url;
            for scan in &query.scans {
                let sign = if scan.minus { -1 } else { 1 };
                write!(
                    lines,
                    " {} {} {} {sign}",
                    scan.granularity, scan.from, scan.to
                )?;
            }
            lines.push('\n');
            if n < FEW {
                end_of_few = lines.len();
            }
        }
        let file_of_few = file.with_extension("few");
        std::fs::write(file, &lines)?;
        std::fs::write(&file_of_few, &lines[..end_of_few])?;
        Ok(Self {
            queries,
            file: file.to_owned(),
            file_of_few,
        })
    }

    /// The sum of all answers, or of the first few.
    pub fn sum(&self, store: &Store, few: bool) -> Result<i64> {
        let asked = if few {
            FEW.min(self.queries.len())
        } else {
            self.queries.len()
        };
        self.queries[..asked]
            .iter()
            .map(|query| query.ask(store))
            .sum()
    }

    /// Asks the store each query, twice; the second time counts.
    pub fn ask(&self, store: &Store) -> Result<Answer> {
        let sum = self.sum(store, false)?;
        let mut times = Vec::with_capacity(self.queries.len());
        for query in &self.queries {
            // As a peer has its keys: made just now. And nothing else is timed but the
            // call, for this program is built without optimisation.
            let (url, scans) = (query.url.clone(), query.scans.clone());
            let answer;
            let started;
            match query.point() {
                Some((granularity, ts)) => {
                    started = Instant::now();
                    answer = store.count(&url, granularity, ts);
                }
                None => {
                    started = Instant::now();
                    answer = store.sum(&url, &scans);
                }
            }
            times.push(started.elapsed().as_nanos() as f64);
            std::hint::black_box(answer?);
        }
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() as f64 * share) as usize).min(times.len() - 1)];
        Ok(Answer {
            p50: at(0.5),
            p99: at(0.99),
            sum,
            few: false,
        })
    }
}

impl Query {
    /// The bucket, if it asks for one.
    fn point(&self) -> Option<(Granularity, i64)> {
        match &self.scans[..] {
            [point] if point.from == point.to => Some((point.granularity, point.from)),
            _ => None,
        }
    }

    fn ask(&self, store: &Store) -> Result<i64> {
        match self.point() {
            Some((granularity, ts)) => Ok(store.count(&self.url, granularity, ts)?.unwrap_or(0)),
            None => store
                .sum(&self.url, &self.scans)?
                .context("every URL is in the view"),
        }
    }
}

//! `workbook bench limits`: each stage beside what this machine can do at most.
//!
//! A peer says how we compare; a limit says how much is left to gain. The limit of a stage is the
//! least that it has to do: read the bytes, take the same hash, write the same bytes, or wait for
//! memory. It is measured in the same run, in turns with the stage, so that a noisy machine is
//! equally noisy to both. One thread works, unless a line of the table says otherwise.

use super::serving::view::{HOURS, START, View, mix};
use super::{median, print_table};
use anyhow::{Result, ensure};
use floor::Floor;
use lambda_workbook::batch::page_views::VIEW_ORDER;
use lambda_workbook::batch::sketch::{Precision, Sketch, union_of_bytes, user_hash};
use lambda_workbook::calendar::Granularity;
use lambda_workbook::dataset::{self, Format, PAGE_VIEW_COLUMNS, Spec};
use lambda_workbook::datum::plain_page_view;
use lambda_workbook::engine::{BatchJob, Engine, Local, Views};
use lambda_workbook::lambda::versions::Versions;
use lambda_workbook::polars::prelude::*;
use lambda_workbook::serving::{Scan, Store};
use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;
use workbook::Outcome;

mod cell;
mod floor;

#[derive(clap::Args)]
pub struct Args {
    /// Rounds; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=99))]
    rounds: u16,
    /// Megabytes of the lesson's JSON lines that are decoded
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=200))]
    megabytes: u32,
    /// URLs of the serving store; each has a year of hours, days, weeks and months
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
    urls: u32,
    /// Leave out the cell of a notebook, for which a kernel is started
    #[arg(long)]
    no_cell: bool,
}

/// One stage beside one limit.
struct Stage<'a> {
    name: &'static str,
    limit: &'static str,
    unit: Unit,
    /// Seconds of one item.
    ours: Timer<'a>,
    floor: Timer<'a>,
    times: Vec<(f64, f64)>,
}

type Timer<'a> = Box<dyn FnMut() -> Result<f64> + 'a>;

/// What one item is, and in which unit its time is printed.
#[derive(Clone, Copy)]
struct Unit {
    of: &'static str,
    each_second: f64,
}

const fn nanoseconds(of: &'static str) -> Unit {
    Unit {
        of,
        each_second: 1e9,
    }
}

const fn milliseconds(of: &'static str) -> Unit {
    Unit {
        of,
        each_second: 1e3,
    }
}

impl<'a> Stage<'a> {
    fn new(
        name: &'static str,
        limit: &'static str,
        unit: Unit,
        ours: impl FnMut() -> Result<f64> + 'a,
        floor: impl FnMut() -> Result<f64> + 'a,
    ) -> Self {
        Self {
            name,
            limit,
            unit,
            ours: Box::new(ours),
            floor: Box::new(floor),
            times: Vec::new(),
        }
    }

    /// Returns the medians of ours, of the limit, and of their ratio in a round.
    fn medians(&self) -> (f64, f64, f64) {
        let of = |value: fn(&(f64, f64)) -> f64| {
            median(&self.times.iter().map(value).collect::<Vec<_>>())
        };
        (
            of(|(ours, _)| *ours),
            of(|(_, floor)| *floor),
            of(|(ours, floor)| ours / floor),
        )
    }

    fn row(&self) -> Vec<String> {
        let (ours, floor, distance) = self.medians();
        let time =
            |seconds: f64| format!("{:.2} {}", seconds * self.unit.each_second, self.unit.of);
        vec![
            self.name.to_owned(),
            format!("{distance:.2}x"),
            time(ours),
            time(floor),
            self.limit.to_owned(),
        ]
    }
}

/// Seconds of one of `items`, done together by `work`.
fn each<T>(items: usize, work: impl FnOnce() -> T) -> f64 {
    let started = Instant::now();
    black_box(work());
    started.elapsed().as_secs_f64() / items as f64
}

pub fn run(args: Args) -> Result<Outcome> {
    let data = dataset::home()?.join("generated");
    let lesson = data.join(Spec::lesson().name());
    let lesson = dataset::generate(&Spec::lesson(), &lesson, Format::Both, &|_, _| ())?;
    let scratch = tempfile::Builder::new()
        .prefix("bench-limits-")
        .tempdir_in(&data)?;

    // What the stages work on.
    let parquet = lesson.parquet();
    let text = lines(&lesson.jsonl(), args.megabytes as usize * 1_000_000)?;
    let view = View::new(args.urls, 0.0);
    eprintln!("building a store of {} URLs", args.urls);
    let mut stores = Stores::build(&view, scratch.path())?;
    let store = Store::open(stores.folder())?;
    let sketches = Sketches::new()?;
    let keys = keys();
    let rows = view_rows(&view)?;

    let bytes = stores.bytes;
    let per_row = bytes as f64 / stores.rows as f64;
    let folder = scratch.path();
    let floor = Floor::new(bytes as usize);
    let mut stages = decoding(&text, &parquet, scratch.path())?;
    stages.extend(sketching(&sketches));
    stages.push(Stage::new(
        "sort the rows of a view, on all cores",
        "sort_unstable of as many numbers",
        nanoseconds("ns a row"),
        || {
            let started = Instant::now();
            let sorted = rows.sort(VIEW_ORDER, SortMultipleOptions::default())?;
            let seconds = started.elapsed().as_secs_f64();
            ensure!(sorted.height() == rows.height(), "no row is lost");
            Ok(seconds / rows.height() as f64)
        },
        || {
            let mut copy = keys[..rows.height().min(keys.len())].to_vec();
            Ok(each(copy.len(), || copy.sort_unstable()))
        },
    ));
    stages.push(Stage::new(
        "build a store",
        "write and flush the same bytes",
        milliseconds("ms"),
        || stores.again(),
        move || Ok(bytes as f64 / super::scale::room::write_rate(folder, bytes)?),
    ));
    stages.extend(reading(&store, &view, &floor, per_row));
    stages.push(Stage::new(
        "publish a version of one small file",
        "write, flush and rename the file",
        milliseconds("ms"),
        || publish(&folder.join("versions")),
        || floor::renamed(folder),
    ));
    let mut cells = match args.no_cell {
        true => None,
        false => Some(cell::Cells::start()?),
    };

    // The turns.
    let mut cell_times = Vec::new();
    for round in 0..args.rounds {
        eprintln!("round {} of {}", round + 1, args.rounds);
        for stage in &mut stages {
            let times = ((stage.ours)()?, (stage.floor)()?);
            stage.times.push(times);
        }
        if let Some(cells) = &mut cells {
            cell_times.push((cells.ours()?, cells.rustc_alone()?));
        }
    }
    if let Some(cells) = cells {
        cells.stop()?;
        let mut stage = Stage::new(
            "a cell of a notebook: group-by",
            "rustc alone on the same lines",
            milliseconds("ms"),
            || Ok(f64::NAN),
            || Ok(f64::NAN),
        );
        stage.times = cell_times;
        stages.push(stage);
    }

    let head = ["stage", "distance", "ours", "limit", "what the limit is"];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    table.extend(stages.iter().map(Stage::row));
    print_table(&table);
    println!(
        "\nmedians of {} rounds; distance = the median of ours / limit in a round. Below 1x the limit is no lower bound, but another program.",
        args.rounds
    );
    println!(
        "store: {} rows, {:.0} MB, {per_row:.1} bytes a row; a point read visits an index and a block, so it cannot take less than two waits for memory",
        stores_rows(&store),
        bytes as f64 / 1e6
    );
    Ok(Outcome::Done)
}

fn stores_rows(store: &Store) -> u64 {
    store.header().rows
}

/// Returns the first whole lines of a file.
fn lines(path: &Path, most: usize) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(most as u64).read_to_end(&mut text)?;
    let end = memchr::memrchr(b'\n', &text).map_or(0, |end| end + 1);
    text.truncate(end);
    ensure!(!text.is_empty(), "{}: no line", path.display());
    Ok(text)
}

/// The stages that read the input.
fn decoding<'a>(text: &'a [u8], parquet: &'a Path, scratch: &'a Path) -> Result<Vec<Stage<'a>>> {
    let count = floor::line_ends(text);
    // The decoder and its limit must see the same page views.
    ensure!(
        decode(text) == floor::decode_by_serde(text)?,
        "the two decoders differ"
    );
    let unit = nanoseconds("ns a line");
    let ours = move || Ok(each(count, || decode(text)));
    let name = "decode JSON lines";
    let rows = dataset::read_parquet(parquet, &["nonce"])?.height();
    let out = scratch.join("views");
    Ok(vec![
        Stage::new(name, "read the bytes", unit, ours, move || {
            Ok(each(count, || floor::sum_of(text)))
        }),
        Stage::new(name, "find the line ends (memchr)", unit, ours, move || {
            Ok(each(count, || floor::line_ends(text)))
        }),
        Stage::new(name, "serde_json into a struct", unit, ours, move || {
            let started = Instant::now();
            black_box(floor::decode_by_serde(text)?);
            Ok(started.elapsed().as_secs_f64() / count as f64)
        }),
        Stage::new(
            "Parquet to page views, on all cores",
            "decode its columns alone (polars)",
            nanoseconds("ns a row"),
            move || {
                let job = BatchJob {
                    views: Views::PageViews,
                    ..BatchJob::of(parquet)
                };
                let _ = std::fs::remove_dir_all(&out);
                std::fs::create_dir_all(&out)?;
                let started = Instant::now();
                let summary = Local::default().run(&job, &out, &|_| ())?;
                let seconds = started.elapsed().as_secs_f64();
                ensure!(summary.counts.read as usize == rows, "all rows are read");
                Ok(seconds / rows as f64)
            },
            move || {
                let started = Instant::now();
                black_box(dataset::read_parquet(parquet, &PAGE_VIEW_COLUMNS)?);
                Ok(started.elapsed().as_secs_f64() / rows as f64)
            },
        ),
    ])
}

/// Decodes all lines. Returns sums that depend on all fields.
fn decode(text: &[u8]) -> (i64, usize) {
    let (mut sum, mut bytes) = (0i64, 0);
    for line in floor::lines_of(text) {
        if let Some(view) = plain_page_view(line) {
            sum = sum.wrapping_add(view.secs).wrapping_add(view.nonce);
            bytes += view.url.len();
        }
    }
    (sum, bytes)
}

/// Identifiers, their hashes, and sketches of them.
struct Sketches {
    ids: Vec<i64>,
    hashes: Vec<u64>,
    encoded: Vec<Vec<u8>>,
}

impl Sketches {
    fn new() -> Result<Self> {
        let ids: Vec<i64> = (0..1_000_000).map(|n| (mix(n) >> 20) as i64).collect();
        let hashes: Vec<u64> = ids.iter().map(|id| user_hash(*id)).collect();
        let same = ids.iter().zip(&hashes);
        ensure!(
            same.clone()
                .all(|(id, hash)| floor::xxh64_of(*id, 42) == *hash),
            "the limit takes the same hash"
        );
        let encoded = hashes.chunks(20_000).map(|some| {
            let mut sketch = Sketch::new(Precision::DEFAULT);
            some.iter().for_each(|hash| sketch.add_hash(*hash));
            sketch.to_bytes()
        });
        Ok(Self {
            encoded: encoded.collect(),
            ids,
            hashes,
        })
    }
}

fn sketching(sketches: &Sketches) -> Vec<Stage<'_>> {
    let Sketches {
        ids,
        hashes,
        encoded,
    } = sketches;
    let registers = Precision::DEFAULT.registers();
    vec![
        Stage::new(
            "hash an account",
            "xxh64 of eight bytes, inlined",
            nanoseconds("ns a hash"),
            move || {
                Ok(each(ids.len(), || {
                    ids.iter().fold(0, |all, id| all ^ user_hash(*id))
                }))
            },
            move || {
                Ok(each(ids.len(), || {
                    ids.iter().fold(0, |all, id| all ^ floor::xxh64_of(*id, 42))
                }))
            },
        ),
        Stage::new(
            "add to a sketch",
            "most of a byte at random",
            nanoseconds("ns a hash"),
            move || {
                let mut sketch = Sketch::new(Precision::DEFAULT);
                Ok(each(hashes.len(), || {
                    hashes.iter().for_each(|hash| sketch.add_hash(*hash));
                    sketch.uniques()
                }))
            },
            move || {
                let mut bytes = vec![0u8; registers];
                Ok(each(hashes.len(), || {
                    floor::most_at_random(&mut bytes, hashes)
                }))
            },
        ),
        Stage::new(
            "union of sketches",
            "most of each byte, in order",
            nanoseconds("ns a sketch"),
            move || {
                let started = Instant::now();
                black_box(union_of_bytes(encoded.iter().map(Vec::as_slice))?);
                Ok(started.elapsed().as_secs_f64() / encoded.len() as f64)
            },
            move || {
                let mut most = vec![0; encoded[0].len()];
                Ok(each(encoded.len(), || {
                    encoded
                        .iter()
                        .for_each(|other| floor::most_of_each(&mut most, other));
                    most[0]
                }))
            },
        ),
    ]
}

fn keys() -> Vec<u64> {
    (0..2_000_000).map(mix).collect()
}

/// Returns rows of a view in no order.
fn view_rows(view: &View) -> Result<DataFrame> {
    let (mut urls, mut codes, mut ts) = (vec![], vec![], vec![]);
    let some = (1_000_000 / (HOURS as usize + 500)).clamp(1, view.urls().len());
    for url in 0..some {
        for (granularity, start, _) in view.rows(url) {
            urls.push(&*view.urls()[url]);
            codes.push(granularity.code());
            ts.push(start);
        }
    }
    let order = (0..ts.len() as u64).map(mix).collect::<Vec<_>>();
    let frame = df!("url" => urls, "granularity" => codes, "ts" => ts, "order" => order)?;
    let frame = frame.sort(["order"], SortMultipleOptions::default())?;
    Ok(frame.drop("order")?)
}

/// The store, which is built again in each round.
struct Stores<'a> {
    view: &'a View,
    folder: &'a Path,
    built: u32,
    bytes: u64,
    rows: u64,
}

impl<'a> Stores<'a> {
    fn build(view: &'a View, folder: &'a Path) -> Result<Self> {
        let ((_, bytes), rows) = super::serving::build_ours(view, &folder.join("store"))?;
        Ok(Self {
            view,
            folder,
            built: 0,
            bytes,
            rows,
        })
    }

    fn folder(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// Builds another one, and removes it.
    fn again(&mut self) -> Result<f64> {
        self.built += 1;
        let folder = self.folder.join(format!("store-{}", self.built));
        let ((seconds, bytes), _) = super::serving::build_ours(self.view, &folder)?;
        ensure!(bytes == self.bytes, "the same rows give the same bytes");
        std::fs::remove_dir_all(&folder)?;
        Ok(seconds)
    }
}

/// The stages that read the store.
fn reading<'a>(store: &'a Store, view: &'a View, floor: &'a Floor, per_row: f64) -> Vec<Stage<'a>> {
    const POINTS: u64 = 200_000;
    const RANGES: u64 = 2_000;
    let url = |n: u64| &*view.urls()[(mix(n) % view.urls().len() as u64) as usize];
    let points: Vec<(&str, i64)> = (0..POINTS)
        .map(|n| {
            let hour = mix(n ^ 0xABCD) % HOURS as u64;
            (url(n), START + hour as i64 * 3600)
        })
        .collect();
    let year = [Scan::plus(Granularity::Hour, START..START + HOURS * 3600)];
    let urls: Vec<&str> = (0..RANGES).map(url).collect();
    let bytes = (per_row * HOURS as f64) as usize;
    vec![
        Stage::new(
            "read a bucket at random",
            "one wait for memory",
            nanoseconds("ns a read"),
            move || {
                let started = Instant::now();
                let mut sum = 0;
                for (url, ts) in &points {
                    sum += store.count(url, Granularity::Hour, *ts)?.unwrap_or(0);
                }
                black_box(sum);
                Ok(started.elapsed().as_secs_f64() / points.len() as f64)
            },
            move || Ok(each(POINTS as usize, || floor.chase(POINTS as usize))),
        ),
        Stage::new(
            "sum a year of hours",
            "read as many bytes in order",
            nanoseconds("ns a range"),
            move || {
                let started = Instant::now();
                let mut sum = 0;
                for url in &urls {
                    sum += store.sum(url, &year)?.unwrap_or(0);
                }
                black_box(sum);
                Ok(started.elapsed().as_secs_f64() / urls.len() as f64)
            },
            move || {
                Ok(each(RANGES as usize, || {
                    (0..RANGES).fold(0, |all, n| all ^ floor.range(mix(n), bytes))
                }))
            },
        ),
    ]
}

/// Publishes one version after another. Seconds of one.
fn publish(folder: &Path) -> Result<f64> {
    const TIMES: usize = 10;
    let versions = Versions::at(folder);
    let started = Instant::now();
    for _ in 0..TIMES {
        let draft = versions.draft()?;
        std::fs::write(draft.path().join("view"), [7; 100])?;
        draft.publish(2)?;
    }
    Ok(started.elapsed().as_secs_f64() / TIMES as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_medians_and_the_median_ratio() {
        let mut stage = Stage::new("a", "b", nanoseconds("ns"), || Ok(0.0), || Ok(0.0));
        stage.times = vec![(4e-9, 2e-9), (9e-9, 3e-9), (5e-9, 1e-9)];
        assert_eq!(stage.row(), ["a", "3.00x", "5.00 ns", "2.00 ns", "b"]);
    }

    #[test]
    fn only_whole_lines_are_taken() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "one\ntwo\nthree\n").unwrap();
        assert_eq!(lines(file.path(), 9).unwrap(), b"one\ntwo\n");
        assert!(lines(file.path(), 2).is_err());
    }

    #[test]
    fn both_decoders_see_the_same_page_views() {
        let line = |n: u32| {
            format!(
                r#"{{"dataunit":{{"page_view":{{"nonce":{n},"page":{{"url":"http://foo.com/"}},"person":{{"cookie":"ABCDE"}}}}}},"pedigree":{{"true_as_of_secs":60}}}}"#
            ) + "\n"
        };
        let text = line(1) + &line(2);
        assert_eq!(decode(text.as_bytes()), (123, 30));
        let by_serde = floor::decode_by_serde(text.as_bytes()).unwrap();
        assert_eq!(by_serde, (123, 30));
    }
}

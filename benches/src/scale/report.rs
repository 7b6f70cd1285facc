//! The page about a record: tables, and what they say.
use super::record::{FormatName, Record, Run, Shape, Skipped};
use lambda_workbook::notebook::table::grouped;
use std::fmt::Write as _;

/// How far the time of a page view may be from the median over sizes.
const LINEAR: f64 = 0.15;
/// The most memory that a batch run may hold, in bytes.
pub const MEMORY: u64 = 1_000_000_000;

/// Returns the largest deviation from the median, relative to it; `None` for fewer than two values.
pub fn largest_deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let middle = middle(values);
    let deviations = values.iter().map(|value| (value / middle - 1.0).abs());
    Some(deviations.fold(0.0, f64::max))
}

/// Returns the median; of an even number of values the mean of the two in the middle, so that two
/// values deviate equally.
fn middle(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.len() % 2 {
        0 => (sorted[half - 1] + sorted[half]) / 2.0,
        _ => sorted[half],
    }
}

/// A straight line through measured points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    pub fixed: f64,
    pub slope: f64,
}

impl Line {
    /// Fits a line by least squares; through the origin if there is one point only. `None` without a
    /// point.
    pub fn through(points: &[(f64, f64)]) -> Option<Self> {
        let n = points.len() as f64;
        let (&(x, y), rest) = points.split_first()?;
        if rest.iter().all(|(other, _)| *other == x) {
            let mean = points.iter().map(|(_, y)| y).sum::<f64>() / n;
            let slope = if x == 0.0 { y } else { mean / x };
            return Some(Self { fixed: 0.0, slope });
        }
        let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / n;
        let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / n;
        let across: f64 = points
            .iter()
            .map(|(x, y)| (x - mean_x) * (y - mean_y))
            .sum();
        let along: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
        let slope = across / along;
        Some(Self {
            fixed: mean_y - slope * mean_x,
            slope,
        })
    }

    pub fn at(self, x: f64) -> f64 {
        self.fixed + self.slope * x
    }
}

/// Returns the line of a quantity of runs over their page views.
pub fn line_of(runs: &[&Run], quantity: impl Fn(&Run) -> f64) -> Option<Line> {
    let points: Vec<(f64, f64)> = runs
        .iter()
        .map(|run| (run.page_views as f64, quantity(run)))
        .collect();
    Line::through(&points)
}

fn micros(seconds: f64, page_views: u64) -> f64 {
    seconds * 1e6 / page_views as f64
}

fn megabytes(bytes: u64) -> String {
    grouped(bytes.div_ceil(1_000_000) as i64)
}

/// Says in one line what a run has taken.
pub fn line(run: &Run) -> String {
    format!(
        "{} page views, {}, {}: {:.2} s, {:.2} s of CPU, {} MB of memory, {} MB of disk; {} reads, {} errors, {} wrong",
        grouped(run.page_views as i64),
        run.shape.name(),
        run.format,
        run.seconds,
        run.cpu_seconds,
        megabytes(run.memory),
        megabytes(run.disk),
        run.reads.before.reads + run.reads.during.reads + run.reads.after.reads,
        run.reads.errors,
        run.reads.wrong
    )
}

/// Whether the promises are kept: linear time, bounded memory, and reads without an error.
pub fn is_met(record: &Record) -> bool {
    let linear = all_series(record)
        .all(|runs| deviations(&runs).is_none_or(|(clock, cpu)| clock.max(cpu) <= LINEAR));
    let bounded = record.runs().all(|run| run.memory <= MEMORY);
    linear && bounded && record.runs().all(reads_are_right)
}

fn reads_are_right(run: &Run) -> bool {
    run.reads.errors == 0 && run.reads.wrong == 0 && run.reads.changed > 0
}

fn all_series(record: &Record) -> impl Iterator<Item = Vec<&Run>> {
    let pairs = Shape::ALL
        .into_iter()
        .flat_map(|shape| FormatName::ALL.map(|format| (shape, format)));
    pairs.map(|(shape, format)| record.series(shape, format))
}

/// The largest deviations of the time of a page view: by the clock, and of CPU.
fn deviations(runs: &[&Run]) -> Option<(f64, f64)> {
    let of = |seconds: &dyn Fn(&Run) -> f64| {
        let times: Vec<f64> = runs
            .iter()
            .map(|run| micros(seconds(run), run.page_views))
            .collect();
        largest_deviation(&times)
    };
    Some((of(&|run| run.seconds)?, of(&|run| run.cpu_seconds)?))
}

/// Returns the page, in Markdown.
pub fn page(record: &Record) -> String {
    let mut page = String::new();
    for shape in Shape::ALL {
        for format in FormatName::ALL {
            let (runs, skipped) = (record.series(shape, format), record.skipped(shape, format));
            if !runs.is_empty() || !skipped.is_empty() {
                let _ = writeln!(page, "### {}, {format}\n", shape.name());
                section(&mut page, &runs, &skipped);
            }
        }
    }
    page
}

fn section(page: &mut String, runs: &[&Run], skipped: &[&Skipped]) {
    let mut put = |line: String| {
        page.push_str(&line);
        page.push('\n');
    };
    // The batch run.
    put(row(&[
        "page views",
        "input, MB",
        "batch, s",
        "CPU, s",
        "µs a view",
        "CPU µs a view",
        "memory, MB",
        "temporary disk, MB",
        "views, MB",
        "rows of views",
        "served, MB",
        "rows served",
    ]));
    put(rule(12));
    for run in runs {
        put(row(&[
            &grouped(run.page_views as i64),
            &megabytes(run.input_bytes),
            &format!("{:.2}", run.seconds),
            &format!("{:.2}", run.cpu_seconds),
            &format!("{:.3}", micros(run.seconds, run.page_views)),
            &format!("{:.3}", micros(run.cpu_seconds, run.page_views)),
            &megabytes(run.memory),
            &megabytes(run.disk),
            &megabytes(run.view_bytes),
            &grouped(run.view_rows as i64),
            &megabytes(run.serving_bytes),
            &grouped(run.serving_rows as i64),
        ]));
    }
    for one in skipped {
        put(extrapolated(one, runs));
    }
    put(String::new());
    for one in skipped {
        put(format!(
            "{} page views were not measured: they need about {:.1} GB of disk, and {:.1} GB were free.",
            grouped(one.page_views as i64),
            one.needed as f64 / 1e9,
            one.free as f64 / 1e9
        ));
    }

    // What the table says.
    match deviations(runs) {
        Some((clock, cpu)) => put(format!(
            "Time is {} within {:.0} %: the time of a page view is at most {:.1} % from the median over sizes by the clock, {:.1} % in CPU.",
            if clock.max(cpu) <= LINEAR {
                "linear"
            } else {
                "NOT linear"
            },
            LINEAR * 100.0,
            clock * 100.0,
            cpu * 100.0
        )),
        None => put("Whether time is linear takes two sizes at least.".to_owned()),
    }
    if let (Some(line), true) = (line_of(runs, |run| run.seconds), runs.len() > 1) {
        put(format!(
            "The line through the sizes: {:.2} s, and {:.3} µs for each page view.",
            line.fixed,
            line.slope * 1e6
        ));
    }
    if let Some(most) = runs.iter().map(|run| run.memory).max() {
        put(format!(
            "Most memory: {} MB, {} the bound of {} MB.",
            megabytes(most),
            if most <= MEMORY { "within" } else { "ABOVE" },
            megabytes(MEMORY)
        ));
    }
    put(String::new());

    // The generator.
    put(row(&[
        "page views",
        "made in, s",
        "rows/s",
        "MB/s",
        "disk alone, MB/s",
        "of the disk",
        "memory, MB",
    ]));
    put(rule(7));
    for run in runs {
        let rate = run.input_bytes as f64 / run.made_seconds;
        put(row(&[
            &grouped(run.page_views as i64),
            &format!("{:.2}", run.made_seconds),
            &grouped((run.page_views as f64 / run.made_seconds) as i64),
            &format!("{:.0}", rate / 1e6),
            &format!("{:.0}", run.disk_bytes_per_second / 1e6),
            &format!("{:.2}x", rate / run.disk_bytes_per_second),
            &megabytes(run.made_memory),
        ]));
    }
    put(String::new());

    // The reader.
    put(row(&[
        "page views",
        "reads",
        "errors",
        "wrong answers",
        "median µs before, during, after",
        "longest µs before, during, after",
        "switch, µs",
        "questions whose answer changed",
    ]));
    put(rule(8));
    for run in runs {
        let reads = &run.reads;
        let phases = [reads.before, reads.during, reads.after];
        let three = |of: &dyn Fn(usize) -> f64| {
            let texts = [0, 1, 2].map(|n| format!("{:.1}", of(n)));
            texts.join(", ")
        };
        put(row(&[
            &grouped(run.page_views as i64),
            &grouped(phases.iter().map(|phase| phase.reads as i64).sum()),
            &reads.errors.to_string(),
            &reads.wrong.to_string(),
            &three(&|n| phases[n].median),
            &three(&|n| phases[n].longest),
            &format!("{:.0}", reads.switch),
            &format!("{} of {}", reads.changed, reads.questions),
        ]));
    }
    put(String::new());
    put("While the run lasts, a read comes every 5 ms and so finds the caches of the core cold; before and after it, one read follows another.".to_owned());
    put(String::new());
}

/// The row of a size that was not measured: what the line through the others says of it.
fn extrapolated(one: &Skipped, runs: &[&Run]) -> String {
    let x = one.page_views as f64;
    let at = |quantity: &dyn Fn(&Run) -> f64| line_of(runs, quantity).map(|line| line.at(x));
    let cell = |value: Option<f64>, decimals: usize| match value {
        Some(value) => format!("{value:.decimals$} extrapolated"),
        None => "-".to_owned(),
    };
    let (seconds, cpu) = (at(&|run| run.seconds), at(&|run| run.cpu_seconds));
    let each = |seconds: Option<f64>| seconds.map(|seconds| micros(seconds, one.page_views));
    let megabytes = |value: Option<f64>| value.map(|value| value / 1e6);
    row(&[
        &grouped(one.page_views as i64),
        &cell(megabytes(at(&|run| run.input_bytes as f64)), 0),
        &cell(seconds, 0),
        &cell(cpu, 0),
        &cell(each(seconds), 3),
        &cell(each(cpu), 3),
        "-",
        &cell(megabytes(at(&|run| run.disk as f64)), 0),
        "-",
        "-",
        "-",
        "-",
    ])
}

fn row(cells: &[&str]) -> String {
    format!("| {} |", cells.join(" | "))
}

fn rule(columns: usize) -> String {
    format!("|{}", "---:|".repeat(columns))
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{run, skipped};
    use super::*;

    fn record(runs: impl IntoIterator<Item = Run>) -> Record {
        let mut record = Record::open(None).unwrap();
        for run in runs {
            record.add(run).unwrap();
        }
        record
    }

    #[test]
    fn the_largest_deviation_is_from_the_median() {
        assert_eq!(largest_deviation(&[1.0]), None);
        let deviation = largest_deviation(&[1.0, 1.1, 0.8]).unwrap();
        assert!((deviation - 0.2).abs() < 1e-9);
        let of_two = largest_deviation(&[0.9, 1.1]).unwrap();
        assert!((of_two - 0.1).abs() < 1e-9);
    }

    #[test]
    fn a_line_is_found_again_and_one_point_is_scaled() {
        let line = Line::through(&[(1.0, 5.0), (2.0, 7.0), (10.0, 23.0)]).unwrap();
        assert!((line.fixed - 3.0).abs() < 1e-9 && (line.slope - 2.0).abs() < 1e-9);
        assert!((line.at(100.0) - 203.0).abs() < 1e-9);
        let one = Line::through(&[(4.0, 8.0)]).unwrap();
        assert_eq!(one.at(10.0), 20.0);
        assert_eq!(Line::through(&[]), None);
    }

    #[test]
    fn a_page_says_what_is_linear_and_marks_what_is_extrapolated() {
        let mut linear = record([run(14, 0.0, 0.5), run(140, 0.0, 0.5)]);
        linear.skip(skipped(1000)).unwrap();
        let text = page(&linear);
        assert!(text.contains("Time is linear within 15 %"), "{text}");
        assert!(
            text.contains(
                "| 1,000,000,000 | 150000 extrapolated | 500 extrapolated | 1000 extrapolated |"
            ),
            "{text}"
        );
        assert!(text.contains("1,000,000,000 page views were not measured"));
        assert!(text.contains("within the bound of 1,000 MB"));
        assert!(is_met(&linear));
    }

    #[test]
    fn a_broken_promise_is_named() {
        // A fixed time of 10 s: the small size takes more for each page view.
        let slow = record([run(1, 10.0, 0.5), run(140, 10.0, 0.5)]);
        assert!(page(&slow).contains("Time is NOT linear"));
        assert!(!is_met(&slow));

        let mut large = run(14, 0.0, 0.5);
        large.memory = MEMORY + 1;
        let large = record([large]);
        assert!(page(&large).contains("ABOVE the bound"));
        assert!(!is_met(&large));

        let mut failed = run(14, 0.0, 0.5);
        failed.reads.errors = 1;
        assert!(!is_met(&record([failed])));
        let mut unchanged = run(14, 0.0, 0.5);
        unchanged.reads.changed = 0;
        assert!(!is_met(&record([unchanged])));
        assert!(is_met(&record([run(14, 0.0, 0.5)])));
    }

    #[test]
    fn every_row_of_a_table_has_the_columns_of_its_head() {
        let mut record = record([run(14, 0.0, 0.5)]);
        record.skip(skipped(1000)).unwrap();
        let text = page(&record);
        let lines: Vec<&str> = text.lines().collect();
        let tables = lines.chunk_by(|a, b| a.starts_with('|') == b.starts_with('|'));
        let mut found = 0;
        for table in tables.filter(|table| table[0].starts_with('|')) {
            let columns = |line: &str| line.matches('|').count();
            assert!(table.iter().all(|line| columns(line) == columns(table[0])));
            found += 1;
        }
        assert_eq!(found, 3);
    }
}

//! Timed runs of this project's own batch job, over parts of a data set.
use super::cost_fit::TimedRun;
use super::cost_model::CostError;
use lambda::engine::{BatchJob, Engine as _, Local};
use polars::prelude::DataFrame;
use polars_io::parquet::write::ParquetWriter;
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

/// Runs the batch job over the first rows of `datums`, so many as each size says,
/// `times` for each size, and times it by `now`. An hour of data is `rows_an_hour`.
/// One run that is not counted comes first: it warms the caches.
///
/// The files are in `folder`: about the size of the data.
///
/// # Errors
/// A size of no rows or of more than there are; a job or a disk that fails.
pub fn timed_runs(
    folder: &Path,
    datums: &DataFrame,
    sizes: &[usize],
    rows_an_hour: f64,
    times: usize,
    now: &mut dyn FnMut() -> Duration,
) -> Result<Vec<TimedRun>, CostError> {
    if !(rows_an_hour.is_finite() && rows_an_hour > 0.0) {
        let value = rows_an_hour;
        return Err(CostError::Value {
            what: "rows an hour",
            value,
        });
    }
    let mut inputs = Vec::new();
    for &asked in sizes {
        let rows = datums.height();
        if asked == 0 || asked > rows {
            return Err(CostError::Size { asked, rows });
        }
        let path = folder.join(format!("{asked}.parquet"));
        let file = File::create(&path).map_err(failed(&path))?;
        ParquetWriter::new(file)
            .finish(&mut datums.head(Some(asked)))
            .map_err(failed(&path))?;
        inputs.push((asked, path));
    }
    let views = folder.join("views");
    let mut run = |input: &Path| -> Result<Duration, CostError> {
        fs::create_dir_all(&views).map_err(failed(&views))?;
        let job = BatchJob::of(input);
        let begun = now();
        Local::default().run(&job, &views, &|_| ())?;
        let took = now() - begun;
        fs::remove_dir_all(&views).map_err(failed(&views))?;
        Ok(took)
    };
    if let Some((_, path)) = inputs.first() {
        run(path)?;
    }
    let mut runs = Vec::new();
    // Sizes take turns, so that a machine that is busy for a while slows all alike.
    for _ in 0..times {
        for (rows, path) in &inputs {
            let took = run(path)?.as_secs_f64() / 3_600.0;
            let data = *rows as f64 / rows_an_hour;
            runs.push(TimedRun { data, took });
        }
    }
    Ok(runs)
}

fn failed<E: std::fmt::Display>(path: &Path) -> impl Fn(E) -> CostError {
    let path = path.to_owned();
    move |error| CostError::File {
        path: path.clone(),
        problem: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fit;
    use super::*;
    use polars::prelude::df;

    fn views(rows: i64) -> DataFrame {
        let of = |n: i64| 1_438_624_800 + n;
        df!(
            "true_as_of_secs" => (0..rows).map(of).collect::<Vec<_>>(),
            "kind" => vec!["page_view"; rows as usize],
            "url" => vec!["http://mysite.com/"; rows as usize],
            "cookie" => vec![None::<&str>; rows as usize],
            "user_id" => (0..rows).map(|n| n % 7).collect::<Vec<_>>(),
            "nonce" => (0..rows).collect::<Vec<_>>(),
        )
        .unwrap()
    }

    #[test]
    fn the_runs_of_a_real_job_are_timed_by_the_clock_that_is_passed_in() {
        let folder = tempfile::tempdir().unwrap();
        let sizes = [50usize, 100, 200];
        // Read twice a run: at its start and at its end. Told: 2 s and 10 ms a row.
        let (mut reads, mut told) = (0usize, Duration::ZERO);
        let mut now = || {
            let run = reads / 2;
            if reads % 2 == 1 {
                let size = if run == 0 { 50 } else { sizes[(run - 1) % 3] };
                told += Duration::from_millis(2_000 + 10 * size as u64);
            }
            reads += 1;
            told
        };
        let runs = timed_runs(folder.path(), &views(200), &sizes, 50.0, 2, &mut now).unwrap();
        assert_eq!(runs.len(), 6);
        let data: Vec<f64> = runs.iter().map(|run| run.data).collect();
        assert_eq!(data, [1.0, 2.0, 4.0, 1.0, 2.0, 4.0]);
        let fit = Fit::of(&runs).unwrap();
        assert_eq!(
            fit.to_string(),
            "6 runs: O = 2.00 s ± 0.000000000, P = 0.500 s ± 0.000000000 for an hour of data"
        );
    }

    #[test]
    fn a_size_that_is_not_there_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut now = || Duration::ZERO;
        for size in [0, 11] {
            let error =
                timed_runs(folder.path(), &views(10), &[size], 1.0, 1, &mut now).unwrap_err();
            assert!(error.to_string().contains("of 10"), "{error}");
        }
        assert!(timed_runs(folder.path(), &views(10), &[1], 0.0, 1, &mut now).is_err());
    }
}

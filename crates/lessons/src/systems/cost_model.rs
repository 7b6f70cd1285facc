//! What a batch layer costs: T = O + P x H, and the run time it settles at.
//!
//! A run takes T hours: an overhead of O, whatever the data, and P for each of the
//! H hours of data that it reads. While a run goes on, data go on coming: the next
//! run reads those of T hours. So H becomes T again and again, and with P < 1 the
//! run times come nearer and nearer to T = O + P x T, which is T = O / (1 - P).
//! With P of 1 or more each run leaves the next more than it has done itself.
//!
//! Source: Marz and Warren, "Big Data", section 18.1.4.
use lambda::engine::EngineError;
use polars::prelude::{DataFrame, PolarsResult, df};
use std::fmt;

/// Overhead and dynamic processing time of a batch job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostModel {
    overhead: f64,
    processing: f64,
}

impl CostModel {
    /// O in hours, and P in hours of run time for each hour of data.
    ///
    /// # Errors
    /// Either is negative or no number.
    pub fn new(overhead: f64, processing: f64) -> Result<Self, CostError> {
        for (what, value) in [("O", overhead), ("P", processing)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(CostError::Value { what, value });
            }
        }
        Ok(CostModel {
            overhead,
            processing,
        })
    }

    /// O and P of a job that settled at `before` hours, and at `after` once P was
    /// multiplied by `factor`: from before (1 - P) = O = after (1 - factor P).
    ///
    /// ```
    /// use lambda_workbook::systems::CostModel;
    /// // Twice the machines: 30 h became 6 h.
    /// let job = CostModel::of_change(30.0, 6.0, 0.5)?;
    /// assert_eq!(job.to_string(), "O = 3.33 h, P = 0.889");
    /// // 10 % more of all tasks fail and run again: 8 h became 72 h.
    /// let job = CostModel::of_change(8.0, 72.0, 1.0 / 0.9)?;
    /// assert_eq!(job.to_string(), "O = 0.889 h, P = 0.889");
    /// # Ok::<(), lambda_workbook::systems::CostError>(())
    /// ```
    ///
    /// # Errors
    /// No model has these two steady states.
    pub fn of_change(before: f64, after: f64, factor: f64) -> Result<Self, CostError> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        for (what, value) in [("before", before), ("after", after), ("factor", factor)] {
            if !positive(value) {
                return Err(CostError::Value { what, value });
            }
        }
        let processing = (before - after) / (before - factor * after);
        let overhead = before * (1.0 - processing);
        let job = CostModel::new(overhead, processing);
        let settles =
            |job: &CostModel| processing < 1.0 && job.slowed(factor).steady_state().is_ok();
        let fits = job.ok().filter(|job| factor != 1.0 && settles(job));
        fits.ok_or(CostError::NoModel {
            before,
            after,
            factor,
        })
    }

    /// O in hours.
    pub fn overhead(&self) -> f64 {
        self.overhead
    }

    /// P in hours of run time for each hour of data.
    pub fn processing(&self) -> f64 {
        self.processing
    }

    /// T in hours of a run over so many hours of data.
    pub fn run_time(&self, data: f64) -> f64 {
        self.overhead + self.processing * data
    }

    /// The run time that the job settles at, in hours: O / (1 - P).
    ///
    /// ```
    /// use lambda_workbook::systems::CostModel;
    /// assert_eq!(CostModel::new(2.0, 0.75)?.steady_state()?, 8.0);
    /// let error = CostModel::new(2.0, 1.0)?.steady_state().unwrap_err();
    /// assert!(error.to_string().contains("falls behind"));
    /// # Ok::<(), lambda_workbook::systems::CostError>(())
    /// ```
    ///
    /// # Errors
    /// P is 1 or more.
    pub fn steady_state(&self) -> Result<f64, CostError> {
        if self.processing >= 1.0 {
            return Err(CostError::NoSteadyState(self.processing));
        }
        Ok(self.overhead / (1.0 - self.processing))
    }

    /// The run times of `runs` runs, each over the data that came during the one
    /// before; the first over `data` hours.
    pub fn runs(&self, data: f64, runs: usize) -> Vec<f64> {
        let next = |last: &f64| Some(self.run_time(*last));
        std::iter::successors(Some(self.run_time(data)), next)
            .take(runs)
            .collect()
    }

    /// The same with P multiplied: below 1 with more machines.
    pub fn slowed(&self, factor: f64) -> Self {
        CostModel {
            processing: self.processing * factor.max(0.0),
            ..*self
        }
    }

    /// The same on `times` as many machines, among which the work is cut evenly.
    pub fn on_machines(&self, times: f64) -> Self {
        self.slowed(1.0 / times)
    }

    /// The same where a share of the work fails and is done again, so that
    /// 1 / (1 - share) of it is done.
    pub fn with_failures(&self, share: f64) -> Self {
        self.slowed(1.0 / (1.0 - share.clamp(0.0, 1.0)))
    }
}

/// The runs of several jobs, for a picture: `run`, `hours`, `job`.
///
/// ```
/// use lambda_workbook::systems::{CostModel, run_times};
/// let job = CostModel::new(1.0, 0.5)?;
/// let table = run_times(&[("P = 0.5", job)], 4.0, 3)?;
/// assert_eq!(table.column("hours")?.f64()?.to_vec(), [Some(3.0), Some(2.5), Some(2.25)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run_times(jobs: &[(&str, CostModel)], data: f64, runs: usize) -> PolarsResult<DataFrame> {
    let hours: Vec<f64> = jobs
        .iter()
        .flat_map(|(_, job)| job.runs(data, runs))
        .collect();
    let names = jobs.iter().flat_map(|(name, _)| vec![*name; runs]);
    let number = |place: usize| (place % runs.max(1) + 1) as i64;
    df!(
        "run" => (0..hours.len()).map(number).collect::<Vec<_>>(),
        "job" => names.collect::<Vec<_>>(),
        "hours" => hours,
    )
}

/// Three digits that count.
pub(super) fn digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let places = (2 - value.abs().log10().floor() as i32).clamp(0, 9) as usize;
    format!("{value:.places$}")
}

impl fmt::Display for CostModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (overhead, processing) = (digits(self.overhead), digits(self.processing));
        write!(f, "O = {overhead} h, P = {processing}")
    }
}

/// Why a cost cannot be computed.
#[derive(Debug, thiserror::Error)]
pub enum CostError {
    /// A number is not finite, negative, or 0 where it must be above 0.
    #[error(
        "{what} = {value}: give a finite number, O and P from 0 on, run times and factors above 0"
    )]
    Value {
        /// What the number is, such as "P".
        what: &'static str,
        /// The number.
        value: f64,
    },
    /// With this P, which is 1 or more, the run times grow without bound.
    #[error(
        "P = {}: an hour of data takes an hour or more, so each run falls behind further; add \
         machines, or compute less of each datum, until P is below 1",
        digits(*.0)
    )]
    NoSteadyState(f64),
    /// No job has these two run times.
    #[error(
        "no O and P make {before} h of {after} h when P is multiplied by {factor}; more work \
         takes longer and less is quicker"
    )]
    NoModel {
        /// The run time before, in hours.
        before: f64,
        /// The run time after, in hours.
        after: f64,
        /// The number by which P is multiplied.
        factor: f64,
    },
    /// There are too few runs for a line, or all are of one size.
    #[error(
        "{runs} runs of {sizes} sizes: a line with residuals needs 3 runs of 2 sizes; time more \
         of them"
    )]
    Runs {
        /// The number of runs.
        runs: usize,
        /// The number of different sizes.
        sizes: usize,
    },
    /// A run would read no rows, or more than there are.
    #[error("a run over {asked} rows of {rows}; choose from 1 to as many as there are")]
    Size {
        /// The number of rows that was asked for.
        asked: usize,
        /// The number of rows that there are.
        rows: usize,
    },
    /// The batch job failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The file of the rows of a run could not be written.
    #[error("writing {}: {problem}; is the disk full?", path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// The error.
        problem: String,
    },
}

impl From<CostError> for polars::error::PolarsError {
    fn from(error: CostError) -> Self {
        polars::error::PolarsError::ComputeError(error.to_string().into())
    }
}

#[cfg(test)]
#[path = "cost_model_tests.rs"]
mod tests;

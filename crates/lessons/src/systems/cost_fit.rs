//! O and P of timed runs, by least squares.
use super::cost_model::{CostError, CostModel, digits};
use polars::prelude::{DataFrame, PolarsResult, df};
use std::fmt;

/// A timed run, in hours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimedRun {
    /// H, the hours of data that it read.
    pub data: f64,
    /// T, how long it took.
    pub took: f64,
}

/// The line through timed runs from which their squared distances are least.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Its O is where the line meets H = 0, its P the slope. Below 0, either is
    /// noise, and is taken for 0.
    pub job: CostModel,
    /// Standard errors of O in hours and of P: how far off each may well be.
    pub errors: (f64, f64),
    runs: Vec<TimedRun>,
}

impl Fit {
    /// The fit of at least three runs of two sizes. O(n).
    ///
    /// ```
    /// use lambda_workbook::systems::{Fit, TimedRun};
    /// let runs = [(1.0, 2.4), (2.0, 2.9), (4.0, 4.1), (8.0, 5.9)];
    /// let fit = Fit::of(&runs.map(|(data, took)| TimedRun { data, took }))?;
    /// assert_eq!(fit.job.to_string(), "O = 1.94 h, P = 0.502");
    /// let left: f64 = fit.residuals().sum();
    /// assert!(left.abs() < 1e-12);
    /// # Ok::<(), lambda_workbook::systems::CostError>(())
    /// ```
    ///
    /// # Errors
    /// Too few runs or sizes; a time or a size that is no number.
    pub fn of(runs: &[TimedRun]) -> Result<Self, CostError> {
        let mut sizes: Vec<f64> = runs.iter().map(|run| run.data).collect();
        sizes.sort_by(f64::total_cmp);
        sizes.dedup();
        if runs.len() < 3 || sizes.len() < 2 {
            let (runs, sizes) = (runs.len(), sizes.len());
            return Err(CostError::Runs { runs, sizes });
        }
        let numbers = runs
            .iter()
            .flat_map(|run| [("H", run.data), ("T", run.took)]);
        for (what, value) in numbers {
            if !(value.is_finite() && value >= 0.0) {
                return Err(CostError::Value { what, value });
            }
        }
        let n = runs.len() as f64;
        let mean_data = runs.iter().map(|run| run.data).sum::<f64>() / n;
        let mean_took = runs.iter().map(|run| run.took).sum::<f64>() / n;
        let spread: f64 = runs.iter().map(|run| (run.data - mean_data).powi(2)).sum();
        let both = |run: &TimedRun| (run.data - mean_data) * (run.took - mean_took);
        let slope = runs.iter().map(both).sum::<f64>() / spread;
        let start = mean_took - slope * mean_data;
        let left = |run: &TimedRun| (run.took - start - slope * run.data).powi(2);
        let variance = runs.iter().map(left).sum::<f64>() / (n - 2.0).max(1.0);
        let of_start = (variance * (1.0 / n + mean_data.powi(2) / spread)).sqrt();
        Ok(Fit {
            job: CostModel::new(start.max(0.0), slope.max(0.0))?,
            errors: (of_start, (variance / spread).sqrt()),
            runs: runs.to_vec(),
        })
    }

    /// The runs that were fitted.
    pub fn runs(&self) -> &[TimedRun] {
        &self.runs
    }

    /// What the line leaves of each run: measured less fitted, in hours.
    pub fn residuals(&self) -> impl Iterator<Item = f64> {
        self.runs
            .iter()
            .map(|run| run.took - self.job.run_time(run.data))
    }

    /// The runs in seconds: `data_h`, `took_s`, `fitted_s`, `residual_s`.
    pub fn frame(&self) -> PolarsResult<DataFrame> {
        const HOUR: f64 = 3_600.0;
        let runs = || self.runs.iter();
        df!(
            "data_h" => runs().map(|run| run.data).collect::<Vec<_>>(),
            "took_s" => runs().map(|run| run.took * HOUR).collect::<Vec<_>>(),
            "fitted_s" => runs().map(|run| self.job.run_time(run.data) * HOUR).collect::<Vec<_>>(),
            "residual_s" => self.residuals().map(|left| left * HOUR).collect::<Vec<_>>(),
        )
    }
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |hours: f64| digits(hours * 3_600.0);
        let (o, p) = (self.job.overhead(), self.job.processing());
        let (of_o, of_p) = self.errors;
        write!(
            f,
            "{} runs: O = {} s ± {}, P = {} s ± {} for an hour of data",
            self.runs.len(),
            seconds(o),
            seconds(of_o),
            seconds(p),
            seconds(of_p)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(data: f64, took: f64) -> TimedRun {
        TimedRun { data, took }
    }

    #[test]
    fn too_few_runs_or_one_size_are_refused() {
        assert!(Fit::of(&[run(1.0, 1.0), run(2.0, 2.0)]).is_err());
        let error = Fit::of(&[run(1.0, 1.0); 5]).unwrap_err().to_string();
        assert!(error.contains("5 runs of 1 sizes"), "{error}");
        assert!(Fit::of(&[run(1.0, f64::NAN), run(2.0, 1.0), run(3.0, 1.0)]).is_err());
    }

    #[test]
    fn a_line_that_falls_has_no_processing_time_and_says_how_unsure_it_is() {
        let fit = Fit::of(&[run(1.0, 3.0), run(2.0, 2.0), run(3.0, 2.5)]).unwrap();
        assert_eq!(fit.job.processing(), 0.0);
        assert!(fit.errors.1 > 0.2);
        assert_eq!(fit.residuals().count(), 3);
    }

    proptest! {
        #[test]
        fn the_fit_finds_a_job_back(o in 0.0f64..5.0, p in 0.0f64..2.0, sizes in prop::collection::vec(0.1f64..50.0, 3..20)) {
            prop_assume!(sizes.iter().any(|size| (size - sizes[0]).abs() > 1.0));
            let job = CostModel::new(o, p).unwrap();
            let runs: Vec<TimedRun> = sizes.iter().map(|size| run(*size, job.run_time(*size))).collect();
            let fit = Fit::of(&runs).unwrap();
            prop_assert!((fit.job.overhead() - o).abs() < 1e-6 && (fit.job.processing() - p).abs() < 1e-6);
            prop_assert!(fit.residuals().all(|left| left.abs() < 1e-6));
        }

        #[test]
        fn no_other_line_is_nearer(
            told in prop::collection::vec((1.0f64..50.0, 10.0f64..90.0), 4..12),
            (up, tilt) in (-1.0f64..1.0, -0.1f64..0.1),
        ) {
            let runs: Vec<TimedRun> = told.iter().map(|(data, took)| run(*data, *took)).collect();
            prop_assume!(runs.iter().any(|other| (other.data - runs[0].data).abs() > 1.0));
            let fit = Fit::of(&runs).unwrap();
            prop_assume!(fit.job.overhead() > 2.0 && fit.job.processing() > 0.2);
            let squares = |o: f64, p: f64| runs.iter().map(|run| (run.took - o - p * run.data).powi(2)).sum::<f64>();
            let (o, p) = (fit.job.overhead(), fit.job.processing());
            prop_assert!(squares(o, p) <= squares(o + up, p + tilt) + 1e-9);
        }
    }
}

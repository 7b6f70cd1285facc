//! What precision buys: errors that are measured, beside the formula.

use lambda::batch::sketch::user_hash;
use lambda::batch::{Precision, Sketch};
use polars::prelude::{DataFrame, PolarsResult, df};

/// The errors of sketches of one precision.
#[derive(Clone, Debug, PartialEq)]
pub struct Accuracy {
    /// The precision.
    pub precision: Precision,
    /// The bytes of a stored sketch: the largest of all sets.
    pub bytes: usize,
    /// Whether all sketches held codes, the sparse form; otherwise at least one held registers.
    pub sparse: bool,
    /// The error of each set in percent of the true number, with its sign.
    pub errors: Vec<f64>,
}

impl Accuracy {
    /// Returns the root of the mean squared error, in percent: the standard error as measured.
    pub fn measured(&self) -> f64 {
        let squares: f64 = self.errors.iter().map(|error| error * error).sum();
        (squares / self.errors.len().max(1) as f64).sqrt()
    }

    /// Returns the standard error of the registers in percent, by the formula 104 / sqrt(registers).
    /// The error is smaller while there are few visitors for each register.
    pub fn formula(&self) -> f64 {
        100.0 * self.precision.standard_error()
    }
}

/// Counts `sets` sets of `visitors` different people each, with a sketch of every second precision
/// from 4 to 18. No person is in two sets.
///
/// ```
/// let accuracy = lambda_workbook::people::accuracy(1_000, 5);
/// let precisions: Vec<u8> = accuracy.iter().map(|row| row.precision.bits()).collect();
/// assert_eq!(precisions, [4, 6, 8, 10, 12, 14, 16, 18]);
/// assert!(!accuracy[0].sparse && accuracy[7].sparse);
/// assert!(accuracy[7].measured() < 0.1); // codes are nearly exact
/// ```
pub fn accuracy(visitors: i64, sets: i64) -> Vec<Accuracy> {
    let of = |precision: Precision| {
        let mut accuracy = Accuracy {
            precision,
            bytes: 0,
            sparse: true,
            errors: Vec::new(),
        };
        for set in 0..sets {
            let mut sketch = Sketch::new(precision);
            for user in set * visitors..(set + 1) * visitors {
                sketch.add_hash(user_hash(user));
            }
            let bytes = sketch.to_bytes();
            accuracy.bytes = accuracy.bytes.max(bytes.len());
            // The third byte of a stored sketch says which form follows.
            accuracy.sparse &= bytes[2] == 0;
            let error = sketch.estimate() / visitors as f64 - 1.0;
            accuracy.errors.push(100.0 * error);
        }
        accuracy
    };
    Precision::all()
        .filter(|precision| precision.bits() % 2 == 0)
        .map(of)
        .collect()
}

/// Returns the rows as a table: `precision`, `registers`, `form` (codes or registers), `bytes`,
/// `measured error, %` and `error by formula, %`.
///
/// # Errors
/// None in practice: the columns have one length.
pub fn accuracy_table(rows: &[Accuracy]) -> PolarsResult<DataFrame> {
    let rounded = |percent: f64| (percent * 1_000.0).round() / 1_000.0;
    let form = |row: &Accuracy| if row.sparse { "codes" } else { "registers" };
    df!(
        "precision" => rows.iter().map(|row| i64::from(row.precision.bits())).collect::<Vec<_>>(),
        "registers" => rows.iter().map(|row| row.precision.registers() as i64).collect::<Vec<_>>(),
        "form" => rows.iter().map(form).collect::<Vec<_>>(),
        "bytes" => rows.iter().map(|row| row.bytes as i64).collect::<Vec<_>>(),
        "measured error, %" => rows.iter().map(|row| rounded(row.measured())).collect::<Vec<_>>(),
        "error by formula, %" => rows.iter().map(|row| rounded(row.formula())).collect::<Vec<_>>(),
    )
}

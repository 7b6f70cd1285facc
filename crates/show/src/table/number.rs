//! Converts the floats of a column to text whose decimal points are aligned.
use polars::prelude::AnyValue;

/// The largest number of decimals that are shown.
const DECIMALS: usize = 4;

/// Returns the texts of the floats of a column, all with the same number of decimals, so that
/// the points are aligned. A null is `None`.
pub fn floats(values: &[AnyValue]) -> Vec<Option<String>> {
    let floats: Vec<Option<f64>> = values.iter().map(AnyValue::extract::<f64>).collect();
    let finite = floats.iter().flatten().copied().filter(|x| is_ordinary(*x));
    let decimals = finite.map(decimals_of).max().unwrap_or(1).max(1);
    let text = |x: Option<f64>| Some(text(x?, decimals));
    floats.into_iter().map(text).collect()
}

/// Returns the text of a single float, with no more decimals than it needs.
pub fn float(x: f64) -> String {
    text(x, decimals_of(x).max(1))
}

/// Writes a float with this number of decimals, or as a power of ten if it is very large or small.
fn text(x: f64, decimals: usize) -> String {
    if !x.is_finite() {
        x.to_string()
    } else if is_ordinary(x) {
        format!("{x:.decimals$}")
    } else {
        format!("{x:.DECIMALS$e}")
    }
}

/// Returns true if a float is easier to read in plain digits than as a power of ten.
fn is_ordinary(x: f64) -> bool {
    x == 0.0 || (1e-3..1e15).contains(&x.abs())
}

/// Returns the number of decimals that a float needs, at most [`DECIMALS`].
fn decimals_of(x: f64) -> usize {
    let text = format!("{x:.DECIMALS$}");
    let digits = text.trim_end_matches('0');
    digits.split_once('.').map_or(0, |(_, after)| after.len())
}

#[cfg(test)]
mod tests {
    use super::super::Grid;
    use super::*;
    use polars::prelude::*;

    fn column<T>(values: T) -> Vec<String>
    where
        Series: NamedFrom<T, [f64]>,
    {
        let grid = Grid::of_series(&Series::new("x".into(), values));
        let rows = grid.rows.iter();
        rows.map(|row| row[0].text().to_owned()).collect()
    }

    #[test]
    fn the_points_of_floats_align() {
        assert_eq!(column([0.5, 12.25, 3.0]), ["0.50", "12.25", "3.00"]);
    }

    #[test]
    fn odd_floats_stay_readable() {
        assert_eq!(
            column([f64::NAN, f64::INFINITY, 1e-9, 1e300]),
            ["NaN", "inf", "1.0000e-9", "1.0000e300"]
        );
    }

    #[test]
    fn floats_of_any_width_have_no_noise() {
        let narrow = Series::new("x".into(), [0.1f32, 0.25]);
        let grid = Grid::of_series(&narrow);
        assert_eq!(grid.rows[0][0].text(), "0.10");
        assert_eq!(float(0.1 + 0.2), "0.3");
        assert_eq!(float(7.0), "7.0");
    }
}

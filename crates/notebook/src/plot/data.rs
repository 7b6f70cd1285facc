//! Reads the columns of a data frame for charts.
use crate::table::value_text;
use polars::prelude::{AnyValue, Column, DataFrame, DataType, PolarsResult, polars_bail};
use std::collections::HashMap;

/// Returns the values of a column of numbers. Nulls, NaN and infinities are `None`.
///
/// # Errors
/// If there is no such column, or its type is not numeric.
pub fn numbers(frame: &DataFrame, name: &str) -> PolarsResult<Vec<Option<f64>>> {
    let column = frame.column(name)?;
    if !column.dtype().is_primitive_numeric() {
        let dtype = column.dtype();
        polars_bail!(InvalidOperation: "column `{name}` has type {dtype}, but a plot needs numbers; cast it, or name another column");
    }
    let floats = column.cast(&DataType::Float64)?;
    let values = floats.f64()?.iter();
    Ok(values.map(|v| v.filter(|v| v.is_finite())).collect())
}

/// Returns the values of any column as text of bounded length.
///
/// # Errors
/// If there is no such column.
pub fn texts(frame: &DataFrame, name: &str) -> PolarsResult<Vec<String>> {
    let column: &Column = frame.column(name)?;
    let text = |i| Ok(value_text(&column.get(i).unwrap_or(AnyValue::Null)));
    (0..column.len()).map(text).collect()
}

/// Returns the index of each row's series, and the names of the series in the order of their first
/// appearance. Without a column of series, or without rows, there is one series without a name.
///
/// # Errors
/// If there is no such column.
pub fn series(frame: &DataFrame, by: Option<&str>) -> PolarsResult<(Vec<usize>, Vec<String>)> {
    let column = by.map(|by| texts(frame, by)).transpose()?;
    match column.filter(|texts| !texts.is_empty()) {
        Some(texts) => Ok(in_order(texts)),
        None => Ok((vec![0; frame.height()], vec![String::new()])),
    }
}

/// Numbers texts in the order of their first appearance. Returns the number of each text, and the
/// different texts in the order of their numbers.
pub fn in_order(texts: Vec<String>) -> (Vec<usize>, Vec<String>) {
    let mut names: Vec<String> = Vec::new();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let number = |text: String| {
        *numbers.entry(text).or_insert_with_key(|text| {
            names.push(text.clone());
            names.len() - 1
        })
    };
    let numbered = texts.into_iter().map(number).collect();
    (numbered, names)
}

/// Returns the names for a legend; none if the only series has no name.
pub fn legend(names: &[String]) -> &[String] {
    match names {
        [only] if only.is_empty() => &[],
        names => names,
    }
}

/// Returns the smallest and the largest number among the values and zero; (0, 1) if all are zero or
/// there are none.
pub fn range_with_zero(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((0f64, 0f64), |(low, high), v| (low.min(v), high.max(v)));
    if low == high { (0.0, 1.0) } else { (low, high) }
}

#[cfg(test)]
mod tests {
    use super::super::bars;
    use crate::Render;
    use polars::prelude::df;
    use show::picture::assert_sound;

    #[test]
    fn no_name_breaks_the_picture_or_floods_it() {
        let names = ["a\0b\u{1b}\u{202e}".to_owned(), "x".repeat(10_000_000)];
        let frame = df!("name" => names, "n" => [1i64, 2]).unwrap();
        let figure = bars(&frame, "name", "n").by("name").figure().unwrap();
        assert_sound(&figure);
        assert!(!figure.svg().contains(|c: char| c.is_control() && c != '\n'));
        assert!(figure.svg().len() < 20_000);
        assert!(figure.render().get("text/plain").unwrap().len() < 20_000);
    }
}

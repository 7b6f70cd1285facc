//! Columns of a frame as what a chart draws.
use crate::table::value_text;
use polars::prelude::{AnyValue, Column, DataFrame, DataType, PolarsResult, polars_bail};
use std::collections::HashMap;

/// The values of a numeric column; nulls and NaN are `None`.
pub fn numbers(frame: &DataFrame, name: &str) -> PolarsResult<Vec<Option<f64>>> {
    let column = frame.column(name)?;
    if !column.dtype().is_primitive_numeric() {
        let dtype = column.dtype();
        polars_bail!(InvalidOperation: "a plot needs numbers in column `{name}`, which is {dtype}");
    }
    let floats = column.cast(&DataType::Float64)?;
    let values = floats.f64()?.iter();
    Ok(values.map(|v| v.filter(|v| v.is_finite())).collect())
}

/// The values of any column as text of bounded length.
pub fn texts(frame: &DataFrame, name: &str) -> PolarsResult<Vec<String>> {
    let column: &Column = frame.column(name)?;
    let text = |i| Ok(value_text(&column.get(i).unwrap_or(AnyValue::Null)));
    (0..column.len()).map(text).collect()
}

/// The series of each row, and the series' names in order of appearance. Without
/// a series column, or without rows, there is one series without a name.
pub fn series(frame: &DataFrame, by: Option<&str>) -> PolarsResult<(Vec<usize>, Vec<String>)> {
    let column = by.map(|by| texts(frame, by)).transpose()?;
    match column.filter(|texts| !texts.is_empty()) {
        Some(texts) => Ok(in_order(texts)),
        None => Ok((vec![0; frame.height()], vec![String::new()])),
    }
}

/// Numbers names in order of their first appearance.
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

/// The named series, for a legend; none when the only one has no name.
pub fn legend(names: &[String]) -> &[String] {
    match names {
        [only] if only.is_empty() => &[],
        names => names,
    }
}

/// The lowest and highest of the values and zero; (0, 1) without values.
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

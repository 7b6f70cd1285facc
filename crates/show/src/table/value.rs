//! Converts one value of a data frame to text.
use super::text::{KEPT, start_of, start_of_text};
use super::{TableCell, instant, number};
use polars::prelude::{AnyValue, Field, Series};
use std::fmt::{self, Write};

/// Number of items of a list that are shown in a cell.
const ITEMS: usize = 8;

/// Returns the cell of a value.
pub fn cell(value: &AnyValue) -> TableCell {
    match value {
        AnyValue::Null => TableCell::Null,
        value => TableCell::Value(text(value)),
    }
}

/// Returns a value as text, cut to its first [`KEPT`] characters. A text is not quoted.
pub fn text(value: &AnyValue) -> String {
    match value {
        AnyValue::String(text) => start_of_text(text),
        AnyValue::StringOwned(text) => start_of_text(text),
        value => start_of(KEPT, |out| write(out, value)),
    }
}

/// Returns a value as it is written inside a list, where text is quoted, cut to its first
/// [`KEPT`] characters.
pub fn literal(value: &AnyValue) -> String {
    start_of(KEPT, |out| write(out, value))
}

/// Writes a value. Text is quoted, so that a list of one text with a comma is not read as a list
/// of two.
fn write(out: &mut dyn Write, value: &AnyValue) -> fmt::Result {
    match value {
        AnyValue::String(text) => write!(out, "{text:?}"),
        AnyValue::StringOwned(text) => write!(out, "{:?}", text.as_str()),
        AnyValue::Binary(bytes) => write_bytes(out, bytes),
        AnyValue::BinaryOwned(bytes) => write_bytes(out, bytes),
        AnyValue::Date(days) => out.write_str(&instant::date(*days)),
        AnyValue::Time(nanos) => out.write_str(&instant::time(*nanos)),
        AnyValue::Datetime(..) | AnyValue::DatetimeOwned(..) => {
            let texts = instant::datetimes(std::slice::from_ref(value));
            texts
                .iter()
                .flatten()
                .try_for_each(|text| out.write_str(text))
        }
        AnyValue::Float32(x) => out.write_str(&number::float(f64::from(*x))),
        AnyValue::Float64(x) => out.write_str(&number::float(*x)),
        AnyValue::List(items) | AnyValue::Array(items, _) => write_items(out, items),
        AnyValue::Struct(_, _, fields) => write_fields(out, fields, value._iter_struct_av()),
        AnyValue::StructOwned(parts) => write_fields(out, &parts.1, parts.0.iter().cloned()),
        value => write!(out, "{value}"),
    }
}

/// Writes the first items of a list, and their number if there are more.
fn write_items(out: &mut dyn Write, items: &Series) -> fmt::Result {
    out.write_char('[')?;
    for place in 0..items.len().min(ITEMS) {
        if place > 0 {
            out.write_str(", ")?;
        }
        write(out, &items.get(place).unwrap_or(AnyValue::Null))?;
    }
    if items.len() > ITEMS {
        let all = super::grouped(items.len() as i64);
        write!(out, ", … {all} in all")?;
    }
    out.write_char(']')
}

/// Writes the fields of a struct with their names.
fn write_fields<'a>(
    out: &mut dyn Write,
    fields: &[Field],
    values: impl Iterator<Item = AnyValue<'a>>,
) -> fmt::Result {
    out.write_char('{')?;
    for (place, (field, value)) in fields.iter().zip(values).enumerate() {
        let comma = if place > 0 { ", " } else { "" };
        write!(out, "{comma}{}: ", field.name())?;
        write(out, &value)?;
    }
    out.write_char('}')
}

/// Writes the first bytes as an escaped literal, and their number if there are more.
fn write_bytes(out: &mut dyn Write, bytes: &[u8]) -> fmt::Result {
    // Escaped, a byte has at most four characters, so these fill a cell.
    let start = &bytes[..bytes.len().min(KEPT / 4)];
    write!(out, "b\"{}\"", start.escape_ascii())?;
    if start.len() < bytes.len() {
        write!(
            out,
            "… ({} bytes in all)",
            super::grouped(bytes.len() as i64)
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::*;

    #[test]
    fn a_list_shows_its_first_items_and_its_length() {
        let short = Series::new("i".into(), [1i64, 2]);
        assert_eq!(text(&AnyValue::List(short)), "[1, 2]");
        let long = Series::new("i".into(), (0..1_000_000i64).collect::<Vec<_>>());
        assert_eq!(
            text(&AnyValue::List(long)),
            "[0, 1, 2, 3, 4, 5, 6, 7, … 1,000,000 in all]"
        );
    }

    #[test]
    fn text_inside_a_list_is_quoted() {
        let names = Series::new("i".into(), [Some("a, b"), Some("null"), None]);
        assert_eq!(text(&AnyValue::List(names)), r#"["a, b", "null", null]"#);
    }

    #[test]
    fn the_fields_of_a_struct_have_their_names() {
        let frame = df!("id" => [7i64], "at" => [0.5]).unwrap();
        let place = frame.into_struct("place".into()).into_series();
        assert_eq!(text(&place.get(0).unwrap()), "{id: 7, at: 0.5}");
        let owned = place.get(0).unwrap().into_static();
        assert_eq!(text(&owned), "{id: 7, at: 0.5}");
    }

    #[test]
    fn bytes_are_told_from_text_and_cut() {
        assert_eq!(text(&AnyValue::Binary(b"a\x00\"")), r#"b"a\x00\"""#);
        let long = vec![b'x'; 2_000_000];
        assert!(text(&AnyValue::BinaryOwned(long)).ends_with("… (2,000,000 bytes in all)"));
    }

    #[test]
    fn other_values_read_as_they_are() {
        assert_eq!(text(&AnyValue::Boolean(true)), "true");
        assert_eq!(text(&AnyValue::Int128(-5)), "-5");
        assert_eq!(text(&AnyValue::Decimal(1250, 10, 2)), "12.50");
    }
}

//! Values as bytes, between the grader and the process that runs a student's function.
//!
//! The bytes are those of [postcard](https://postcard.jamesmunns.com/wire-format): a length
//! before each text and each column, a number before each variant. The grader reads what a
//! hostile program may have written, so
//!
//! - a length that is larger than the rest of the message reserves no memory and is an error,
//!   and any other length reserves at most 1 MiB before as many values have been read;
//! - columns of unequal length, too many rows or columns, and bytes behind the message are errors.
use super::attempt::AttemptError;
use super::value::{Inputs, Value};
use chrono_tz::Tz;
use polars::prelude::*;
use serde::{Deserialize, Serialize};

/// The error for bytes that are not a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid message: {0}")]
pub struct Garbled(String);

/// Encodes a question: the arguments of one call.
pub fn encode_inputs(inputs: &Inputs) -> Vec<u8> {
    // A case is small, and every value of it has a type that the format knows.
    let arguments = inputs.iter().map(|(name, value)| {
        let value = WireValue::of(value).expect("an argument can be written");
        (name, value)
    });
    to_bytes(&arguments.collect::<Vec<_>>())
}

/// Decodes what [`encode_inputs`] returns.
pub fn decode_inputs(bytes: &[u8]) -> Result<Inputs, Garbled> {
    let arguments: Vec<(&str, WireValue)> = from_bytes(bytes)?;
    arguments
        .into_iter()
        .try_fold(Inputs::new(), |inputs, (name, value)| {
            Ok(inputs.with(name.to_owned(), value.decode()?))
        })
}

/// Encodes the result of a call.
pub fn encode_answer(answer: &Result<Value, AttemptError>) -> Vec<u8> {
    let error = |message| to_bytes(&WireAnswer::Error(cut(message, LONGEST_MESSAGE)));
    match answer {
        Ok(value) => match WireValue::of(value) {
            Ok(value) => to_bytes(&WireAnswer::Answer(value)),
            Err(message) => error(&message),
        },
        Err(AttemptError::Unsolved) => to_bytes(&WireAnswer::Unsolved),
        Err(AttemptError::Panicked(message)) => {
            to_bytes(&WireAnswer::Panicked(cut(message, LONGEST_MESSAGE)))
        }
        Err(AttemptError::Error(message) | AttemptError::Stopped(_, message)) => error(message),
    }
}

/// Decodes what [`encode_answer`] returns.
pub fn decode_answer(bytes: &[u8]) -> Result<Result<Value, AttemptError>, Garbled> {
    Ok(match from_bytes(bytes)? {
        WireAnswer::Answer(value) => Ok(value.decode()?),
        WireAnswer::Unsolved => Err(AttemptError::Unsolved),
        WireAnswer::Panicked(message) => Err(AttemptError::Panicked(message.to_owned())),
        WireAnswer::Error(message) => Err(AttemptError::Error(message.to_owned())),
    })
}

/// The number of bytes of a message that a teacher would still read.
const LONGEST_MESSAGE: usize = 4_000;

/// The largest number of rows of a data frame. A row may take one byte of a message, so the
/// length of a message is no limit.
pub const MOST_ROWS: usize = 1_000_000;
/// The largest number of columns of a data frame. One takes kilobytes in memory, whatever
/// is in it.
pub const MOST_COLUMNS: usize = 128;
/// The most bytes of a column's name.
pub const LONGEST_NAME: usize = 256;

/// Returns an error if a data frame is larger than any answer.
fn check_size(rows: usize, columns: usize) -> Result<(), String> {
    if rows <= MOST_ROWS && columns <= MOST_COLUMNS {
        return Ok(());
    }
    Err(format!(
        "a table of {rows} rows and {columns} columns is too large, \
         allowed are {MOST_ROWS} rows and {MOST_COLUMNS} columns"
    ))
}

/// Returns an error if a name is longer than any column's.
fn check_name(name: &str) -> Result<(), String> {
    match name.len() <= LONGEST_NAME {
        true => Ok(()),
        false => Err(format!(
            "a column with a name of {} bytes, allowed are {LONGEST_NAME}",
            name.len()
        )),
    }
}

/// Cuts a text to at most `most` bytes.
fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// Writes a message.
fn to_bytes(message: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(message).expect("a vector grows as needed")
}

/// Reads a message that must be all of `bytes`.
fn from_bytes<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Garbled> {
    match postcard::take_from_bytes(bytes) {
        Ok((message, [])) => Ok(message),
        Ok((_, rest)) => Err(Garbled(format!("{} more bytes follow it", rest.len()))),
        Err(error) => Err(Garbled(error.to_string())),
    }
}

/// The result of a call, as it is written.
#[derive(Serialize, Deserialize)]
enum WireAnswer<'a> {
    #[serde(borrow)]
    Answer(WireValue<'a>),
    Unsolved,
    Panicked(&'a str),
    Error(&'a str),
}

/// A [`Value`], as it is written.
#[derive(Serialize, Deserialize)]
enum WireValue<'a> {
    #[serde(borrow)]
    Frame(Vec<(&'a str, WireColumn<'a>)>),
    Zone(&'a str),
    Int(i64),
    Text(&'a str),
}

/// A column, as it is written.
#[derive(Serialize, Deserialize)]
enum WireColumn<'a> {
    Int64(Vec<Option<i64>>),
    Int32(Vec<Option<i32>>),
    UInt64(Vec<Option<u64>>),
    UInt32(Vec<Option<u32>>),
    Float64(Vec<Option<f64>>),
    Float32(Vec<Option<f32>>),
    Boolean(Vec<Option<bool>>),
    #[serde(borrow)]
    String(Vec<Option<&'a str>>),
    #[serde(borrow)]
    Binary(Vec<Option<&'a [u8]>>),
}

impl<'a> WireValue<'a> {
    /// Returns the form of a value that is written. An error names a column whose type is not in
    /// the format, or says that a table is too large.
    fn of(value: &'a Value) -> Result<Self, String> {
        Ok(match value {
            Value::Frame(frame) => {
                check_size(frame.height(), frame.width())?;
                let column = |column: &'a Column| {
                    check_name(column.name())?;
                    Ok((column.name().as_str(), WireColumn::of(column)?))
                };
                WireValue::Frame(
                    frame
                        .columns()
                        .iter()
                        .map(column)
                        .collect::<Result<_, String>>()?,
                )
            }
            Value::Zone(zone) => WireValue::Zone(zone.name()),
            Value::Int(n) => WireValue::Int(*n),
            Value::Text(text) => WireValue::Text(text),
        })
    }

    /// Returns the value, or an error if it is not one that [`WireValue::of`] could have made.
    fn decode(self) -> Result<Value, Garbled> {
        Ok(match self {
            WireValue::Frame(columns) => {
                // Columns are counted first: each takes three bytes of a message, and some
                // hundred in a data frame.
                check_size(0, columns.len()).map_err(Garbled)?;
                for (name, _) in &columns {
                    check_name(name).map_err(Garbled)?;
                }
                let columns = columns
                    .into_iter()
                    .map(|(name, column)| column.decode(name));
                let frame = DataFrame::new_infer_height(columns.collect());
                let frame = frame.map_err(|error| Garbled(error.to_string()))?;
                check_size(frame.height(), frame.width()).map_err(Garbled)?;
                Value::Frame(frame)
            }
            WireValue::Zone(name) => {
                let zone: Result<Tz, _> = name.parse();
                Value::Zone(zone.map_err(|_| Garbled("it names an unknown time zone".to_owned()))?)
            }
            WireValue::Int(n) => Value::Int(n),
            WireValue::Text(text) => Value::Text(text.to_owned()),
        })
    }
}

impl<'a> WireColumn<'a> {
    /// Returns the form of a column that is written; an error names the column if its type is
    /// not in the format.
    fn of(column: &'a Column) -> Result<Self, String> {
        use DataType as D;
        let written = || -> PolarsResult<Option<Self>> {
            Ok(Some(match column.dtype() {
                D::Int64 => WireColumn::Int64(column.i64()?.iter().collect()),
                D::Int32 => WireColumn::Int32(column.i32()?.iter().collect()),
                D::UInt64 => WireColumn::UInt64(column.u64()?.iter().collect()),
                D::UInt32 => WireColumn::UInt32(column.u32()?.iter().collect()),
                D::Float64 => WireColumn::Float64(column.f64()?.iter().collect()),
                D::Float32 => WireColumn::Float32(column.f32()?.iter().collect()),
                D::Boolean => WireColumn::Boolean(column.bool()?.iter().collect()),
                D::String => WireColumn::String(column.str()?.iter().collect()),
                D::Binary => WireColumn::Binary(column.binary()?.iter().collect()),
                _ => return Ok(None),
            }))
        };
        written().map_err(|error| error.to_string())?.ok_or_else(|| {
            format!(
                "column `{}` is {}, which no answer here has: cast it to the type that is asked for",
                column.name(),
                column.dtype()
            )
        })
    }

    /// Returns the column, with this name.
    fn decode(self, name: &str) -> Column {
        let name = name.into();
        let series = match self {
            WireColumn::Int64(values) => Series::new(name, values),
            WireColumn::Int32(values) => Series::new(name, values),
            WireColumn::UInt64(values) => Series::new(name, values),
            WireColumn::UInt32(values) => Series::new(name, values),
            WireColumn::Float64(values) => Series::new(name, values),
            WireColumn::Float32(values) => Series::new(name, values),
            WireColumn::Boolean(values) => Series::new(name, values),
            WireColumn::String(values) => Series::new(name, values),
            WireColumn::Binary(values) => Series::new(name, values),
        };
        series.into_column()
    }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;

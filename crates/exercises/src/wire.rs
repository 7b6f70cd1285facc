//! Values as bytes, between a grader and the process that holds an answer.
//!
//! A format of our own, because the grader reads what a hostile program may have
//! written: every length is checked against what is there, and nothing is believed. A
//! table has at most [`MOST_COLUMNS`] columns with names of [`LONGEST_NAME`] bytes, so
//! that reading a message takes at most 40 times its size in memory, at any content.
//! Numbers are little-endian; a text is its length and its bytes; a column is its
//! name, its type, one byte a row for whether there is a value, and the values.
use super::attempt::AttemptError;
use super::value::{Inputs, Value};
use chrono_tz::Tz;
use polars::prelude::*;

/// The most columns that a table of an answer has. One column takes kilobytes in memory,
/// whatever is in it.
pub const MOST_COLUMNS: usize = 128;

/// The most bytes of a column's name.
pub const LONGEST_NAME: usize = 256;

/// Why bytes are not a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid message: {0}")]
pub struct Garbled(&'static str);

/// A question: the arguments of one call.
pub fn encode_inputs(inputs: &Inputs) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_len(&mut bytes, inputs.iter().count());
    for (name, value) in inputs.iter() {
        put_text(&mut bytes, name);
        // What a case holds, the format knows.
        bytes.extend(encode_value(value).unwrap_or_default());
    }
    bytes
}

/// Reads [`encode_inputs`].
pub fn decode_inputs(bytes: &[u8]) -> Result<Inputs, Garbled> {
    let mut reader = Reader(bytes);
    let count = reader.len()?;
    let mut inputs = Inputs::new();
    for _ in 0..count {
        let name = reader.text()?;
        inputs = inputs.with(name, reader.value()?);
    }
    reader.end(inputs)
}

/// What a call came to.
pub fn encode_answer(answer: &Result<Value, AttemptError>) -> Vec<u8> {
    let told = |tag: u8, message: &str| {
        let mut bytes = vec![tag];
        put_text(&mut bytes, cut(message, LONGEST_MESSAGE));
        bytes
    };
    match answer {
        Ok(value) => match encode_value(value) {
            Ok(encoded) => [vec![ANSWER], encoded].concat(),
            Err(message) => told(ERROR, &message),
        },
        Err(AttemptError::Unsolved) => vec![UNSOLVED],
        Err(AttemptError::Panicked(message)) => told(PANICKED, message),
        Err(AttemptError::Error(message) | AttemptError::Stopped(_, message)) => {
            told(ERROR, message)
        }
    }
}

/// Reads [`encode_answer`].
pub fn decode_answer(bytes: &[u8]) -> Result<Result<Value, AttemptError>, Garbled> {
    let mut reader = Reader(bytes);
    let answer = match reader.byte()? {
        ANSWER => Ok(reader.value()?),
        UNSOLVED => Err(AttemptError::Unsolved),
        PANICKED => Err(AttemptError::Panicked(reader.text()?)),
        ERROR => Err(AttemptError::Error(reader.text()?)),
        _ => return Err(Garbled("an unknown kind of answer")),
    };
    reader.end(answer)
}

const ANSWER: u8 = 0;
const UNSOLVED: u8 = 1;
const PANICKED: u8 = 2;
const ERROR: u8 = 3;

/// The bytes of a message that a teacher would still read.
const LONGEST_MESSAGE: usize = 4_000;

fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn put_len(bytes: &mut Vec<u8>, len: usize) {
    bytes.extend((len as u64).to_le_bytes());
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_len(bytes, text.len());
    bytes.extend(text.as_bytes());
}

fn encode_value(value: &Value) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    match value {
        Value::Frame(frame) => {
            let (columns, most) = (frame.width(), MOST_COLUMNS);
            if columns > most {
                return Err(format!("a table of {columns} columns, more than {most}"));
            }
            let mut names = frame.columns().iter().map(|column| column.name());
            if let Some(name) = names.find(|name| name.len() > LONGEST_NAME) {
                return Err(format!(
                    "a column with a name of {} bytes, more than {LONGEST_NAME}",
                    name.len()
                ));
            }
            bytes.push(0);
            put_len(&mut bytes, frame.width());
            put_len(&mut bytes, frame.height());
            for column in frame.columns() {
                put_text(&mut bytes, column.name());
                put_column(&mut bytes, column)?;
            }
        }
        Value::Zone(zone) => {
            bytes.push(1);
            put_text(&mut bytes, zone.name());
        }
        Value::Int(n) => {
            bytes.push(2);
            bytes.extend(n.to_le_bytes());
        }
        Value::Text(text) => {
            bytes.push(3);
            put_text(&mut bytes, text);
        }
    }
    Ok(bytes)
}

/// The types of columns: its code, polars' type, how to read the column, and the
/// number in Rust.
macro_rules! numbers {
    ($then:ident) => {
        $then! {
            1 Int64 i64 i64, 2 Int32 i32 i32, 3 UInt64 u64 u64, 4 UInt32 u32 u32,
            5 Float64 f64 f64, 6 Float32 f32 f32
        }
    };
}

const BOOLEAN: u8 = 7;
const STRING: u8 = 8;
const BINARY: u8 = 9;

fn put_column(bytes: &mut Vec<u8>, column: &Column) -> Result<(), String> {
    fn put<T>(
        bytes: &mut Vec<u8>,
        code: u8,
        values: impl Iterator<Item = Option<T>>,
        write: impl Fn(&mut Vec<u8>, T),
    ) {
        bytes.push(code);
        for value in values {
            bytes.push(u8::from(value.is_some()));
            value.into_iter().for_each(|value| write(bytes, value));
        }
    }
    let told = |error: PolarsError| error.to_string();
    macro_rules! encoded {
        ($($code:literal $dtype:ident $method:ident $type:ty),*) => {
            match column.dtype() {
                $(DataType::$dtype => {
                    let values = column.$method().map_err(told)?;
                    put(bytes, $code, values.iter(), |bytes, value: $type| bytes.extend(value.to_le_bytes()));
                })*
                DataType::Boolean => {
                    put(bytes, BOOLEAN, column.bool().map_err(told)?.iter(), |bytes, value| bytes.push(u8::from(value)));
                }
                DataType::String => {
                    put(bytes, STRING, column.str().map_err(told)?.iter(), put_text);
                }
                DataType::Binary => {
                    put(bytes, BINARY, column.binary().map_err(told)?.iter(), |bytes, value| {
                        put_len(bytes, value.len());
                        bytes.extend(value);
                    });
                }
                other => return Err(format!(
                    "column `{}` is {other}, which no answer here has: cast it to the type that is asked for",
                    column.name()
                )),
            }
        };
    }
    numbers!(encoded);
    Ok(())
}

/// Reads a message from its front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Garbled> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or(Garbled("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Garbled> {
        self.take(N)?
            .try_into()
            .map_err(|_| Garbled("it ends too early"))
    }

    fn byte(&mut self) -> Result<u8, Garbled> {
        Ok(self.array::<1>()?[0])
    }

    /// A count of things that take at least a byte each, so that a lie about it
    /// reserves no memory.
    fn len(&mut self) -> Result<usize, Garbled> {
        let len = usize::try_from(u64::from_le_bytes(self.array()?)).unwrap_or(usize::MAX);
        if len > self.0.len() {
            return Err(Garbled("it counts more than it holds"));
        }
        Ok(len)
    }

    fn text(&mut self) -> Result<String, Garbled> {
        let len = self.len()?;
        let text =
            std::str::from_utf8(self.take(len)?).map_err(|_| Garbled("a text is not UTF-8"))?;
        Ok(text.to_owned())
    }

    fn some(&mut self) -> Result<bool, Garbled> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Garbled("a flag must be 0 or 1")),
        }
    }

    fn value(&mut self) -> Result<Value, Garbled> {
        match self.byte()? {
            0 => self.frame().map(Value::Frame),
            1 => {
                let zone: Result<Tz, _> = self.text()?.parse();
                zone.map(Value::Zone)
                    .map_err(|_| Garbled("no such time zone"))
            }
            2 => Ok(Value::Int(i64::from_le_bytes(self.array()?))),
            3 => self.text().map(Value::Text),
            _ => Err(Garbled("an unknown kind of value")),
        }
    }

    fn frame(&mut self) -> Result<DataFrame, Garbled> {
        let width = self.len()?;
        if width > MOST_COLUMNS {
            return Err(Garbled("it has too many columns"));
        }
        let height = u64::from_le_bytes(self.array()?) as usize;
        // A table without columns has no rows to speak of.
        if width == 0 {
            return Ok(DataFrame::empty());
        }
        let mut columns = Vec::new();
        for _ in 0..width {
            let name = self.text()?;
            if name.len() > LONGEST_NAME {
                return Err(Garbled("the name of a column is too long"));
            }
            columns.push(self.column(&name, height)?);
        }
        DataFrame::new(height, columns).map_err(|_| Garbled("its columns make no table"))
    }

    fn column(&mut self, name: &str, height: usize) -> Result<Column, Garbled> {
        let code = self.byte()?;
        if height > self.0.len() {
            return Err(Garbled("it counts more rows than it holds"));
        }
        macro_rules! decoded {
            ($($number:literal $dtype:ident $method:ident $type:ty),*) => {
                match code {
                    $($number => Series::new(name.into(), self.rows(height, |reader| Ok(<$type>::from_le_bytes(reader.array()?)))?),)*
                    BOOLEAN => Series::new(name.into(), self.rows(height, Self::some)?),
                    STRING => Series::new(name.into(), self.rows(height, Self::text)?),
                    BINARY => Series::new(name.into(), self.rows(height, |reader| {
                        let len = reader.len()?;
                        Ok(reader.take(len)?.to_vec())
                    })?),
                    _ => return Err(Garbled("a column of an unknown type")),
                }
            };
        }
        let series: Series = numbers!(decoded);
        Ok(series.into_column())
    }

    fn rows<T>(
        &mut self,
        height: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, Garbled>,
    ) -> Result<Vec<Option<T>>, Garbled> {
        (0..height)
            .map(|_| {
                if self.some()? {
                    read(self).map(Some)
                } else {
                    Ok(None)
                }
            })
            .collect()
    }

    fn end<T>(self, message: T) -> Result<T, Garbled> {
        if self.0.is_empty() {
            Ok(message)
        } else {
            Err(Garbled("more follows it"))
        }
    }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;

//! A sketch as bytes, the form in which views store it.
//!
//! | byte | contents |
//! |---|---|
//! | 0 | the format: 1 |
//! | 1 | the precision: 4 to 18 |
//! | 2 | 0 if codes follow, 1 if registers follow |
//! | 3.. | codes: in rising order, as differences, each in groups of seven bits (LEB128); registers: six bits each, five in a 32-bit little-endian word |
//!
//! A sketch holds codes as long as they take no more bytes than registers would (4/5 of a byte
//! for each register), and registers after that. So one set of persons has one sequence of bytes, whatever the
//! order in which it was built, and equal sketches have equal bytes.

use super::code::{Precision, code_bytes, read_codes, write_codes};
use super::registers::are_possible;
use super::{Sketch, SketchError};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The number of the format, in the first byte.
pub const FORMAT: u8 = 1;

/// The part of a sketch after the first three bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Codes; in bytes they rise, each there once.
    Codes(Vec<u32>),
    /// Registers, packed five to a word.
    Words(Vec<u32>),
}

/// Returns the bytes of a sketch.
pub(super) fn write(precision: Precision, content: &Content) -> Vec<u8> {
    let kind = matches!(content, Content::Words(_));
    let mut bytes = vec![FORMAT, precision.bits(), u8::from(kind)];
    match content {
        Content::Codes(codes) => write_codes(codes, &mut bytes),
        Content::Words(words) => bytes.extend(words.iter().flat_map(|word| word.to_le_bytes())),
    }
    bytes
}

/// Reads the bytes of a sketch.
///
/// # Errors
/// Bytes that [`write`] does not make for any set of persons, as far as that can be seen.
pub(super) fn read(bytes: &[u8]) -> Result<(Precision, Content), SketchError> {
    let damaged = |what| SketchError::Damaged {
        what,
        bytes: bytes.len(),
    };

    // The first three bytes.
    let (&[format, precision, kind], rest) = bytes
        .split_first_chunk()
        .ok_or(damaged("a sketch has at least 3 bytes"))?;
    if format != FORMAT {
        return Err(SketchError::Format(format));
    }
    let precision = Precision::new(precision)?;

    // The codes or registers. All of them must be possible.
    let content = match kind {
        0 => {
            let codes = read_codes(rest).ok_or(damaged("its codes cannot be read"))?;
            if !codes.iter().all(|&code| precision.is_code(code)) {
                return Err(damaged("one of its codes is not that of any hash"));
            }
            if code_bytes(&codes) > precision.most_code_bytes() {
                return Err(damaged("it has more codes than its precision allows"));
            }
            Content::Codes(codes)
        }
        1 => {
            let (words, rest) = rest.as_chunks::<4>();
            if words.len() != precision.words() || !rest.is_empty() {
                return Err(damaged("its registers are too few or too many"));
            }
            let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
            if !are_possible(&words, precision) {
                return Err(damaged("one of its registers has an impossible value"));
            }
            Content::Words(words)
        }
        _ => return Err(damaged("it holds neither codes nor registers")),
    };
    Ok((precision, content))
}

/// A sketch is serialised as its bytes, see [`Sketch::to_bytes`].
impl Serialize for Sketch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_bytes().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Sketch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        Sketch::from_bytes(&bytes).map_err(de::Error::custom)
    }
}

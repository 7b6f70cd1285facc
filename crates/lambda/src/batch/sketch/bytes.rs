//! A sketch as bytes: the form in which views store it.
//!
//! | byte | holds |
//! |---|---|
//! | 0 | the format: 1 |
//! | 1 | the precision: 4 to 18 |
//! | 2 | 0: codes follow; 1: registers follow |
//! | 3.. | codes in rising order, as differences, seven bits a byte; or registers of six bits, five in a 32-bit word, little end first |
//!
//! Codes stand as long as they take no more bytes than registers would (at
//! precision 14, about 6,500 persons). One set of persons has one row of bytes,
//! however it was put together: so equal sketches are equal bytes.

use super::code::{Precision, code_bytes, read_codes, write_codes};
use super::{Sketch, SketchError};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The number in the first byte.
pub const FORMAT: u8 = 1;

/// What follows the first three bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Sorted, each once.
    Codes(Vec<u32>),
    /// Packed five to a word.
    Words(Vec<u32>),
}

pub(super) fn write(precision: Precision, content: &Content) -> Vec<u8> {
    let kind = matches!(content, Content::Words(_));
    let mut bytes = vec![FORMAT, precision.bits(), u8::from(kind)];
    match content {
        Content::Codes(codes) => write_codes(codes, &mut bytes),
        Content::Words(words) => bytes.extend(words.iter().flat_map(|word| word.to_le_bytes())),
    }
    bytes
}

pub(super) fn read(bytes: &[u8]) -> Result<(Precision, Content), SketchError> {
    let damaged = |what| SketchError::Damaged {
        what,
        bytes: bytes.len(),
    };
    let (&[format, precision, kind], rest) = bytes
        .split_first_chunk()
        .ok_or(damaged("a sketch has at least 3"))?;
    if format != FORMAT {
        return Err(SketchError::Format(format));
    }
    let precision = Precision::new(precision)?;
    let content = match kind {
        0 => {
            let codes = read_codes(rest).ok_or(damaged("its codes cannot be read"))?;
            if !codes.iter().all(|&code| precision.is_code(code)) {
                return Err(damaged("no person has one of its codes"));
            }
            if code_bytes(&codes) > precision.most_code_bytes() {
                return Err(damaged("it has more codes than one of its precision"));
            }
            Content::Codes(codes)
        }
        1 => {
            let (words, rest) = rest.as_chunks::<4>();
            if words.len() != precision.words() || !rest.is_empty() {
                return Err(damaged("its registers are too few or too many"));
            }
            let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
            let most = precision.most_rank();
            let sound = words.iter().all(|word| word >> 30 == 0)
                && ranks(&words).all(|rank| rank <= most)
                && ranks(&words)
                    .skip(precision.registers())
                    .all(|rank| rank == 0);
            if !sound {
                return Err(damaged("one of its registers holds what none can"));
            }
            Content::Words(words)
        }
        _ => return Err(damaged("it holds neither codes nor registers")),
    };
    Ok((precision, content))
}

/// The registers of packed words, those beyond the last among them.
pub(super) fn ranks(words: &[u32]) -> impl Iterator<Item = u8> + '_ {
    words
        .iter()
        .flat_map(|word| (0..5).map(move |place| (word >> (6 * place) & 0x3f) as u8))
}

/// Registers packed five to a word.
pub(super) fn packed(ranks: &[u8]) -> Vec<u32> {
    let word = |five: &[u8]| {
        let placed = five.iter().zip(0..);
        placed.fold(0, |word, (rank, place)| {
            word | u32::from(*rank) << (6 * place)
        })
    };
    ranks.chunks(5).map(word).collect()
}

/// A sketch travels as its bytes, see [`Sketch::to_bytes`].
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

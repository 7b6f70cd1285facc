//! Rows of named fields, and keys as sorted bytes.
use super::error::{MicroBatchError, Result};
use smallvec::SmallVec;
use std::fmt;

/// A field's value, borrowed from the record or from the function that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldValue<'a> {
    Int(i64),
    Text(&'a str),
}

impl<'a> FieldValue<'a> {
    /// The number; a text counts as 0.
    pub fn int(&self) -> i64 {
        match self {
            FieldValue::Int(int) => *int,
            FieldValue::Text(_) => 0,
        }
    }

    /// The text; a number has none.
    pub fn text(&self) -> &'a str {
        match self {
            FieldValue::Int(_) => "",
            FieldValue::Text(text) => text,
        }
    }

    pub(super) fn owned(&self) -> Owned {
        match self {
            FieldValue::Int(int) => Owned::Int(*int),
            FieldValue::Text(text) => Owned::Text((*text).to_owned()),
        }
    }
}

impl fmt::Display for FieldValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldValue::Int(int) => int.fmt(f),
            FieldValue::Text(text) => text.fmt(f),
        }
    }
}

impl From<i64> for FieldValue<'_> {
    fn from(int: i64) -> Self {
        FieldValue::Int(int)
    }
}

impl<'a> From<&'a str> for FieldValue<'a> {
    fn from(text: &'a str) -> Self {
        FieldValue::Text(text)
    }
}

/// A value that outlives its record: a field of a static table, or of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owned {
    Int(i64),
    Text(String),
}

impl Owned {
    /// The same, borrowed.
    pub fn as_value(&self) -> FieldValue<'_> {
        match self {
            Owned::Int(int) => FieldValue::Int(*int),
            Owned::Text(text) => FieldValue::Text(text),
        }
    }
}

impl fmt::Display for Owned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_value().fmt(f)
    }
}

impl From<i64> for Owned {
    fn from(int: i64) -> Self {
        Owned::Int(int)
    }
}

impl From<&str> for Owned {
    fn from(text: &str) -> Self {
        Owned::Text(text.to_owned())
    }
}

/// Values on their way from one operator to the next.
pub(super) type TupleValues<'a> = SmallVec<[FieldValue<'a>; 6]>;

const INT: u8 = 1;
const TEXT: u8 = 2;

/// Appends values as a key: bytes in the order of the values. A number is its tag
/// and eight bytes, a text its tag, its bytes with 0 as 0 255, and 0 0.
pub(super) fn encode<'a>(values: impl IntoIterator<Item = FieldValue<'a>>, key: &mut Vec<u8>) {
    for value in values {
        match value {
            FieldValue::Int(int) => {
                key.push(INT);
                key.extend((int as u64 ^ 1 << 63).to_be_bytes());
            }
            FieldValue::Text(text) => {
                key.push(TEXT);
                if memchr::memchr(0, text.as_bytes()).is_none() {
                    key.extend_from_slice(text.as_bytes());
                } else {
                    for byte in text.bytes() {
                        key.push(byte);
                        if byte == 0 {
                            key.push(255);
                        }
                    }
                }
                key.extend([0, 0]);
            }
        }
    }
}

/// The values of a key.
pub(super) fn decode(mut key: &[u8]) -> Result<Vec<Owned>> {
    let damaged = || MicroBatchError::Damaged {
        what: "a key of a state ends too early",
    };
    let mut values = Vec::new();
    while let Some((tag, rest)) = key.split_first() {
        if *tag == INT {
            let (bytes, after) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
            values.push(Owned::Int((u64::from_be_bytes(*bytes) ^ 1 << 63) as i64));
            key = after;
        } else if *tag == TEXT {
            let (mut text, mut at) = (Vec::new(), 0);
            loop {
                match (rest.get(at), rest.get(at + 1)) {
                    (Some(0), Some(0)) => break,
                    (Some(0), Some(255)) => {
                        text.push(0);
                        at += 2;
                    }
                    (Some(byte), Some(_)) if *byte != 0 => {
                        text.push(*byte);
                        at += 1;
                    }
                    _ => return Err(damaged()),
                }
            }
            values.push(Owned::Text(String::from_utf8(text).map_err(|_| damaged())?));
            key = &rest[at + 2..];
        } else {
            return Err(damaged());
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Vec<Owned>> {
        let value = prop_oneof![
            any::<i64>().prop_map(Owned::Int),
            "[\u{0}\u{1}a\u{ff}]{0,4}".prop_map(Owned::Text),
        ];
        proptest::collection::vec(value, 0..4)
    }

    fn key(values: &[Owned]) -> Vec<u8> {
        let mut key = Vec::new();
        encode(values.iter().map(Owned::as_value), &mut key);
        key
    }

    proptest! {
        #[test]
        fn a_key_has_its_values_and_their_order(a in values(), b in values()) {
            prop_assert_eq!(decode(&key(&a)).unwrap(), a.clone());
            prop_assert_eq!(key(&a).cmp(&key(&b)), a.cmp(&b));
        }

        #[test]
        fn damaged_keys_are_refused_and_never_a_panic(bytes in proptest::collection::vec(0u8..4, 0..12)) {
            if let Ok(values) = decode(&bytes) {
                prop_assert_eq!(key(&values), bytes);
            }
        }
    }
}

//! What a store holds: counts, sketches of one precision, or plain bytes.
use super::error::{Result, StoreError};
use std::fmt;
use std::path::Path;

/// The kind of all values of a version. It stands in the header, so that nobody
/// merges sketches of different precision or adds up what is no count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// 64-bit counts.
    Counts,
    /// The bytes of HyperLogLog sketches with 2^precision registers.
    Sketches { precision: u8 },
    /// Bytes of any other meaning.
    Bytes,
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counts => write!(f, "counts"),
            Self::Sketches { precision } => write!(f, "sketches of precision {precision}"),
            Self::Bytes => write!(f, "bytes"),
        }
    }
}

impl ValueKind {
    /// Reads what [`Display`](fmt::Display) wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("sketches of precision ") {
            Some(precision) => Some(Self::Sketches {
                precision: precision.parse().ok()?,
            }),
            None if text == "counts" => Some(Self::Counts),
            None if text == "bytes" => Some(Self::Bytes),
            None => None,
        }
    }

    /// An error unless the store at `path` is of the `wanted` kind.
    pub(super) fn must_be(self, wanted: Self, path: &Path) -> Result<()> {
        if self == wanted {
            return Ok(());
        }
        Err(StoreError::Values {
            path: path.to_owned(),
            found: self.to_string(),
            wanted: wanted.to_string(),
        })
    }
}

/// A value on its way into a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Count(i64),
    /// A sketch, or other bytes.
    Bytes(&'a [u8]),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_reads_back_and_other_words_do_not() {
        for kind in [
            ValueKind::Counts,
            ValueKind::Bytes,
            ValueKind::Sketches { precision: 14 },
        ] {
            assert_eq!(ValueKind::parse(&kind.to_string()), Some(kind));
        }
        assert_eq!(ValueKind::parse("sketches of precision 300"), None);
        assert_eq!(ValueKind::parse("sums"), None);
    }
}

//! The values of a store: counts, sketches of one precision, or other bytes.
use super::error::{Result, ServingError};
use std::fmt;
use std::path::Path;

/// The kind of all values in a version. The header holds it, so that a reader can refuse to
/// add up values that are not counts, or to merge sketches of different precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// Signed 64-bit counts.
    Counts,
    /// HyperLogLog sketches, as the bytes of [`Sketch::to_bytes`](crate::batch::Sketch::to_bytes).
    Sketches {
        /// Precision of all of them: a sketch has 2^precision registers.
        precision: u8,
    },
    /// Bytes with any other meaning.
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
    /// Parses the text that [`Display`](fmt::Display) writes; `None` for any other text.
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

    /// Checks that this kind is the `wanted` one.
    ///
    /// # Errors
    /// [`ServingError::Values`], which names the store at `path`, if it is another kind.
    pub(super) fn must_be(self, wanted: Self, path: &Path) -> Result<()> {
        if self == wanted {
            return Ok(());
        }
        Err(ServingError::Values {
            path: path.to_owned(),
            found: self.to_string(),
            wanted: wanted.to_string(),
        })
    }
}

/// A value that is given to a [`Builder`](super::Builder).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowValue<'a> {
    /// A count.
    Count(i64),
    /// The bytes of a sketch, or other bytes.
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

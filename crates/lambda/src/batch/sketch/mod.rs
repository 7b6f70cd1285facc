//! How many different persons, in a few kilobytes, and mergeable.
//!
//! A set of persons can be merged with another and counted, but it grows with
//! them. A count is small but cannot be merged: whoever came in both hours would
//! count twice. A HyperLogLog *sketch* has a fixed size, merges like a set, and
//! counts with a small error: that is why a view of uniques stores sketches.
//!
//! [`Sketch`] is `hyperloglogplus` with what a stored view needs beside it: a
//! hash that never changes ([`hash`]), one form as bytes ([`bytes`]), and
//! precisions that are checked ([`code`]). Reading order: `hash` -> `code` ->
//! [`Sketch`] -> `bytes` -> `words` (the way into the crate) -> `gather` (the
//! quick way to the same bytes, for batch runs).
//!
//! Invariants:
//! 1. Merging is commutative, associative and idempotent.
//! 2. The merge of two sketches is the sketch of the union of their persons, to
//!    the byte. There is no such law for subtraction: what a register forgot
//!    cannot be taken away again.
//! 3. The bytes depend on the set of persons and the precision alone.
//! 4. Any bytes either read as a sketch that writes the same bytes, or are an
//!    error.
//!
//! Sources: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog" (2007); Heule,
//! Nunkesser, Hall, "HyperLogLog in Practice" (2013); Marz and Warren, "Big
//! Data", chapter 10.

pub mod bytes;
mod coarser;
pub mod code;
pub mod gather;
pub mod hash;
#[cfg(test)]
mod tests;
mod words;

pub use code::{NoPrecision, Precision};
pub use gather::Gather;
pub use hash::{cookie_hash, person_hash, user_hash};

use crate::datum::PersonId;
use bytes::Content;
use code::{code_bytes, read_codes, write_codes};
use hash::Stable;
use hyperloglogplus::{HyperLogLog, HyperLogLogPlus};
use std::fmt;

/// A set of persons, as a HyperLogLog++ sketch.
///
/// ```
/// use lambda_workbook::batch::Sketch;
/// use lambda_workbook::datum::PersonId;
///
/// let users = |ids: std::ops::Range<i64>| ids.map(PersonId::UserId).collect::<Vec<_>>();
/// let mut monday = Sketch::of(&users(0..6_000));
/// let tuesday = Sketch::of(&users(3_000..9_000));
/// monday.merge(&tuesday)?; // 9,000 persons; 6,000 + 6,000 would be wrong
/// let error = (monday.estimate() - 9_000.0) / 9_000.0;
/// assert!(error.abs() < 3.0 * monday.standard_error(), "{error}");
/// assert_eq!(Sketch::from_bytes(&monday.to_bytes())?, monday);
/// # Ok::<(), lambda_workbook::batch::sketch::SketchError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sketch {
    precision: Precision,
    inner: HyperLogLogPlus<u64, Stable>,
}

/// Why a sketch cannot be made, merged or read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SketchError {
    /// Outside 4 to 18.
    NoPrecision(NoPrecision),
    /// Two sketches of different precisions.
    Precisions(Precision, Precision),
    /// A sketch of the first that would have to be one of the second, which is higher.
    Finer(Precision, Precision),
    /// Bytes of another format.
    Format(u8),
    /// A plan that takes sketches away.
    Minus,
    /// Bytes that no sketch has.
    Damaged { what: &'static str, bytes: usize },
}

impl From<NoPrecision> for SketchError {
    fn from(error: NoPrecision) -> Self {
        SketchError::NoPrecision(error)
    }
}

impl From<SketchError> for polars::error::PolarsError {
    fn from(error: SketchError) -> Self {
        polars::error::PolarsError::ComputeError(error.to_string().into())
    }
}

impl fmt::Display for SketchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SketchError::NoPrecision(error) => error.fmt(f),
            SketchError::Precisions(one, other) => write!(
                f,
                "a sketch of precision {} cannot be merged with one of precision {}; compute both \
                 views with the same precision",
                one.bits(),
                other.bits()
            ),
            SketchError::Finer(from, to) => write!(
                f,
                "a sketch of precision {} cannot become one of precision {}: what it forgot does \
                 not come back; compute it anew from the data",
                from.bits(),
                to.bits()
            ),
            SketchError::Format(found) => write!(
                f,
                "a sketch of format {found}, where {} is read; run the batch again to write it anew",
                bytes::FORMAT
            ),
            SketchError::Minus => write!(
                f,
                "sketches merge but cannot be taken away; read uniques by Plan::additive"
            ),
            SketchError::Damaged { what, bytes } => write!(
                f,
                "{bytes} bytes that are no sketch: {what}; run the batch again to write it anew"
            ),
        }
    }
}

impl std::error::Error for SketchError {}

impl Default for Sketch {
    /// Nobody yet, at the default precision, 14.
    fn default() -> Self {
        Sketch::new(Precision::DEFAULT)
    }
}

impl PartialEq for Sketch {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

impl Eq for Sketch {}

impl Sketch {
    /// Nobody yet.
    pub fn new(precision: Precision) -> Self {
        let inner = HyperLogLogPlus::new(precision.bits(), Stable);
        Sketch {
            precision,
            inner: inner.expect("the precisions are the same"),
        }
    }

    /// The sketch of some persons, at the default precision.
    pub fn of<'a>(persons: impl IntoIterator<Item = &'a PersonId>) -> Self {
        let mut sketch = Sketch::default();
        persons.into_iter().for_each(|person| sketch.add(person));
        sketch
    }

    /// Adds a person; one who is in it already changes nothing.
    pub fn add(&mut self, person: &PersonId) {
        self.add_hash(person_hash(person));
    }

    /// Adds the person with this [`person_hash`].
    pub fn add_hash(&mut self, hash: u64) {
        self.inner.insert(&hash);
    }

    /// Adds the persons of another sketch: the union.
    ///
    /// Time and space: some microseconds, in the size of the sketches, however
    /// many persons they stand for.
    ///
    /// # Errors
    /// Another precision; `self` is then as it was.
    pub fn merge(&mut self, other: &Sketch) -> Result<(), SketchError> {
        self.inner
            .merge(&other.inner)
            .map_err(|_| SketchError::Precisions(self.precision, other.precision))
    }

    /// About how many different persons; off by [`standard_error`](Self::standard_error)
    /// or so, and nearly exact for fewer than some thousands.
    pub fn estimate(&self) -> f64 {
        self.inner.clone().count()
    }

    /// [`estimate`](Self::estimate) as a whole number.
    pub fn uniques(&self) -> i64 {
        self.estimate().round() as i64
    }

    /// See [`Precision`].
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The error to expect, as a fraction; see [`Precision::standard_error`].
    pub fn standard_error(&self) -> f64 {
        self.precision.standard_error()
    }

    /// The sketch as bytes; see [`bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes::write(self.precision, &self.content())
    }

    fn content(&self) -> Content {
        let mut tidy = self.inner.clone();
        // Counting moves what came last into its sorted place.
        tidy.count();
        let words = words::to_words(&tidy).expect("the state is numbers");
        content(&words)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// Bytes of another format, or that no sketch has.
    pub fn from_bytes(bytes: &[u8]) -> Result<Sketch, SketchError> {
        let (precision, content) = bytes::read(bytes)?;
        let words = state(precision, &content).into_iter();
        Ok(Sketch {
            precision,
            inner: words::from_words(words).expect("the state of a sketch"),
        })
    }
}

/// [`Sketch::uniques`] of a sketch's bytes: for codes, without making the sketch.
///
/// # Errors
/// As [`Sketch::from_bytes`].
pub fn uniques_of(bytes: &[u8]) -> Result<i64, SketchError> {
    match bytes {
        [bytes::FORMAT, 4..=18, 0, codes @ ..] => {
            // The last byte of a code has no high bit. While there are codes, the
            // estimate is linear counting over the crate's fine registers.
            let codes = codes.iter().filter(|byte| **byte < 0x80).count();
            let fine = FINE_REGISTERS as f64;
            Ok((fine * (fine / (fine - codes as f64)).ln()).round() as i64)
        }
        _ => Ok(Sketch::from_bytes(bytes)?.uniques()),
    }
}

/// The crate's count of fine registers.
const FINE_REGISTERS: u64 = 1 << 24;

/// Words before the first list: precision, three sizes.
const HEAD: usize = 4;

/// What a state says; its fields are in the order of the crate's struct.
fn content(words: &[u64]) -> Content {
    // What came last is in its place, so that list has no items.
    let rest = &words[HEAD + 1..];
    let [_count, _last, bytes, rest @ ..] = rest else {
        unreachable!("a list of codes follows");
    };
    let (codes, rest) = rest.split_at(*bytes as usize);
    match rest {
        [1, len, rest @ ..] => {
            Content::Words(rest[..*len as usize].iter().map(|&w| w as u32).collect())
        }
        _ => {
            let bytes: Vec<u8> = codes.iter().map(|&byte| byte as u8).collect();
            Content::Codes(read_codes(&bytes).expect("the crate's own codes"))
        }
    }
}

/// The state that says this.
fn state(precision: Precision, content: &Content) -> Vec<u64> {
    let registers = precision.registers();
    let mut words = vec![
        precision.bits().into(),
        registers as u64,
        FINE_REGISTERS,
        precision.most_code_bytes() as u64,
        0,
    ];
    match content {
        Content::Codes(codes) => {
            let mut bytes = Vec::with_capacity(code_bytes(codes));
            write_codes(codes, &mut bytes);
            let last = codes.last().copied().unwrap_or(0);
            words.extend([codes.len() as u64, last.into(), bytes.len() as u64]);
            words.extend(bytes.into_iter().map(u64::from));
            words.push(0);
        }
        Content::Words(packed) => {
            let zeros = bytes::ranks(packed)
                .take(registers)
                .filter(|rank| *rank == 0);
            let zeros = zeros.count() as u64;
            words.extend([0, 0, 0, 1, packed.len() as u64]);
            words.extend(packed.iter().map(|&word| u64::from(word)));
            words.extend([registers as u64, zeros]);
        }
    }
    words
}

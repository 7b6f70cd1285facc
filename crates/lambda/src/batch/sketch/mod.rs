//! Sketches: the number of different persons in a few kilobytes, which can be merged.
//!
//! A set of persons can be merged with another set and counted, but it grows with the number
//! of persons. A count is small, but counts cannot be merged: a person who came in two hours
//! would be counted twice. A HyperLogLog *sketch* has a bounded size, can be merged like a set,
//! and gives the number of persons with a small error. That is why a view of uniques stores
//! sketches.
//!
//! [`Sketch`] estimates with the crate `hyperloglogplus`, whose codes and registers it keeps in a
//! form that is built and merged faster. It adds what a stored view needs: a hash that never
//! changes ([`hash`]), a single form as bytes ([`bytes`]), and precisions that are checked
//! ([`code`]). Read the modules in this order: `hash`, `code`, [`Sketch`], `registers` (many persons),
//! `bytes`, `estimate` and `words` (the crate and its state), `coarser` (a lower precision), `union`
//! (many at once).
//!
//! Invariants:
//! 1. Merging is commutative, associative and idempotent.
//! 2. The merge of two sketches equals the sketch of the union of their persons, byte by byte.
//!    There is no such law for subtraction: a register keeps a maximum, and what it has
//!    discarded cannot be recovered.
//! 3. The bytes depend only on the set of persons and on the precision.
//! 4. Bytes are either read as a sketch that writes the same bytes again, or are an error.
//!
//! Sources: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog" (2007); Heule,
//! Nunkesser, Hall, "HyperLogLog in Practice" (2013); Marz and Warren, "Big
//! Data", chapter 10.

pub mod bytes;
mod coarser;
pub mod code;
mod estimate;
pub mod hash;
mod registers;
#[cfg(test)]
mod tests;
mod union;
mod words;

pub use code::{InvalidPrecision, Precision};
pub use hash::{cookie_hash, person_hash, user_hash};
pub use union::union_of_bytes;

use crate::datum::PersonId;
use bytes::Content;
use code::{code_bytes, code_of};
use std::borrow::Cow;

/// A set of persons as a HyperLogLog++ sketch.
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
    content: Content,
    /// How many of the codes rise, each there once. Those after them are new: in any order, and
    /// perhaps repeated. The list is sorted when it has no room left, so adding n persons takes
    /// O(n log n), and twice the room of the codes at most.
    sorted: usize,
}

/// Why a sketch cannot be made, merged or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SketchError {
    /// The precision is not between 4 and 18.
    #[error(transparent)]
    InvalidPrecision(#[from] InvalidPrecision),
    /// Two sketches with these different precisions cannot be merged.
    #[error(
        "a sketch of precision {} cannot be merged with one of precision {}; compute both \
         views with the same precision",
        .0.bits(),
        .1.bits()
    )]
    PrecisionMismatch(Precision, Precision),
    /// A sketch of the first precision cannot become one of the second, which is higher.
    #[error(
        "a sketch of precision {} cannot become one of precision {}, which is higher: it does \
         not contain enough of each hash; compute the sketch again from the data",
        .0.bits(),
        .1.bits()
    )]
    PrecisionTooHigh(Precision, Precision),
    /// The bytes have this format, which this program does not read.
    #[error(
        "unsupported sketch format {}, this program reads format {}; run the batch again",
        .0,
        bytes::FORMAT
    )]
    Format(u8),
    /// A query plan subtracts buckets, which is not possible with sketches.
    #[error("sketches cannot be subtracted; query uniques with Plan::additive")]
    Subtraction,
    /// The bytes are not those of any sketch.
    #[error("invalid sketch of {bytes} bytes: {what}; run the batch again")]
    Damaged {
        /// What is wrong with them.
        what: &'static str,
        /// Their number.
        bytes: usize,
    },
}

impl From<SketchError> for polars::error::PolarsError {
    fn from(error: SketchError) -> Self {
        polars::error::PolarsError::ComputeError(error.to_string().into())
    }
}

impl Default for Sketch {
    /// Creates an empty sketch of the default precision, 14.
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
    /// Creates an empty sketch.
    pub fn new(precision: Precision) -> Self {
        Self::with(precision, Content::Codes(Vec::new()))
    }

    /// Creates the sketch with a content whose codes rise.
    fn with(precision: Precision, content: Content) -> Self {
        let sorted = match &content {
            Content::Codes(codes) => codes.len(),
            Content::Words(_) => 0,
        };
        Sketch {
            precision,
            content,
            sorted,
        }
    }

    /// Creates the sketch of some persons, at the default precision.
    pub fn of<'a>(persons: impl IntoIterator<Item = &'a PersonId>) -> Self {
        let mut sketch = Sketch::default();
        persons.into_iter().for_each(|person| sketch.add(person));
        sketch
    }

    /// Creates the sketch of the persons with these codes, in any order. It is the sketch of the
    /// persons themselves: a code is all that a sketch keeps of a hash.
    ///
    /// An engine that cannot run this code, such as a database, computes the codes and sends those.
    ///
    /// # Errors
    /// A number that is not the [code](code::code_of) of any hash at this precision.
    ///
    /// ```
    /// use lambda_workbook::batch::sketch::{Precision, Sketch, code::code_of, user_hash};
    ///
    /// let (precision, users) = (Precision::DEFAULT, [7, 8, 9]);
    /// let codes = users.map(|user| code_of(user_hash(user), precision));
    /// let mut sketch = Sketch::new(precision);
    /// users.iter().for_each(|&user| sketch.add_hash(user_hash(user)));
    /// assert_eq!(Sketch::of_codes(precision, codes)?, sketch);
    /// # Ok::<(), lambda_workbook::batch::sketch::SketchError>(())
    /// ```
    pub fn of_codes(
        precision: Precision,
        codes: impl IntoIterator<Item = u32>,
    ) -> Result<Self, SketchError> {
        let mut sketch = Self::new(precision);
        for code in codes {
            if !precision.is_code(code) {
                let what = "one of its codes is not that of any hash";
                return Err(SketchError::Damaged { what, bytes: 4 });
            }
            sketch.add_code(code);
        }
        Ok(sketch)
    }

    /// Creates the sketch that holds these registers, of which there must be
    /// [`Precision::registers`]. It is the sketch of persons of whom there are so many that their
    /// codes take more bytes.
    ///
    /// # Errors
    /// Another number of registers, or a rank that none can hold.
    pub fn of_registers(precision: Precision, ranks: &[u8]) -> Result<Self, SketchError> {
        let words = registers::packed(ranks);
        Self::from_bytes(&bytes::write(precision, &Content::Words(words)))
    }

    /// Adds a person. Adding a person again changes nothing.
    pub fn add(&mut self, person: &PersonId) {
        self.add_hash(person_hash(person));
    }

    /// Adds the person with this hash, see [`person_hash`].
    #[inline]
    pub fn add_hash(&mut self, hash: u64) {
        match &mut self.content {
            Content::Codes(_) => self.add_code(code_of(hash, self.precision)),
            Content::Words(words) => registers::keep(words, hash, self.precision),
        }
    }

    /// Adds the person with this code, which must be one.
    #[inline]
    fn add_code(&mut self, code: u32) {
        match &mut self.content {
            Content::Codes(codes) if codes.len() < codes.capacity() => codes.push(code),
            _ => self.add_codes(&[code]),
        }
    }

    /// Adds the persons with these codes, which must be codes.
    fn add_codes(&mut self, mut added: &[u32]) {
        loop {
            match &mut self.content {
                Content::Codes(codes) => {
                    let room = codes.capacity() - codes.len();
                    let (fit, rest) = added.split_at(room.min(added.len()));
                    codes.extend_from_slice(fit);
                    if rest.is_empty() {
                        return;
                    }
                    added = rest;
                    self.make_room();
                }
                Content::Words(words) => {
                    return registers::keep_codes(words, added, self.precision);
                }
            }
        }
    }

    /// Sorts the codes, and makes room for more where most of them differ.
    fn make_room(&mut self) {
        self.tidy();
        if let Content::Codes(codes) = &mut self.content
            && codes.len() >= codes.capacity() / 4 * 3
        {
            codes.reserve_exact(codes.len().max(4));
        }
    }

    /// Brings the content into its single form: sorted codes, or registers if the codes are too many.
    fn tidy(&mut self) {
        let Content::Codes(codes) = &mut self.content else {
            return;
        };
        if self.sorted < codes.len() {
            codes.sort(); // takes what is sorted as one run
            codes.dedup();
            self.sorted = codes.len();
            if code_bytes(codes) > self.precision.most_code_bytes() {
                self.content = Content::Words(registers::of_codes(codes, self.precision));
                self.sorted = 0;
            }
        }
    }

    /// Returns the content in its single form.
    fn content(&self) -> Cow<'_, Content> {
        match &self.content {
            Content::Codes(codes) if self.sorted < codes.len() => {
                let mut tidy = self.clone();
                tidy.tidy();
                Cow::Owned(tidy.content)
            }
            content => Cow::Borrowed(content),
        }
    }

    /// Adds the persons of another sketch, so that `self` becomes the union of both.
    ///
    /// Time and space: linear in the size of the sketches, however many persons they contain.
    ///
    /// # Errors
    /// Another precision. `self` is unchanged then.
    pub fn merge(&mut self, other: &Sketch) -> Result<(), SketchError> {
        if self.precision != other.precision {
            let precisions = (self.precision, other.precision);
            return Err(SketchError::PrecisionMismatch(precisions.0, precisions.1));
        }
        match (&mut self.content, &other.content) {
            (Content::Words(words), Content::Words(others)) => registers::keep_most(words, others),
            (Content::Words(words), Content::Codes(codes)) => {
                registers::keep_codes(words, codes, self.precision);
            }
            (Content::Codes(codes), Content::Words(others)) => {
                let mut words = others.clone();
                registers::keep_codes(&mut words, codes, self.precision);
                *self = Self::with(self.precision, Content::Words(words));
            }
            (Content::Codes(_), Content::Codes(codes)) => self.add_codes(codes),
        }
        Ok(())
    }

    /// Returns the estimated number of different persons. The error to expect is
    /// [`standard_error`](Self::standard_error). While the sketch holds codes, which is for some
    /// thousands of persons at the default precision, the estimate is nearly exact.
    pub fn estimate(&self) -> f64 {
        match self.content().as_ref() {
            Content::Codes(codes) => estimate::of_codes(codes.len()),
            Content::Words(words) => estimate::of_registers(words, self.precision),
        }
    }

    /// Returns the [`estimate`](Self::estimate), rounded to a whole number.
    pub fn uniques(&self) -> i64 {
        self.estimate().round() as i64
    }

    /// Returns the precision of the sketch.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Returns the relative error to expect; see [`Precision::standard_error`].
    pub fn standard_error(&self) -> f64 {
        self.precision.standard_error()
    }

    /// Returns the sketch as bytes, in the format of [`bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes::write(self.precision, &self.content())
    }

    /// Reads the bytes of [`to_bytes`](Self::to_bytes).
    ///
    /// # Errors
    /// Bytes of another format, or that are not those of any sketch.
    pub fn from_bytes(bytes: &[u8]) -> Result<Sketch, SketchError> {
        let (precision, content) = bytes::read(bytes)?;
        Ok(Self::with(precision, content))
    }
}

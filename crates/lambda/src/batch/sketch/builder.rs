//! A fast way to build sketches in a batch run.
//!
//! `hyperloglogplus` keeps the newest codes of a sketch in a hash set, and rewrites its sorted
//! list whenever it merges them. That is slow if a batch run builds thousands of sketches from
//! millions of page views. A [`SketchBuilder`] appends codes to a vector, sorts it only now and then,
//! and changes to registers at the same number of bytes as the crate. It gives the same bytes
//! as [`Sketch`], in whatever order the persons are added; a property test checks that.

use super::bytes::{Content, packed, ranks, write};
use super::code::{Precision, code_bytes};
use super::{Sketch, SketchError};

/// A sketch that is being built; see the [module](self).
///
/// ```
/// use lambda_workbook::batch::sketch::{Precision, Sketch, SketchBuilder, user_hash};
/// use lambda_workbook::datum::PersonId;
///
/// let mut builder = SketchBuilder::new(Precision::DEFAULT);
/// builder.add(user_hash(7));
/// assert_eq!(builder.finish(), Sketch::of([&PersonId::UserId(7)]).to_bytes());
/// ```
#[derive(Clone, Debug)]
pub struct SketchBuilder {
    precision: Precision,
    kept: Kept,
}

/// What a [`SketchBuilder`] holds of its persons.
#[derive(Clone, Debug)]
enum Kept {
    /// Codes. The first `sorted` of them are sorted and distinct.
    Codes { codes: Vec<u32>, sorted: usize },
    /// The rank of each register.
    Ranks(Box<[u8]>),
}

/// Codes are sorted only when at least so many are unsorted.
const UNSORTED: usize = 128;

impl SketchBuilder {
    /// Creates an empty sketch.
    pub fn new(precision: Precision) -> Self {
        let kept = Kept::Codes {
            codes: Vec::new(),
            sorted: 0,
        };
        SketchBuilder { precision, kept }
    }

    /// Adds the person with this hash, see [`person_hash`](super::person_hash). O(1), amortised,
    /// apart from a logarithmic factor for sorting.
    #[inline]
    pub fn add(&mut self, hash: u64) {
        match &mut self.kept {
            Kept::Codes { codes, sorted } => {
                codes.push(self.precision.code(hash));
                // Sort when there are half as many unsorted codes as sorted ones, so that each
                // code is moved a bounded number of times on average.
                if codes.len() >= UNSORTED + *sorted + *sorted / 2 {
                    self.sort();
                }
            }
            Kept::Ranks(kept) => {
                let (register, rank) = self.precision.of_hash(hash);
                kept[register] = kept[register].max(rank);
            }
        }
    }

    /// Adds the persons of another sketch. The result is the same as that of adding them one by
    /// one.
    ///
    /// # Errors
    /// Another precision. `self` is unchanged then.
    pub fn merge(&mut self, other: &SketchBuilder) -> Result<(), SketchError> {
        if self.precision != other.precision {
            return Err(SketchError::PrecisionMismatch(
                self.precision,
                other.precision,
            ));
        }
        match (&mut self.kept, &other.kept) {
            (Kept::Codes { codes, sorted }, Kept::Codes { codes: more, .. }) => {
                codes.extend_from_slice(more);
                if codes.len() >= UNSORTED + *sorted + *sorted / 2 {
                    self.sort();
                }
            }
            (Kept::Codes { .. }, Kept::Ranks(_)) => {
                let mut merged = other.clone();
                merged.merge(self)?;
                *self = merged;
            }
            (Kept::Ranks(ranks), Kept::Codes { codes, .. }) => {
                raise(ranks, codes, self.precision);
            }
            (Kept::Ranks(ranks), Kept::Ranks(more)) => {
                for (rank, more) in ranks.iter_mut().zip(more) {
                    *rank = (*rank).max(*more);
                }
            }
        }
        Ok(())
    }

    /// Returns the union of several sketches. The result is the same as that of merging them one
    /// by one, but all codes are sorted at once, which is faster.
    ///
    /// # Errors
    /// A sketch of another precision than `precision`.
    pub fn union<'a>(
        precision: Precision,
        parts: impl IntoIterator<Item = &'a SketchBuilder>,
    ) -> Result<SketchBuilder, SketchError> {
        // Collect the codes of all sketches that hold codes.
        let mut all = Vec::new();
        let mut rest = Vec::new();
        for part in parts {
            match &part.kept {
                Kept::Codes { codes, .. } if part.precision == precision => {
                    all.extend_from_slice(codes);
                }
                _ => rest.push(part),
            }
        }

        // The stable sort recognises the sorted parts and merges them.
        all.sort();
        all.dedup();
        let sorted = all.len();
        let kept = Kept::Codes { codes: all, sorted };
        let mut union = SketchBuilder { precision, kept };
        union.sort();

        // Merge the others, which hold registers or have another precision.
        rest.into_iter().try_for_each(|part| union.merge(part))?;
        Ok(union)
    }

    /// Returns the bytes of the sketch, the same as [`Sketch::to_bytes`].
    pub fn finish(mut self) -> Vec<u8> {
        self.sort();
        let content = match self.kept {
            Kept::Codes { codes, .. } => Content::Codes(codes),
            Kept::Ranks(ranks) => Content::Words(packed(&ranks)),
        };
        write(self.precision, &content)
    }

    /// Reads the bytes of a sketch, so that persons can be added.
    ///
    /// # Errors
    /// As [`Sketch::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<SketchBuilder, SketchError> {
        let (precision, content) = super::bytes::read(bytes)?;
        let kept = match content {
            Content::Codes(codes) => {
                let sorted = codes.len();
                Kept::Codes { codes, sorted }
            }
            Content::Words(words) => {
                Kept::Ranks(ranks(&words).take(precision.registers()).collect())
            }
        };
        Ok(SketchBuilder { precision, kept })
    }

    /// Returns the [`Sketch`] of the persons so far.
    pub fn sketch(&self) -> Sketch {
        let bytes = self.clone().finish();
        Sketch::from_bytes(&bytes).expect("written as it is read")
    }

    /// Returns the bytes of memory that the codes or registers take.
    pub fn memory(&self) -> usize {
        match &self.kept {
            Kept::Codes { codes, .. } => codes.capacity() * size_of::<u32>(),
            Kept::Ranks(ranks) => ranks.len(),
        }
    }

    /// Sorts the codes and removes duplicates, and changes to registers if the codes take too
    /// many bytes.
    fn sort(&mut self) {
        let Kept::Codes { codes, sorted } = &mut self.kept else {
            return;
        };
        if *sorted < codes.len() {
            // The stable sort recognises the sorted part, and only sorts and merges the rest.
            if *sorted > 0 {
                codes.sort();
            } else {
                codes.sort_unstable();
            }
            codes.dedup();
            *sorted = codes.len();
        }

        // With few codes, counting their bytes is not necessary.
        let most = self.precision.most_code_bytes();
        if codes.len() > most / 5 && code_bytes(codes) > most {
            let mut ranks = vec![0; self.precision.registers()].into_boxed_slice();
            raise(&mut ranks, codes, self.precision);
            self.kept = Kept::Ranks(ranks);
        }
    }
}

/// Raises each register to the largest rank of its codes.
fn raise(ranks: &mut [u8], codes: &[u32], precision: Precision) {
    for &code in codes {
        let (register, rank) = precision.of_code(code);
        ranks[register] = ranks[register].max(rank);
    }
}

//! Sketches of millions of persons, made quickly.
//!
//! `hyperloglogplus` takes a sketch's first thousands of persons through a hash
//! set and a rewritten list, which is slow when a batch run makes thousands of
//! sketches from millions of views. A [`Gather`] only collects codes, sorts them
//! when there are many, and turns to registers at the same point: it gives the
//! same bytes (a property of the tests), from any order of persons.

use super::bytes::{Content, packed, ranks, write};
use super::code::{Precision, code_bytes};
use super::{Sketch, SketchError};

/// A sketch in the making; see the top of this file.
///
/// ```
/// use lambda_workbook::batch::sketch::{Gather, Precision, Sketch, user_hash};
/// use lambda_workbook::datum::PersonId;
///
/// let mut gather = Gather::new(Precision::DEFAULT);
/// gather.add(user_hash(7));
/// assert_eq!(gather.finish(), Sketch::of([&PersonId::UserId(7)]).to_bytes());
/// ```
#[derive(Clone, Debug)]
pub struct Gather {
    precision: Precision,
    kept: Kept,
}

#[derive(Clone, Debug)]
enum Kept {
    /// The first `tidy` are sorted, each once.
    Codes { codes: Vec<u32>, tidy: usize },
    /// One rank a register.
    Ranks(Box<[u8]>),
}

/// Codes are not tidied before there are so many untidy ones.
const UNTIDY: usize = 128;

impl Gather {
    pub fn new(precision: Precision) -> Self {
        let kept = Kept::Codes {
            codes: Vec::new(),
            tidy: 0,
        };
        Gather { precision, kept }
    }

    /// Adds the person with this [`person_hash`](super::person_hash).
    #[inline]
    pub fn add(&mut self, hash: u64) {
        match &mut self.kept {
            Kept::Codes { codes, tidy } => {
                codes.push(self.precision.code(hash));
                // Half as much again, so that tidying costs a few steps a code.
                if codes.len() >= UNTIDY + *tidy + *tidy / 2 {
                    self.tidy();
                }
            }
            Kept::Ranks(kept) => {
                let (register, rank) = self.precision.of_hash(hash);
                kept[register] = kept[register].max(rank);
            }
        }
    }

    /// Adds the persons of another; the same as adding them one by one.
    ///
    /// # Errors
    /// Another precision.
    pub fn merge(&mut self, other: &Gather) -> Result<(), SketchError> {
        if self.precision != other.precision {
            return Err(SketchError::Precisions(self.precision, other.precision));
        }
        match (&mut self.kept, &other.kept) {
            (Kept::Codes { codes, tidy }, Kept::Codes { codes: more, .. }) => {
                codes.extend_from_slice(more);
                if codes.len() >= UNTIDY + *tidy + *tidy / 2 {
                    self.tidy();
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

    /// The union of several: as merging one by one, but quicker.
    ///
    /// # Errors
    /// Different precisions.
    pub fn union<'a>(
        precision: Precision,
        parts: impl IntoIterator<Item = &'a Gather>,
    ) -> Result<Gather, SketchError> {
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
        // Sorted parts one behind the other: the stable sort merges them.
        all.sort();
        all.dedup();
        let tidy = all.len();
        let kept = Kept::Codes { codes: all, tidy };
        let mut union = Gather { precision, kept };
        union.tidy();
        rest.into_iter().try_for_each(|part| union.merge(part))?;
        Ok(union)
    }

    /// The bytes of the sketch, as [`Sketch::to_bytes`] gives them.
    pub fn finish(mut self) -> Vec<u8> {
        self.tidy();
        let content = match self.kept {
            Kept::Codes { codes, .. } => Content::Codes(codes),
            Kept::Ranks(ranks) => Content::Words(packed(&ranks)),
        };
        write(self.precision, &content)
    }

    /// Goes on from the bytes of a sketch.
    ///
    /// # Errors
    /// As [`Sketch::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Gather, SketchError> {
        let (precision, content) = super::bytes::read(bytes)?;
        let kept = match content {
            Content::Codes(codes) => {
                let tidy = codes.len();
                Kept::Codes { codes, tidy }
            }
            Content::Words(words) => {
                Kept::Ranks(ranks(&words).take(precision.registers()).collect())
            }
        };
        Ok(Gather { precision, kept })
    }

    /// The sketch so far.
    pub fn sketch(&self) -> Sketch {
        let bytes = self.clone().finish();
        Sketch::from_bytes(&bytes).expect("written as it is read")
    }

    /// Bytes held in memory.
    pub fn memory(&self) -> usize {
        match &self.kept {
            Kept::Codes { codes, .. } => codes.capacity() * size_of::<u32>(),
            Kept::Ranks(ranks) => ranks.len(),
        }
    }

    fn tidy(&mut self) {
        let Kept::Codes { codes, tidy } = &mut self.kept else {
            return;
        };
        if *tidy < codes.len() {
            // A stable sort takes a sorted part as it is and merges.
            if *tidy > 0 {
                codes.sort();
            } else {
                codes.sort_unstable();
            }
            codes.dedup();
            *tidy = codes.len();
        }
        // A code takes a byte at least.
        let most = self.precision.most_code_bytes();
        if codes.len() > most / 5 && code_bytes(codes) > most {
            let mut ranks = vec![0; self.precision.registers()].into_boxed_slice();
            raise(&mut ranks, codes, self.precision);
            self.kept = Kept::Ranks(ranks);
        }
    }
}

fn raise(ranks: &mut [u8], codes: &[u32], precision: Precision) {
    for &code in codes {
        let (register, rank) = precision.of_code(code);
        ranks[register] = ranks[register].max(rank);
    }
}

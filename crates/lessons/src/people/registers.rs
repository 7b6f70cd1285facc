//! HyperLogLog with its registers in the open: what a [`Sketch`](lambda::batch::Sketch) does, one
//! visitor at a time.
//!
//! The first bits of a visitor's hash choose a register. The *rank* is the place of the first 1
//! among the bits that follow: 1 for `1…`, 2 for `01…`, 3 for `001…`. Half of all hashes have rank
//! 1, a quarter rank 2, and so on, so a rank of r is seen about once among 2^r visitors. A register
//! keeps the largest rank of its visitors.
//!
//! The views use the crate `hyperloglogplus`, which keeps the same registers. It adds a list of
//! codes while there are few visitors, and a table that corrects the estimate of small sets. A
//! property test holds both to the same registers.
//!
//! Source: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog" (2007), figure 3.

use lambda::batch::Precision;
use lambda::batch::sketch::{SketchError, person_hash};
use lambda::datum::PersonId;

/// 2^precision registers, each with the largest rank that fell into it.
///
/// ```
/// use lambda_workbook::batch::Precision;
/// use lambda_workbook::people::{Registers, visitors};
///
/// let sixteen = Precision::new(4)?; // 2^4 registers
/// let mut monday = Registers::of(sixteen, &visitors(1..=40));
/// let tuesday = Registers::of(sixteen, &visitors(21..=60));
/// monday.merge(&tuesday)?;
/// assert_eq!(monday, Registers::of(sixteen, &visitors(1..=60)));
/// # Ok::<(), lambda_workbook::batch::sketch::SketchError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registers {
    precision: Precision,
    ranks: Vec<u8>,
}

/// Where a visitor's hash falls, and what it does there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landing {
    /// The 64-bit hash of the visitor.
    pub hash: u64,
    /// The register: the first bits of the hash, as a number.
    pub register: usize,
    /// The place of the first 1 among the bits after these.
    pub rank: u8,
    /// What the register held before.
    pub before: u8,
}

impl Landing {
    /// Returns the first bits of the hash as text, in groups of four: `0110 0001` for 8 bits.
    ///
    /// ```
    /// use lambda_workbook::{batch::Precision, people::{Registers, visitors}};
    /// let one = Registers::new(Precision::new(4)?).landing(&visitors(1..=1)[0]);
    /// assert_eq!(one.bits(8), "1001 1110");
    /// # Ok::<(), lambda_workbook::batch::sketch::SketchError>(())
    /// ```
    pub fn bits(self, count: usize) -> String {
        let all = format!("{:064b}", self.hash);
        let groups: Vec<&str> = (0..count.min(64))
            .step_by(4)
            .map(|start| &all[start..count.min(start + 4)])
            .collect();
        groups.join(" ")
    }

    /// Returns whether the register now holds more than before.
    pub fn raises(self) -> bool {
        self.rank > self.before
    }
}

impl Registers {
    /// Creates registers that have seen nobody: all 0.
    pub fn new(precision: Precision) -> Self {
        Registers {
            precision,
            ranks: vec![0; precision.registers()],
        }
    }

    /// Creates the registers of some people.
    pub fn of<'a>(precision: Precision, people: impl IntoIterator<Item = &'a PersonId>) -> Self {
        let mut registers = Registers::new(precision);
        for person in people {
            registers.add(person);
        }
        registers
    }

    /// Cuts the hash of a person into register and rank, and changes nothing.
    pub fn landing(&self, person: &PersonId) -> Landing {
        let (hash, bits) = (person_hash(person), u32::from(self.precision.bits()));
        let register = (hash >> (64 - bits)) as usize;
        // The bits after the register's. The added 1 ends the search if they are all 0.
        let rest = hash << bits | 1 << (bits - 1);
        Landing {
            hash,
            register,
            rank: rest.leading_zeros() as u8 + 1,
            before: self.ranks[register],
        }
    }

    /// Adds a person: the register keeps the larger of its rank and the person's.
    pub fn add(&mut self, person: &PersonId) -> Landing {
        let landing = self.landing(person);
        let register = &mut self.ranks[landing.register];
        *register = landing.rank.max(*register);
        landing
    }

    /// Merges other registers into these, one by one: the larger rank is kept.
    ///
    /// # Errors
    /// Another precision. `self` is unchanged then.
    pub fn merge(&mut self, other: &Registers) -> Result<(), SketchError> {
        if self.precision != other.precision {
            return Err(SketchError::PrecisionMismatch(
                self.precision,
                other.precision,
            ));
        }
        for (rank, more) in self.ranks.iter_mut().zip(&other.ranks) {
            *rank = (*rank).max(*more);
        }
        Ok(())
    }

    /// Returns the rank that each register holds; 0 if nobody fell into it.
    pub fn ranks(&self) -> &[u8] {
        &self.ranks
    }

    /// Returns the precision.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Returns the estimated number of people.
    ///
    /// With m registers it is `constant * m² / (sum of 1/2^rank)`. The constant, 0.673 for 16
    /// registers, makes the average right. While that gives less than 2.5 m and some registers
    /// are empty, the share of empty registers says more: `m * ln(m / empty)`.
    ///
    /// ```
    /// use lambda_workbook::{batch::Precision, people::{Registers, visitors}};
    /// let sketch = Registers::of(Precision::new(10)?, &visitors(1..=5_000));
    /// let error = sketch.estimate() / 5_000.0 - 1.0;
    /// assert!(error.abs() < 3.0 * sketch.precision().standard_error());
    /// # Ok::<(), lambda_workbook::batch::sketch::SketchError>(())
    /// ```
    pub fn estimate(&self) -> f64 {
        let m = self.ranks.len() as f64;
        let constant = match self.ranks.len() {
            16 => 0.673,
            32 => 0.697,
            64 => 0.709,
            _ => 0.7213 / (1.0 + 1.079 / m),
        };
        let sum: f64 = self
            .ranks
            .iter()
            .map(|rank| 0.5f64.powi((*rank).into()))
            .sum();
        let raw = constant * m * m / sum;
        let empty = self.ranks.iter().filter(|rank| **rank == 0).count();
        if raw <= 2.5 * m && empty > 0 {
            m * (m / empty as f64).ln()
        } else {
            raw
        }
    }
}

/// Returns accounts with these numbers, as visitors for experiments.
pub fn visitors(numbers: std::ops::RangeInclusive<i64>) -> Vec<PersonId> {
    numbers.map(PersonId::UserId).collect()
}

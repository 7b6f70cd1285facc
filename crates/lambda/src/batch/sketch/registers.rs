//! Registers: what a sketch of many persons holds.
//!
//! A register keeps the largest rank of the hashes that fall into it, in six bits, five registers to a
//! word of 32 bits. Two sketches are united by the larger of each pair of registers. They are compared
//! as they are packed: three registers of a word at a time, with a free bit above each that takes the
//! borrow of a subtraction (Lamport, "Multiple byte processing with full-word instructions", 1975).
use super::code::{Precision, hash_with};

/// The first, third and fifth register of a word; the second and fourth after a shift.
const FIELDS: u32 = 0x3f | 0x3f << 12 | 0x3f << 24;
/// The bit above each of these.
const GUARDS: u32 = 1 << 6 | 1 << 18 | 1 << 30;
/// A 1 in each of these.
const ONES: u32 = 1 | 1 << 12 | 1 << 24;

/// Returns the registers in packed words, including the unused places of the last word.
pub(super) fn ranks(words: &[u32]) -> impl Iterator<Item = u8> + '_ {
    words
        .iter()
        .flat_map(|word| (0..5).map(move |place| (word >> (6 * place) & 0x3f) as u8))
}

/// Packs registers five to a word.
pub(super) fn packed(ranks: &[u8]) -> Vec<u32> {
    let word = |five: &[u8]| {
        let placed = five.iter().zip(0..);
        placed.fold(0, |word, (rank, place)| {
            word | u32::from(*rank) << (6 * place)
        })
    };
    ranks.chunks(5).map(word).collect()
}

/// Returns the registers of the hashes with these codes.
pub(super) fn of_codes(codes: &[u32], precision: Precision) -> Vec<u32> {
    let mut words = vec![0; precision.words()];
    keep_codes(&mut words, codes, precision);
    words
}

/// Adds the hashes with these codes.
pub(super) fn keep_codes(words: &mut [u32], codes: &[u32], precision: Precision) {
    for &code in codes {
        keep(words, hash_with(code), precision);
    }
}

/// Adds a hash.
#[inline]
pub(super) fn keep(words: &mut [u32], hash: u64, precision: Precision) {
    let register = (hash >> (64 - precision.bits())) as usize;
    let rest = hash << precision.bits();
    let rank = rest.leading_zeros().min(64 - u32::from(precision.bits())) + 1;
    let (word, shift) = (&mut words[register / 5], 6 * (register % 5));
    if *word >> shift & 0x3f < rank {
        *word = *word & !(0x3f << shift) | rank << shift;
    }
}

/// Keeps the larger of each pair of registers in `all`.
pub(super) fn keep_most(all: &mut [u32], others: &[u32]) {
    for (mine, theirs) in all.iter_mut().zip(others) {
        *mine = most_of_word(*mine, *theirs);
    }
}

/// Keeps the larger of each register in `all` and in packed bytes. Returns `None`, with `all` in any
/// state, if a sketch of this precision cannot have such registers.
pub(super) fn keep_most_of_bytes(
    all: &mut [u32],
    packed: &[u8],
    precision: Precision,
) -> Option<()> {
    let (words, rest) = packed.as_chunks::<4>();
    if words.len() != all.len() || !rest.is_empty() {
        return None;
    }
    let above = above_most(precision);
    let mut wrong = 0;
    for (mine, theirs) in all.iter_mut().zip(words) {
        let theirs = u32::from_le_bytes(*theirs);
        wrong |= impossible(theirs, above);
        *mine = most_of_word(*mine, theirs);
    }
    (wrong == 0 && is_unused_empty(all, precision)).then_some(())
}

/// Returns whether a sketch of this precision can have these registers.
pub(super) fn are_possible(words: &[u32], precision: Precision) -> bool {
    let above = above_most(precision);
    let wrong = words
        .iter()
        .fold(0, |wrong, word| wrong | impossible(*word, above));
    wrong == 0 && is_unused_empty(words, precision)
}

/// Returns whether the places after the last register are empty.
fn is_unused_empty(words: &[u32], precision: Precision) -> bool {
    let used = precision.registers() % 5;
    used == 0 || words[words.len() - 1] >> (6 * used) == 0
}

/// Returns what, added to a rank above the most, carries into the guard.
const fn above_most(precision: Precision) -> u32 {
    ONES * (63 - precision.most_rank() as u32)
}

/// Returns 0 if no rank in a word is above the most, and the two bits above the registers are 0.
#[inline]
fn impossible(word: u32, above: u32) -> u32 {
    let (odd, even) = (word & FIELDS, word >> 6 & FIELDS);
    (odd.wrapping_add(above) | even.wrapping_add(above)) & GUARDS | word >> 30
}

/// Returns the larger of each register of two words.
#[inline]
fn most_of_word(mine: u32, theirs: u32) -> u32 {
    most(mine & FIELDS, theirs & FIELDS) | most(mine >> 6 & FIELDS, theirs >> 6 & FIELDS) << 6
}

/// Returns the larger of each field. Wrapping operations are not checked, so that the compiler takes
/// several words at once; none of them wraps.
#[inline]
fn most(mine: u32, theirs: u32) -> u32 {
    // The guard stays where `mine` is not less, and is made into a field of ones.
    let not_less = (mine | GUARDS).wrapping_sub(theirs) & GUARDS;
    let chosen = not_less.wrapping_sub(not_less >> 6);
    mine & chosen | theirs & !chosen & FIELDS
}

//! The union of sketches that are stored as bytes.
//!
//! A query over a range reads a sketch for each bucket, and needs their union alone. Registers are
//! compared as they are stored, packed six bits each, without making a sketch of each first: three
//! registers of a word at a time, with a free bit above each that takes the borrow of a subtraction
//! (Lamport, "Multiple byte processing with full-word instructions", 1975).
use super::bytes::{Content, FORMAT};
use super::code::{Precision, hash_with};
use super::{Sketch, SketchError, state, words};

/// The first, third and fifth register of a word; the second and fourth after a shift.
const FIELDS: u32 = 0x3f | 0x3f << 12 | 0x3f << 24;
/// The bit above each of these.
const GUARDS: u32 = 1 << 6 | 1 << 18 | 1 << 30;
/// A 1 in each of these.
const ONES: u32 = 1 | 1 << 12 | 1 << 24;

/// Returns the union of sketches, each as [`Sketch::to_bytes`] gives it; of none, an empty sketch of
/// the default precision. It equals, byte by byte, the sketch of all their persons.
///
/// Time: linear in the bytes of the sketches.
///
/// ```
/// use lambda_workbook::batch::sketch::{Sketch, union_of_bytes, user_hash};
///
/// let users = |ids: std::ops::Range<i64>| {
///     let mut sketch = Sketch::default();
///     ids.for_each(|id| sketch.add_hash(user_hash(id)));
///     sketch
/// };
/// let (monday, tuesday) = (users(0..60_000), users(30_000..90_000));
/// let both = union_of_bytes([&monday.to_bytes()[..], &tuesday.to_bytes()])?;
/// assert_eq!(both, users(0..90_000));
/// # Ok::<(), lambda_workbook::batch::sketch::SketchError>(())
/// ```
///
/// # Errors
/// Bytes that are those of no sketch, or sketches of different precisions.
pub fn union_of_bytes<'a>(
    sketches: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Sketch, SketchError> {
    let mut sketches = sketches.into_iter().peekable();
    let Some(first) = sketches.peek() else {
        return Ok(Sketch::default());
    };
    // The precision of all is that of the first.
    let precision = match first {
        [FORMAT, bits, ..] => Precision::new(*bits)?,
        _ => Sketch::from_bytes(first)?.precision(), // it says what is wrong
    };
    let mut few = Sketch::new(precision);
    let mut registers: Option<Vec<u32>> = None;
    for sketch in sketches {
        match sketch {
            [FORMAT, bits, 1, rest @ ..] if *bits == precision.bits() => {
                let all = registers.get_or_insert_with(|| vec![0; precision.words()]);
                keep_most(all, rest, precision).ok_or_else(|| {
                    let damaged = Sketch::from_bytes(sketch).err();
                    damaged.expect("these are registers that a sketch cannot have")
                })?;
            }
            // Codes, which are few, or what is no sketch of this precision.
            _ => few.merge(&Sketch::from_bytes(sketch)?)?,
        }
    }
    let Some(mut registers) = registers else {
        return Ok(few);
    };
    match few.content() {
        Content::Codes(codes) => codes.iter().for_each(|code| {
            let hash = hash_with(*code);
            let register = (hash >> (64 - precision.bits())) as usize;
            let rest = hash << precision.bits();
            let rank = rest.leading_zeros().min(64 - u32::from(precision.bits())) + 1;
            let (word, shift) = (register / 5, 6 * (register % 5));
            if registers[word] >> shift & 0x3f < rank {
                registers[word] = registers[word] & !(0x3f << shift) | rank << shift;
            }
        }),
        Content::Words(others) => {
            let others: Vec<u8> = others.iter().flat_map(|word| word.to_le_bytes()).collect();
            keep_most(&mut registers, &others, precision).expect("a sketch's own registers");
        }
    }
    let inner = words::from_words(state(precision, &Content::Words(registers)).into_iter());
    Ok(Sketch {
        precision,
        inner: inner.expect("the state of a sketch"),
    })
}

/// Keeps the larger of each register in `all` and in packed bytes. Returns `None`, with `all` in any
/// state, if a sketch of this precision cannot have such registers.
fn keep_most(all: &mut [u32], packed: &[u8], precision: Precision) -> Option<()> {
    let (words, rest) = packed.as_chunks::<4>();
    if words.len() != all.len() || !rest.is_empty() {
        return None;
    }
    // Added to a rank above the most, this carries into the guard.
    let above = ONES * u32::from(63 - precision.most_rank());
    let (mut carried, mut seen) = (0u32, 0u32);
    for (mine, theirs) in all.iter_mut().zip(words) {
        let theirs = u32::from_le_bytes(*theirs);
        let (odd, even) = (theirs & FIELDS, theirs >> 6 & FIELDS);
        seen |= theirs;
        carried |= odd.wrapping_add(above) | even.wrapping_add(above);
        *mine = most(*mine & FIELDS, odd) | most(*mine >> 6 & FIELDS, even) << 6;
    }
    let mut impossible = carried & GUARDS | seen >> 30;
    // The places after the last register are empty.
    let used = precision.registers() % 5;
    if used > 0 {
        impossible |= all[all.len() - 1] >> (6 * used);
    }
    (impossible == 0).then_some(())
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

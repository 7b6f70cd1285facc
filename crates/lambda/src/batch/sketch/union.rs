//! The union of sketches that are stored as bytes.
//!
//! A query over a range reads a sketch for each bucket, and needs their union alone. Registers are
//! compared as they are stored, without making a sketch of each first.
use super::bytes::{Content, FORMAT};
use super::code::Precision;
use super::registers::keep_most_of_bytes;
use super::{Sketch, SketchError};

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
    let mut union = Sketch::new(precision);
    for sketch in sketches {
        match (sketch, &mut union.content) {
            ([FORMAT, bits, 1, packed @ ..], Content::Words(all)) if *bits == precision.bits() => {
                keep_most_of_bytes(all, packed, precision).ok_or_else(|| {
                    let damaged = Sketch::from_bytes(sketch).err();
                    damaged.expect("these are registers that a sketch cannot have")
                })?;
            }
            // Codes, the first registers, or what is no sketch of this precision.
            _ => union.merge(&Sketch::from_bytes(sketch)?)?,
        }
    }
    Ok(union)
}

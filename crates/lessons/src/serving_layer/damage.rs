//! Damage to files, as an old disk may do it.
use lambda::serving::{Result, io_at};
use std::fs;
use std::path::Path;

/// Flips the lowest bit of one byte of a file, counted from 0. A byte behind the end of the file
/// changes nothing.
///
/// ```
/// use lambda_workbook::serving::flip_a_bit;
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("values");
/// std::fs::write(&file, [1, 2, 3])?;
/// flip_a_bit(&file, 1)?;
/// assert_eq!(std::fs::read(&file)?, [1, 3, 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the file cannot be read or written.
pub fn flip_a_bit(file: &Path, byte: usize) -> Result<()> {
    let mut bytes = fs::read(file).map_err(io_at("read", file))?;
    if let Some(found) = bytes.get_mut(byte) {
        *found ^= 1;
    }
    fs::write(file, bytes).map_err(io_at("write", file))
}

//! Damage to files, as an old disk may do it.
use lambda::serving::{Result, io_at};
use std::fs;
use std::path::Path;

/// Flips the lowest bit of the byte in the middle of every file of a folder.
///
/// ```
/// use lambda_workbook::serving::flip_a_bit;
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("counts"), [1, 2, 3])?;
/// flip_a_bit(folder.path())?;
/// assert_eq!(std::fs::read(folder.path().join("counts"))?, [1, 3, 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the folder or one of its files cannot be read or written.
pub fn flip_a_bit(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(io_at("read", folder))? {
        let path = entry.map_err(io_at("read", folder))?.path();
        let mut bytes = fs::read(&path).map_err(io_at("read", &path))?;
        let middle = bytes.len() / 2;
        if let Some(byte) = bytes.get_mut(middle) {
            *byte ^= 1;
        }
        fs::write(&path, bytes).map_err(io_at("write", &path))?;
    }
    Ok(())
}

//! How much room a disk has.
use anyhow::Result;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Returns the megabytes (of 1,000,000 bytes) that this user may still write in `folder`.
///
/// # Errors
/// If the folder does not exist or the system does not tell.
pub fn free_mb(folder: &Path) -> Result<u64> {
    let path = CString::new(folder.as_os_str().as_bytes())?;
    // SAFETY: the path ends in NUL, and statvfs fills the struct it is given.
    let stat = unsafe {
        let mut stat: libc::statvfs = std::mem::zeroed();
        if libc::statvfs(path.as_ptr(), &mut stat) != 0 {
            return Err(std::io::Error::last_os_error().into());
        }
        stat
    };
    #[allow(clippy::unnecessary_cast)] // The fields' types differ between systems.
    Ok((stat.f_bavail as u64).saturating_mul(stat.f_frsize as u64) / 1_000_000)
}

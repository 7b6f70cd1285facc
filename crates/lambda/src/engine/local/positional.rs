//! Reads and writes at a given position of a file, which many threads can do at once.

use std::fs::File;
use std::io;

#[cfg(unix)]
use std::os::unix::fs::FileExt;

/// Reads from byte `at` on until `buffer` is full or the file ends. Returns the number of bytes
/// read.
pub fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        #[cfg(unix)]
        let read = file.read_at(&mut buffer[done..], at + done as u64);
        #[cfg(windows)]
        let read =
            std::os::windows::fs::FileExt::seek_read(file, &mut buffer[done..], at + done as u64);
        match read {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Fills `buffer` with the bytes from position `at` on.
///
/// # Errors
/// If the file cannot be read, or ends before `buffer` is full.
pub fn read_exact_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    if read_at(file, buffer, at)? == buffer.len() {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the file was truncated while it was being read",
    ))
}

/// Writes all of `bytes` at position `at`.
pub fn write_all_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    #[cfg(unix)]
    return file.write_all_at(bytes, at);
    #[cfg(windows)]
    {
        let mut done = 0;
        while done < bytes.len() {
            done +=
                std::os::windows::fs::FileExt::seek_write(file, &bytes[done..], at + done as u64)?;
        }
        Ok(())
    }
}

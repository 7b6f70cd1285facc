//! Checksums: a flipped bit is an error, never an answer.
//!
//! A file is summed in blocks of [`BLOCK`] bytes. A read checks the blocks that
//! it touches, each time, before it believes a byte: so damage is found also in
//! a file that was sound when it was opened. Small blocks keep that cheap: a
//! point read checks about a kilobyte.
//!
//! XXH3 with 64 bits is no defence against malice, only against disks.
use super::error::{Result, StoreError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// Bytes that share a checksum. Four lines of a processor's cache.
pub const BLOCK: usize = 256;

/// Sums the blocks of what passes through.
#[derive(Debug)]
pub(super) struct Summing<W> {
    inner: W,
    block: Vec<u8>,
    sums: Vec<u64>,
    bytes: u64,
}

impl<W: Write> Summing<W> {
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            block: Vec::with_capacity(BLOCK),
            sums: Vec::new(),
            bytes: 0,
        }
    }

    /// Bytes that have passed.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The writer, the bytes and the sum of each block.
    pub fn finish(mut self) -> (W, u64, Vec<u64>) {
        if !self.block.is_empty() {
            self.sums.push(xxh3_64(&self.block));
        }
        (self.inner, self.bytes, self.sums)
    }
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.bytes += written as u64;
        let mut rest = &bytes[..written];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(BLOCK - self.block.len()));
            self.block.extend_from_slice(now);
            rest = later;
            if self.block.len() == BLOCK {
                self.sums.push(xxh3_64(&self.block));
                self.block.clear();
            }
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Bytes of a file that are believed only after a check.
pub(super) struct Checked<'a> {
    pub path: &'a Path,
    pub bytes: &'a [u8],
    /// Eight bytes a block, little-endian.
    pub sums: &'a [u8],
}

impl<'a> Checked<'a> {
    /// Checks one block.
    #[inline]
    pub fn check(&self, block: usize) -> Result<()> {
        let start = block * BLOCK;
        let end = (start + BLOCK).min(self.bytes.len());
        let wanted = self.sums.get(block * 8..block * 8 + 8);
        match (self.bytes.get(start..end), wanted) {
            (Some(bytes), Some(wanted)) if xxh3_64(bytes).to_le_bytes() == wanted => Ok(()),
            _ => Err(self.corrupt(block)),
        }
    }

    /// Asks the processor for the first blocks of `range` and their sums.
    #[inline]
    pub fn fetch(&self, range: std::ops::Range<usize>) {
        let first = range.start / BLOCK;
        prefetch(self.sums, first * 8);
        let end = range
            .end
            .next_multiple_of(BLOCK)
            .min(range.start + 4 * BLOCK);
        for line in (first * BLOCK..end).step_by(64) {
            prefetch(self.bytes, line);
        }
    }

    /// Checks all blocks. O(file).
    pub fn check_all(&self) -> Result<()> {
        (0..self.bytes.len().div_ceil(BLOCK)).try_for_each(|block| self.check(block))
    }

    #[cold]
    pub fn corrupt(&self, block: usize) -> StoreError {
        StoreError::Corrupt {
            path: PathBuf::from(self.path),
            block: block as u64,
        }
    }
}

/// Starts to bring a cache line near, where the processor has an order for it.
#[inline]
fn prefetch(bytes: &[u8], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(byte) = bytes.get(at) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the byte is there; and it is a hint, which reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(byte).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (bytes, at);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn summed(bytes: &[u8], cut: usize) -> (Vec<u8>, Vec<u8>) {
        let mut writer = Summing::new(Vec::new());
        for piece in bytes.chunks(cut) {
            writer.write_all(piece).unwrap();
        }
        let (written, length, sums) = writer.finish();
        assert_eq!(length as usize, bytes.len());
        (written, sums.iter().flat_map(|s| s.to_le_bytes()).collect())
    }

    proptest! {
        #[test]
        fn sound_bytes_pass_however_they_were_written(length in 0usize..2000, cut in 1usize..700) {
            let bytes: Vec<u8> = (0..length).map(|i| (i * 7) as u8).collect();
            let (bytes, sums) = summed(&bytes, cut);
            let checked = Checked { path: Path::new("values"), bytes: &bytes, sums: &sums };
            prop_assert!(checked.check_all().is_ok());
        }

        #[test]
        fn any_flipped_bit_is_found_in_its_block(length in 1usize..2000, at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let (mut bytes, sums) = summed(&vec![0xA5; length], 100);
            let at = at.index(length);
            bytes[at] ^= 1 << bit;
            let checked = Checked { path: Path::new("values"), bytes: &bytes, sums: &sums };
            match checked.check_all() {
                Err(StoreError::Corrupt { block, .. }) => prop_assert_eq!(block as usize, at / BLOCK),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}

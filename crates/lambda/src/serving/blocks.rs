//! Files of blocks with checksums: a flipped bit is an error, never an answer.
//!
//! ```text
//! block:  56 bytes of content | 8 bytes: its XXH3, and where it belongs
//! ```
//!
//! A block is a line of a processor's cache. So the one miss that brings a row
//! brings its proof as well, and a read checks little beside what it asks for: a
//! point read some 250 bytes. Each read checks its blocks before it believes a
//! byte, so damage is found also in a file that was sound when it was opened.
//!
//! 1. Content that is not what was written is an error.
//! 2. So is sound content in a wrong place: to the hash are added the block's number
//!    and a number that stands for the shard and its version.
//!
//! Places in a file count bytes of content alone: content `i` lies in block
//! `i / 56`. XXH3 with 64 bits is no defence against malice, only against disks.
use super::error::StoreError;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of a block: a line of a processor's cache.
pub const BLOCK: usize = 64;
/// Bytes of content in a block. A multiple of 8, so that no aligned number lies
/// in two.
pub(super) const CONTENT: usize = BLOCK - 8;

#[inline]
fn sum(content: &[u8; CONTENT], seed: u64, block: u64) -> [u8; 8] {
    let place = seed.wrapping_add(block);
    xxh3_64(content).wrapping_add(place).to_le_bytes()
}

/// Writes content as blocks.
#[derive(Debug)]
pub(super) struct BlockWriter<W> {
    inner: W,
    seed: u64,
    blocks: u64,
    /// Content of the block to come.
    content: [u8; CONTENT],
    filled: usize,
}

impl<W: Write> BlockWriter<W> {
    pub fn new(inner: W, seed: u64) -> Self {
        Self {
            inner,
            seed,
            blocks: 0,
            content: [0; CONTENT],
            filled: 0,
        }
    }

    /// Appends content. O(bytes).
    pub fn push(&mut self, mut content: &[u8]) -> io::Result<()> {
        while !content.is_empty() {
            let (now, later) = content.split_at(content.len().min(CONTENT - self.filled));
            self.content[self.filled..][..now.len()].copy_from_slice(now);
            self.filled += now.len();
            content = later;
            if self.filled == CONTENT {
                self.end_block()?;
            }
        }
        Ok(())
    }

    /// Fills the block begun with zeros, if one is; the number of the next.
    pub fn end_block(&mut self) -> io::Result<u64> {
        if self.filled > 0 {
            self.content[self.filled..].fill(0);
            self.inner.write_all(&self.content)?;
            self.inner
                .write_all(&sum(&self.content, self.seed, self.blocks))?;
            self.blocks += 1;
            self.filled = 0;
        }
        Ok(self.blocks)
    }

    /// Ends the last block. The writer, and the bytes of all blocks.
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        let blocks = self.end_block()?;
        Ok((self.inner, blocks * BLOCK as u64))
    }
}

/// The number of a block that is not what was written. It fits a register, which an
/// error does not: reads hand it on until somebody must be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged(pub usize);

/// Blocks that are believed only after a check.
#[derive(Clone, Copy)]
pub(super) struct Blocks<'a> {
    path: &'a Path,
    blocks: &'a [[u8; BLOCK]],
    seed: u64,
}

impl<'a> Blocks<'a> {
    /// The blocks of the file at `path`, which has these bytes. What follows the
    /// last whole block is no content.
    pub fn new(path: &'a Path, bytes: &'a [u8], seed: u64) -> Self {
        Self {
            path,
            blocks: bytes.as_chunks().0,
            seed,
        }
    }

    pub fn path(&self) -> &'a Path {
        self.path
    }

    /// The content of a block, if it is sound.
    #[inline]
    pub fn read(&self, block: usize) -> Result<&'a [u8; CONTENT], Damaged> {
        if let Some(bytes) = self.blocks.get(block) {
            let (content, wanted) = split(bytes);
            if sum(content, self.seed, block as u64) == *wanted {
                return Ok(content);
            }
        }
        Err(Damaged(block))
    }

    /// The content of a block that was checked, or will be before it is believed.
    #[inline]
    pub fn unproven(&self, block: usize) -> Option<&'a [u8; CONTENT]> {
        self.blocks.get(block).map(|bytes| split(bytes).0)
    }

    /// Asks the processor for a block, so that it comes while others are worked on.
    #[inline]
    pub fn fetch(&self, block: usize) {
        prefetch(self.blocks.as_ptr().wrapping_add(block));
    }

    /// Checks all blocks. O(file).
    pub fn check_all(&self) -> Result<(), Damaged> {
        (0..self.blocks.len()).try_for_each(|block| self.read(block).map(drop))
    }

    /// What to tell of a damaged block.
    #[cold]
    pub fn error(&self, Damaged(block): Damaged) -> StoreError {
        StoreError::Corrupt {
            path: PathBuf::from(self.path),
            block: Some(block as u64),
        }
    }
}

/// Content and checksum of a block.
#[inline]
fn split(block: &[u8; BLOCK]) -> (&[u8; CONTENT], &[u8; 8]) {
    let (content, sum) = block.split_first_chunk().expect("a block is longer");
    (content, sum.try_into().expect("eight bytes are left"))
}

/// Starts to bring a cache line near, where the processor has an order for it.
#[inline]
fn prefetch(line: *const [u8; BLOCK]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: it is a hint, which reads nothing and fails at no address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SEED: u64 = 17;

    fn written(content: &[u8], cut: usize) -> Vec<u8> {
        let mut writer = BlockWriter::new(Vec::new(), SEED);
        for piece in content.chunks(cut) {
            writer.push(piece).unwrap();
        }
        let (bytes, length) = writer.finish().unwrap();
        assert_eq!(length as usize, bytes.len());
        bytes
    }

    fn blocks(bytes: &[u8]) -> Blocks<'_> {
        Blocks::new(Path::new("values"), bytes, SEED)
    }

    proptest! {
        #[test]
        fn content_comes_back_however_it_was_written(length in 0usize..2000, cut in 1usize..700) {
            let content: Vec<u8> = (0..length).map(|i| (i * 7) as u8).collect();
            let bytes = written(&content, cut);
            let blocks = blocks(&bytes);
            blocks.check_all().unwrap();
            let mut read: Vec<u8> = Vec::new();
            for block in 0..length.div_ceil(CONTENT) {
                read.extend(blocks.read(block).unwrap());
            }
            prop_assert!(read[length..].iter().all(|&byte| byte == 0));
            prop_assert_eq!(&read[..length], &content[..]);
        }

        #[test]
        fn any_flipped_bit_is_found_in_its_block(length in 1usize..2000, at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let mut bytes = written(&vec![0xA5; length], 100);
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(blocks(&bytes).check_all(), Err(Damaged(at / BLOCK)));
        }
    }

    #[test]
    fn sound_content_in_a_wrong_place_is_found() {
        let sound = written(&[7; 3 * CONTENT], 100);
        blocks(&sound).check_all().unwrap();
        // Two blocks of one content: exchanged, only their places are wrong.
        let mut exchanged = sound.clone();
        exchanged.copy_within(0..BLOCK, BLOCK);
        assert!(blocks(&exchanged).read(0).is_ok());
        assert!(blocks(&exchanged).read(1).is_err());
        // The block of another shard or version.
        let other = Blocks::new(Path::new("values"), &sound, SEED + 1000);
        assert!((0..3).all(|block| other.read(block).is_err()));
        // A hole that a file system left: no content, no checksum.
        assert!(blocks(&[0; BLOCK]).read(0).is_err());
        assert!(blocks(&sound).read(3).is_err());
    }
}

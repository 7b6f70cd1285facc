//! Files made of blocks that carry their own checksums, so that a flipped bit is reported
//! as an error and never read as data.
//!
//! ```text
//! block:  56 bytes of content | 8 bytes of checksum: XXH3(content) + seed + block number
//! ```
//!
//! A block has the size of a cache line, so the cache miss that loads a row also loads
//! its checksum, and a read verifies little more than it needs: a point read of a count
//! verifies about four blocks. Every read verifies the blocks that it uses, so damage is
//! found even if it happens after the file was opened.
//!
//! 1. A block whose content has changed is an error.
//! 2. A block in the wrong place is an error too, although its content is intact: the
//!    checksum includes the block's number and the seed of its shard and version.
//!
//! Positions within a record count bytes of content only: the content byte `i` of a record
//! lies in its block `i / 56`. A 64-bit XXH3 guards against faulty hardware, not against
//! someone who forges data on purpose.
use super::error::ServingError;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of a block, checksum included: one cache line.
pub const BLOCK: usize = 64;
/// Bytes of content in a block. It is a multiple of 8, so an aligned 8-byte number never
/// crosses from one block into the next.
pub(super) const CONTENT: usize = BLOCK - 8;

/// Returns the checksum of a block, as it is stored after the content.
#[inline]
fn checksum(content: &[u8; CONTENT], seed: u64, block: u64) -> [u8; 8] {
    let place = seed.wrapping_add(block);
    xxh3_64(content).wrapping_add(place).to_le_bytes()
}

/// Writes a stream of content as blocks with checksums.
#[derive(Debug)]
pub(super) struct BlockWriter<W> {
    inner: W,
    /// Number that the checksums include; it identifies the shard and its version.
    seed: u64,
    /// Blocks written so far, which is also the number of the next block.
    blocks: u64,
    /// Content of the block that is being filled.
    content: [u8; CONTENT],
    /// Bytes of `content` that are filled.
    filled: usize,
}

impl<W: Write> BlockWriter<W> {
    /// Creates a writer of a file whose checksums include `seed`.
    pub fn new(inner: W, seed: u64) -> Self {
        Self {
            inner,
            seed,
            blocks: 0,
            content: [0; CONTENT],
            filled: 0,
        }
    }

    /// Appends content, and writes each block that becomes full. O(bytes).
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

    /// Fills the current block with zeros and writes it, if it holds any content. Returns
    /// the number of the next block.
    pub fn end_block(&mut self) -> io::Result<u64> {
        if self.filled > 0 {
            self.content[self.filled..].fill(0);
            self.inner.write_all(&self.content)?;
            self.inner
                .write_all(&checksum(&self.content, self.seed, self.blocks))?;
            self.blocks += 1;
            self.filled = 0;
        }
        Ok(self.blocks)
    }

    /// Writes the last block. Returns the inner writer, and the bytes of all blocks.
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        let blocks = self.end_block()?;
        Ok((self.inner, blocks * BLOCK as u64))
    }
}

/// The number of a block in which damage was found. It fits into a register, which a
/// [`ServingError`] does not, so the read functions pass it up and only the outermost one
/// turns it into an error that names the file ([`Blocks::error`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged(pub usize);

/// The blocks of a file in memory, whose checksums are verified when they are read.
#[derive(Clone, Copy)]
pub(super) struct Blocks<'a> {
    path: &'a Path,
    blocks: &'a [[u8; BLOCK]],
    seed: u64,
}

impl<'a> Blocks<'a> {
    /// Wraps the bytes of the file at `path`. Bytes after the last whole block are
    /// ignored.
    pub fn new(path: &'a Path, bytes: &'a [u8], seed: u64) -> Self {
        Self {
            path,
            blocks: bytes.as_chunks().0,
            seed,
        }
    }

    /// Returns the path of the file, for errors.
    pub fn path(&self) -> &'a Path {
        self.path
    }

    /// Returns the content of a block after verifying its checksum. A block after the end
    /// of the file is damage.
    #[inline]
    pub fn read(&self, block: usize) -> Result<&'a [u8; CONTENT], Damaged> {
        if let Some(bytes) = self.blocks.get(block) {
            let (content, wanted) = split(bytes);
            if checksum(content, self.seed, block as u64) == *wanted {
                return Ok(content);
            }
        }
        Err(Damaged(block))
    }

    /// Verifies the checksum of every block. O(bytes of the file).
    pub fn check_all(&self) -> Result<(), Damaged> {
        (0..self.blocks.len()).try_for_each(|block| self.read(block).map(drop))
    }

    /// Returns the error that names a damaged block and its file.
    #[cold]
    pub fn error(&self, Damaged(block): Damaged) -> ServingError {
        ServingError::Corrupt {
            path: PathBuf::from(self.path),
            block: Some(block as u64),
        }
    }
}

/// Splits a block into its content and its checksum.
#[inline]
fn split(block: &[u8; BLOCK]) -> (&[u8; CONTENT], &[u8; 8]) {
    let (content, sum) = block.split_first_chunk().expect("a block is longer");
    (content, sum.try_into().expect("eight bytes are left"))
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
        // All blocks have the same content, so only the place of the copy is wrong.
        let mut exchanged = sound.clone();
        exchanged.copy_within(0..BLOCK, BLOCK);
        assert!(blocks(&exchanged).read(0).is_ok());
        assert!(blocks(&exchanged).read(1).is_err());
        // A block of another shard or version.
        let other = Blocks::new(Path::new("values"), &sound, SEED + 1000);
        assert!((0..3).all(|block| other.read(block).is_err()));
        // A hole that a file system left behind: zeros, without a checksum.
        assert!(blocks(&[0; BLOCK]).read(0).is_err());
        assert!(blocks(&sound).read(3).is_err());
    }
}

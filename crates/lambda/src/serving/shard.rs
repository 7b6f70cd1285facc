//! An opened shard, which is only read.
//!
//! # Memory usage
//!
//! The index is read into memory and verified when the shard is opened, so damage to its
//! file cannot mislead a later read. The values and the shortcut are memory-mapped: the
//! operating system loads their pages when they are read, and evicts them from the page cache
//! when it needs the memory.
//!
//! # Quirks
//!
//! If a mapped file is truncated after it was opened, the next read of the missing part
//! ends the process with a signal (SIGBUS). This program never writes to the files of a
//! finished version. It does remove old versions, and those stay readable for every process
//! that has them open.
use super::blocks::Blocks;
use super::error::{Result, ServingError, io_at};
use super::shard_writer::{CHECKSUMS, INDEX, Identity, MAGIC, SEALED, SHORTCUT, VALUES};
use super::sharding::hash;
use super::shortcut::guess;
use super::url_rows::UrlRows;
use memmap2::Mmap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// One shard of one version of a store.
pub struct Shard {
    values_path: PathBuf,
    /// From a URL to the number of the first block of its record.
    index: fst::Map<Vec<u8>>,
    shortcut: Mmap,
    shortcut_path: PathBuf,
    /// The checksum that the shortcut should have.
    shortcut_checksum: u64,
    values: Mmap,
    /// Seed of the checksums in `values`.
    seed: u64,
    /// Bytes of the file `checksums`.
    checksums: u64,
    urls: u64,
    rows: u64,
}

impl std::fmt::Debug for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shard")
            .field("values", &self.values_path)
            .field("urls", &self.urls)
            .field("rows", &self.rows)
            .finish()
    }
}

impl Shard {
    /// Opens the shard in `folder`, which must be the `wanted` one.
    ///
    /// # Errors
    /// A missing file; a shard of another format, version or number; a file of another
    /// length; or an index that is damaged. The values and the shortcut are not verified.
    pub(super) fn open(folder: &Path, wanted: Identity) -> Result<Self> {
        // The file of checksums, which describes the others, verified by its own checksum.
        let [index_path, values_path, shortcut_path, checksums_path] =
            [INDEX, VALUES, SHORTCUT, CHECKSUMS].map(|name| folder.join(name));
        let checksums = fs::read(&checksums_path).map_err(io_at("read", &checksums_path))?;
        let word = |at: usize| {
            let bytes = checksums.get(at..at + 8)?;
            Some(u64::from_le_bytes(bytes.try_into().ok()?))
        };
        let body = match checksums.split_last_chunk::<8>() {
            Some((body, seal)) if xxh3_64(body).to_le_bytes() == *seal => body,
            _ => return Err(damaged(&checksums_path)),
        };

        // The identity is compared before the length, because the file of another format may
        // have another length.
        let identity = Identity {
            format: word(8).unwrap_or(0) as u32,
            shard: (word(8).unwrap_or(0) >> 32) as u32,
            version: word(16).unwrap_or(0),
        };
        if !body.starts_with(&MAGIC) || identity != wanted {
            return Err(ServingError::Format {
                path: checksums_path,
                found: format!("{identity:?}"),
                wanted: format!("{wanted:?}"),
            });
        }
        if body.len() != SEALED {
            return Err(damaged(&checksums_path));
        }
        let [
            index_bytes,
            values_bytes,
            urls,
            rows,
            shortcut_bytes,
            shortcut_checksum,
            index_sum,
        ] = [24, 32, 40, 48, 56, 64, 72].map(|at| word(at).unwrap_or(0));

        // The other files must have the lengths that were recorded, and the index its
        // checksum.
        let index = fs::read(&index_path).map_err(io_at("read", &index_path))?;
        let values = map(&values_path)?;
        let shortcut = map(&shortcut_path)?;
        for (path, bytes, wanted) in [
            (&index_path, index.len() as u64, index_bytes),
            (&values_path, values.len() as u64, values_bytes),
            (&shortcut_path, shortcut.len() as u64, shortcut_bytes),
        ] {
            if bytes != wanted {
                return Err(ServingError::Length {
                    path: path.clone(),
                    bytes,
                    wanted,
                });
            }
        }
        if xxh3_64(&index) != index_sum {
            return Err(damaged(&index_path));
        }
        let index = fst::Map::new(index).map_err(|_| damaged(&index_path))?;
        Ok(Self {
            values_path,
            index,
            shortcut,
            shortcut_path,
            shortcut_checksum,
            values,
            seed: identity.seed(),
            checksums: checksums.len() as u64,
            urls,
            rows,
        })
    }

    /// Returns the rows of a URL; `None` if the shard does not hold it. O(length of the URL).
    ///
    /// # Errors
    /// A damaged block in the head of the record.
    pub fn url<'a>(&'a self, url: &'a str) -> Result<Option<UrlRows<'a>>> {
        self.url_by_hash(url, hash(url))
    }

    /// Returns the rows of a URL whose hash is known; see [`url`](Self::url).
    #[inline]
    pub(super) fn url_by_hash<'a>(
        &'a self,
        url: &'a str,
        hash: u64,
    ) -> Result<Option<UrlRows<'a>>> {
        if let Some(block) = guess(&self.shortcut, hash)
            && let Ok(rows) = UrlRows::at(self.values(), block, url)
        {
            return Ok(Some(rows));
        }
        self.url_by_index(url)
    }

    /// Looks a URL up in the index. Called when the shortcut has no guess, when its guess was
    /// wrong, and when a block was damaged; in the last case it returns the error.
    #[cold]
    fn url_by_index<'a>(&'a self, url: &'a str) -> Result<Option<UrlRows<'a>>> {
        let Some(block) = self.index.get(url) else {
            return Ok(None);
        };
        let values = self.values();
        match UrlRows::at(values, block as usize, url) {
            Ok(rows) => Ok(Some(rows)),
            Err(damaged) => Err(values.error(damaged)),
        }
    }

    /// Returns the URLs of the shard, sorted.
    pub fn urls(&self) -> impl Iterator<Item = String> + '_ {
        use fst::Streamer;
        let mut stream = self.index.stream();
        std::iter::from_fn(move || {
            let (url, _) = stream.next()?;
            Some(String::from_utf8_lossy(url).into_owned())
        })
    }

    /// Returns the number of rows.
    pub fn row_count(&self) -> u64 {
        self.rows
    }

    /// Returns the sizes of the files in bytes: index, shortcut, values, checksums.
    pub fn bytes(&self) -> [u64; 4] {
        [
            self.index.as_fst().size() as u64,
            self.shortcut.len() as u64,
            self.values.len() as u64,
            self.checksums,
        ]
    }

    /// Verifies the shortcut and every block of the values. The index was verified when the
    /// shard was opened. O(bytes).
    ///
    /// # Errors
    /// [`ServingError::Corrupt`] for the first damage that is found.
    pub fn verify(&self) -> Result<()> {
        if xxh3_64(&self.shortcut) != self.shortcut_checksum {
            return Err(damaged(&self.shortcut_path));
        }
        let values = self.values();
        values.check_all().map_err(|damaged| values.error(damaged))
    }

    /// Returns the blocks of the values.
    fn values(&self) -> Blocks<'_> {
        Blocks::new(&self.values_path, &self.values, self.seed)
    }
}

/// Returns the error for a damaged file that has a single checksum.
fn damaged(path: &Path) -> ServingError {
    ServingError::Corrupt {
        path: path.to_owned(),
        block: None,
    }
}

/// Maps a file into memory for reading.
fn map(path: &Path) -> Result<Mmap> {
    let file = File::open(path).map_err(io_at("read", path))?;
    // SAFETY: this program never writes to the files of a finished version, so the mapped
    // bytes do not change. The section Quirks above says what happens if another program
    // does.
    unsafe { Mmap::map(&file) }.map_err(io_at("read", path))
}

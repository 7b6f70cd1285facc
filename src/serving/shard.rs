//! An opened shard: reads, and nothing but reads.
//!
//! # Memory usage
//!
//! The index is read into memory, and checked, when the shard is opened: 5 to 20
//! bytes a URL. So a disk that decays later cannot make it lead astray. Values and
//! checksums stay in their files, mapped: their memory is the page cache's, which
//! takes it back when it likes.
//!
//! # Quirks
//!
//! A file that is cut short *after* it was opened ends the process at the next
//! read of what is gone, as with any mapped file. Files of a version are never
//! written again, and a removed version lives on for those who have it open.
use super::checksum::Checked;
use super::error::{Result, StoreError, io_at};
use super::shard_writer::{CHECKSUMS, INDEX, Identity, MAGIC, PREFACE, SHORTCUT, VALUES};
use super::sharding::hash;
use super::shortcut::guess;
use super::url_rows::UrlRows;
use memmap2::Mmap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// One shard of one version.
pub struct Shard {
    values_path: PathBuf,
    index: fst::Map<Vec<u8>>,
    shortcut: Mmap,
    shortcut_path: PathBuf,
    shortcut_sum: u64,
    values: Mmap,
    checksums: Mmap,
    /// Where the sums of `values` begin and end.
    sums: (usize, usize),
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
    /// Opens the shard in `folder`, which must be the one it is taken for.
    pub(super) fn open(folder: &Path, wanted: Identity) -> Result<Self> {
        let [index_path, values_path, shortcut_path, sums_path] =
            [INDEX, VALUES, SHORTCUT, CHECKSUMS].map(|name| folder.join(name));
        let checksums = map(&sums_path)?;
        let damaged = |block: usize| StoreError::Corrupt {
            path: sums_path.clone(),
            block: block as u64,
        };
        let word = |at: usize| {
            let bytes = checksums.get(at..at + 8)?;
            Some(u64::from_le_bytes(bytes.try_into().ok()?))
        };
        let (body, seal) = checksums.split_last_chunk::<8>().ok_or(damaged(0))?;
        if xxh3_64(body).to_le_bytes() != *seal || body.len() < PREFACE {
            return Err(damaged(0));
        }
        let identity = Identity {
            format: word(8).unwrap_or(0) as u32,
            shard: (word(8).unwrap_or(0) >> 32) as u32,
            version: word(16).unwrap_or(0),
        };
        if body[..8] != MAGIC || identity != wanted {
            return Err(StoreError::Format {
                path: sums_path,
                found: format!("{identity:?}"),
                wanted: format!("{wanted:?}"),
            });
        }
        let [
            index_bytes,
            values_bytes,
            urls,
            rows,
            shortcut_bytes,
            shortcut_sum,
        ] = [24, 32, 40, 48, 56, 64].map(|at| word(at).unwrap_or(0));
        let blocks = |bytes: u64| 8 * bytes.div_ceil(super::BLOCK as u64) as usize;
        let middle = PREFACE + blocks(index_bytes);
        let end = middle + blocks(values_bytes);
        if end != body.len() {
            return Err(damaged(0));
        }

        let index = fs::read(&index_path).map_err(io_at("read", &index_path))?;
        let values = map(&values_path)?;
        let shortcut = map(&shortcut_path)?;
        for (path, bytes, wanted) in [
            (&index_path, index.len() as u64, index_bytes),
            (&values_path, values.len() as u64, values_bytes),
            (&shortcut_path, shortcut.len() as u64, shortcut_bytes),
        ] {
            if bytes != wanted {
                return Err(StoreError::Length {
                    path: path.clone(),
                    bytes,
                    wanted,
                });
            }
        }
        let checked = Checked {
            path: &index_path,
            bytes: &index,
            sums: &checksums[PREFACE..middle],
        };
        checked.check_all()?;
        let index = fst::Map::new(index).map_err(|_| StoreError::Corrupt {
            path: index_path,
            block: 0,
        })?;
        Ok(Self {
            values_path,
            index,
            shortcut,
            shortcut_path,
            shortcut_sum,
            values,
            checksums,
            sums: (middle, end),
            urls,
            rows,
        })
    }

    /// All rows of a URL; `None` if the view has none. O(length of the URL).
    pub fn url(&self, url: &str) -> Result<Option<UrlRows<'_>>> {
        self.url_by_hash(url, hash(url))
    }

    /// The same, with the hash of the URL at hand.
    #[inline]
    pub(super) fn url_by_hash(&self, url: &str, hash: u64) -> Result<Option<UrlRows<'_>>> {
        if let Some(at) = guess(&self.shortcut, hash)
            && let Ok(rows) = UrlRows::at(self.values(), at as usize, url)
        {
            return Ok(Some(rows));
        }
        // No guess, or a wrong one, or damage: the index knows which.
        match self.index.get(url) {
            Some(at) => UrlRows::at(self.values(), at as usize, url).map(Some),
            None => Ok(None),
        }
    }

    /// The URLs, in order.
    pub fn urls(&self) -> impl Iterator<Item = String> + '_ {
        use fst::Streamer;
        let mut stream = self.index.stream();
        std::iter::from_fn(move || {
            let (url, _) = stream.next()?;
            Some(String::from_utf8_lossy(url).into_owned())
        })
    }

    /// How many URLs.
    pub fn url_count(&self) -> u64 {
        self.urls
    }

    /// How many rows.
    pub fn row_count(&self) -> u64 {
        self.rows
    }

    /// Bytes of the files: index, shortcut, values, checksums.
    pub fn bytes(&self) -> [u64; 4] {
        [
            self.index.as_fst().size() as u64,
            self.shortcut.len() as u64,
            self.values.len() as u64,
            self.checksums.len() as u64,
        ]
    }

    /// Checks every block of the values, and the shortcut. O(bytes).
    pub fn verify(&self) -> Result<()> {
        if xxh3_64(&self.shortcut) != self.shortcut_sum {
            return Err(StoreError::Corrupt {
                path: self.shortcut_path.clone(),
                block: 0,
            });
        }
        self.values().check_all()
    }

    fn values(&self) -> Checked<'_> {
        Checked {
            path: &self.values_path,
            bytes: &self.values,
            sums: &self.checksums[self.sums.0..self.sums.1],
        }
    }
}

fn map(path: &Path) -> Result<Mmap> {
    let file = File::open(path).map_err(io_at("read", path))?;
    // SAFETY: the files of a version are never written after its swap; see Quirks.
    unsafe { Mmap::map(&file) }.map_err(io_at("read", path))
}

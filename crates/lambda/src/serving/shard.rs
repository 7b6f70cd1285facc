//! An opened shard: reads, and nothing but reads.
//!
//! # Memory usage
//!
//! The index is read into memory, and checked, when the shard is opened: 5 to 20
//! bytes a URL. So a disk that decays later cannot make it lead astray. Values, with
//! their checksums, and the shortcut stay in their files, mapped: their memory is
//! the page cache's, which takes it back when it likes.
//!
//! # Quirks
//!
//! A file that is cut short *after* it was opened ends the process at the next
//! read of what is gone, as with any mapped file. Files of a version are never
//! written again, and a removed version lives on for those who have it open.
use super::blocks::Blocks;
use super::error::{Result, StoreError, io_at};
use super::scan::Scan;
use super::shard_writer::{CHECKSUMS, INDEX, Identity, MAGIC, SEALED, SHORTCUT, VALUES};
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
    /// Of the checksums of `values`.
    seed: u64,
    /// Bytes of the file of checksums.
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
    /// Opens the shard in `folder`, which must be the one it is taken for.
    pub(super) fn open(folder: &Path, wanted: Identity) -> Result<Self> {
        let [index_path, values_path, shortcut_path, sums_path] =
            [INDEX, VALUES, SHORTCUT, CHECKSUMS].map(|name| folder.join(name));
        let checksums = fs::read(&sums_path).map_err(io_at("read", &sums_path))?;
        let word = |at: usize| {
            let bytes = checksums.get(at..at + 8)?;
            Some(u64::from_le_bytes(bytes.try_into().ok()?))
        };
        let body = match checksums.split_last_chunk::<8>() {
            Some((body, seal)) if xxh3_64(body).to_le_bytes() == *seal => body,
            _ => return Err(damaged(&sums_path)),
        };
        // Before its length, which another format may change.
        let identity = Identity {
            format: word(8).unwrap_or(0) as u32,
            shard: (word(8).unwrap_or(0) >> 32) as u32,
            version: word(16).unwrap_or(0),
        };
        if !body.starts_with(&MAGIC) || identity != wanted {
            return Err(StoreError::Format {
                path: sums_path,
                found: format!("{identity:?}"),
                wanted: format!("{wanted:?}"),
            });
        }
        if body.len() != SEALED {
            return Err(damaged(&sums_path));
        }
        let [
            index_bytes,
            values_bytes,
            urls,
            rows,
            shortcut_bytes,
            shortcut_sum,
            index_sum,
        ] = [24, 32, 40, 48, 56, 64, 72].map(|at| word(at).unwrap_or(0));

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
        if xxh3_64(&index) != index_sum {
            return Err(damaged(&index_path));
        }
        let index = fst::Map::new(index).map_err(|_| damaged(&index_path))?;
        Ok(Self {
            values_path,
            index,
            shortcut,
            shortcut_path,
            shortcut_sum,
            values,
            seed: identity.seed(),
            checksums: checksums.len() as u64,
            urls,
            rows,
        })
    }

    /// All rows of a URL; `None` if the view has none. O(length of the URL).
    pub fn url<'a>(&'a self, url: &'a str) -> Result<Option<UrlRows<'a>>> {
        self.url_by_hash(url, hash(url))
    }

    /// The same, with the hash of the URL at hand.
    #[inline]
    pub(super) fn url_by_hash<'a>(
        &'a self,
        url: &'a str,
        hash: u64,
    ) -> Result<Option<UrlRows<'a>>> {
        if let Some(guess) = guess(&self.shortcut, hash)
            && let Ok(rows) = UrlRows::at(self.values(), guess.start, url)
        {
            return Ok(Some(rows));
        }
        self.url_by_index(url)
    }

    /// The sum over a plan, with the hash of the URL at hand; `None` for a URL that
    /// the view does not hold.
    #[inline]
    pub(super) fn sum_by_hash(&self, url: &str, hash: u64, plan: &[Scan]) -> Result<Option<i64>> {
        if let Some(guess) = guess(&self.shortcut, hash) {
            let values = self.values();
            for block in guess.ends() {
                values.fetch(block);
            }
            if let Ok(rows) = UrlRows::unproven(values, guess.start, url)
                && let Ok(sum) = rows.sum_while(plan, || rows.check_head())
            {
                return Ok(Some(sum));
            }
        }
        match self.url_by_index(url)? {
            Some(rows) => rows.sum_over(plan).map(Some),
            None => Ok(None),
        }
    }

    /// No guess, or a wrong one, or damage: the index knows which.
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
            self.checksums,
        ]
    }

    /// Checks every block of the values, and the shortcut. O(bytes).
    pub fn verify(&self) -> Result<()> {
        if xxh3_64(&self.shortcut) != self.shortcut_sum {
            return Err(damaged(&self.shortcut_path));
        }
        let values = self.values();
        values.check_all().map_err(|damaged| values.error(damaged))
    }

    fn values(&self) -> Blocks<'_> {
        Blocks::new(&self.values_path, &self.values, self.seed)
    }
}

/// A small file, which has one checksum, is not what was written.
fn damaged(path: &Path) -> StoreError {
    StoreError::Corrupt {
        path: path.to_owned(),
        block: None,
    }
}

fn map(path: &Path) -> Result<Mmap> {
    let file = File::open(path).map_err(io_at("read", path))?;
    // SAFETY: the files of a version are never written after its swap; see Quirks.
    unsafe { Mmap::map(&file) }.map_err(io_at("read", path))
}

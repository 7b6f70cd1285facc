//! A shard on its way to the disk: four files, written once, front to back.
//!
//! | file | holds |
//! |---|---|
//! | `index.fst` | URL -> where its record begins in `values`; a finite state transducer, which can only be built from sorted keys, as a whole |
//! | `shortcut` | a [guess](super::shortcut) at the same, faster |
//! | `values` | one [record](super::record) a URL, sorted by URL, in [blocks](super::blocks) that carry their checksums |
//! | `checksums` | what the shard is, how long the files are, the checksums of the first two |
use super::blocks::{BlockWriter, CONTENT};
use super::error::{Result, StoreError, io_at};
use super::record::{self, Rows};
use super::sharding::hash;
use super::shortcut::{self, Guess};
use super::values::ValueKind;
use crate::faults::World;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

pub(super) const INDEX: &str = "index.fst";
pub(super) const VALUES: &str = "values";
pub(super) const SHORTCUT: &str = "shortcut";
pub(super) const CHECKSUMS: &str = "checksums";
/// The first bytes of `checksums`.
pub(super) const MAGIC: [u8; 8] = *b"LWSHARD\n";
/// Bytes of `checksums`, less their own checksum, which follows them.
pub(super) const SEALED: usize = 80;

/// A file whose every write is announced to the world.
#[derive(Debug)]
pub(super) struct Out {
    file: File,
    world: Arc<dyn World>,
}

impl Out {
    pub fn create(path: &Path, world: &Arc<dyn World>) -> Result<BufWriter<Self>> {
        let file = File::create_new(path).map_err(io_at("make", path))?;
        let world = Arc::clone(world);
        Ok(BufWriter::with_capacity(1 << 16, Self { file, world }))
    }

    /// Writes `bytes` as a whole file and puts it on the disk.
    pub fn whole(path: &Path, bytes: &[u8], world: &Arc<dyn World>) -> Result<()> {
        let mut out = Self::create(path, world)?;
        out.write_all(bytes).map_err(io_at("write", path))?;
        Self::settle(out).map_err(io_at("write", path))
    }

    fn settle(mut out: BufWriter<Self>) -> io::Result<()> {
        out.flush()?;
        out.get_ref().file.sync_all()
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.world.writing(bytes.len())?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Sums what passes through.
struct Summing<W> {
    inner: W,
    sum: Xxh3Default,
    bytes: u64,
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sum.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Which shard this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub format: u32,
    pub version: u64,
    pub shard: u32,
}

impl Identity {
    /// The seed of the checksums of its values: another for each shard and version.
    pub fn seed(self) -> u64 {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&self.format.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.shard.to_le_bytes());
        bytes[8..].copy_from_slice(&self.version.to_le_bytes());
        xxh3_64(&bytes)
    }
}

pub(super) struct ShardWriter {
    folder: PathBuf,
    identity: Identity,
    kind: ValueKind,
    index: fst::MapBuilder<Summing<BufWriter<Out>>>,
    values: BlockWriter<BufWriter<Out>>,
    world: Arc<dyn World>,
    record: Vec<u8>,
    /// The hash of each URL, and where its record is.
    places: Vec<(u64, Guess)>,
    urls: u64,
    rows: u64,
}

impl ShardWriter {
    /// Makes the files in `folder`, which is there.
    pub fn create(
        folder: PathBuf,
        identity: Identity,
        kind: ValueKind,
        world: &Arc<dyn World>,
    ) -> Result<Self> {
        let index = Summing {
            inner: Out::create(&folder.join(INDEX), world)?,
            sum: Xxh3Default::new(),
            bytes: 0,
        };
        let values = Out::create(&folder.join(VALUES), world)?;
        let at = folder.join(INDEX);
        Ok(Self {
            identity,
            kind,
            index: fst::MapBuilder::new(index).map_err(refused(&at))?,
            values: BlockWriter::new(values, identity.seed()),
            world: Arc::clone(world),
            record: Vec::new(),
            places: Vec::new(),
            urls: 0,
            rows: 0,
            folder,
        })
    }

    /// Appends all rows of a URL that sorts after those before. O(rows).
    pub fn push(&mut self, url: &str, rows: &[Rows]) -> Result<()> {
        let short = record::encode(url, rows, self.kind, &mut self.record)?;
        let path = self.folder.join(VALUES);
        let at = self.values.end_block().map_err(io_at("write", &path))?;
        self.values
            .push(&self.record)
            .map_err(io_at("write", &path))?;
        self.index
            .insert(url, at)
            .map_err(refused(&self.folder.join(INDEX)))?;
        let guess = Guess {
            start: at as usize,
            short: short / CONTENT,
            blocks: self.record.len().div_ceil(CONTENT),
        };
        self.places.push((hash(url), guess));
        self.urls += 1;
        self.rows += rows.iter().map(|rows| rows.ts.len() as u64).sum::<u64>();
        Ok(())
    }

    /// Completes the files and puts them on the disk. The rows and bytes.
    pub fn finish(self) -> Result<(u64, u64, u64)> {
        let [index, values, shortcut, checksums] =
            [INDEX, VALUES, SHORTCUT, CHECKSUMS].map(|name| self.folder.join(name));
        let summed = self.index.into_inner().map_err(refused(&index))?;
        let (index_bytes, index_sum) = (summed.bytes, summed.sum.digest());
        Out::settle(summed.inner).map_err(io_at("write", &index))?;
        let finished = self.values.finish().and_then(|(out, bytes)| {
            Out::settle(out)?;
            Ok(bytes)
        });
        let values_bytes = finished.map_err(io_at("write", &values))?;
        let table = shortcut::table(&self.places);
        Out::whole(&shortcut, &table, &self.world)?;

        let mut bytes = Vec::with_capacity(SEALED + 8);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.identity.format.to_le_bytes());
        bytes.extend_from_slice(&self.identity.shard.to_le_bytes());
        for word in [
            self.identity.version,
            index_bytes,
            values_bytes,
            self.urls,
            self.rows,
            table.len() as u64,
            xxh3_64(&table),
            index_sum,
        ] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        debug_assert_eq!(bytes.len(), SEALED);
        bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
        Out::whole(&checksums, &bytes, &self.world)?;
        let all = index_bytes + values_bytes + (table.len() + bytes.len()) as u64;
        Ok((self.urls, self.rows, all))
    }
}

/// What the index refuses can only be the disk's fault: the rows are in order.
fn refused(path: &Path) -> impl FnOnce(fst::Error) -> StoreError {
    let path = path.to_owned();
    move |error| match error {
        fst::Error::Io(source) => io_at("write", &path)(source),
        other => io_at("write", &path)(io::Error::other(other)),
    }
}

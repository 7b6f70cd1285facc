//! Writes a shard: four files, each written once, from front to back.
//!
//! | file | contents |
//! |---|---|
//! | `index.fst` | for each URL the block of `values` at which its record begins; a finite state transducer (crate `fst`), which is built as a whole from sorted keys |
//! | `shortcut` | the same as a [hash table](super::shortcut) of hints, which is faster to read |
//! | `values` | one [record](super::record) for each URL, sorted by URL, in [blocks](super::blocks) that carry their checksums |
//! | `checksums` | the identity of the shard, the lengths of the other files, and the checksums of the first two |
use super::blocks::BlockWriter;
use super::error::{Result, ServingError, io_at};
use super::record::{self, Rows};
use super::sharding::hash;
use super::shortcut;
use super::values::ValueKind;
use crate::faults::{CrashPoint, Faults};
use crate::versions::VersionStep;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

/// Name of the index.
pub(super) const INDEX: &str = "index.fst";
/// Name of the file of records.
pub(super) const VALUES: &str = "values";
/// Name of the shortcut.
pub(super) const SHORTCUT: &str = "shortcut";
/// Name of the file that describes the shard.
pub(super) const CHECKSUMS: &str = "checksums";
/// The first bytes of `checksums`, by which the file is recognised.
pub(super) const MAGIC: [u8; 8] = *b"LWSHARD\n";
/// Bytes of `checksums` without the last eight, which are the checksum of all others.
pub(super) const SEALED: usize = 80;

/// A file that asks the faults before every write.
#[derive(Debug)]
pub(super) struct Out {
    file: File,
    faults: Arc<dyn Faults<VersionStep>>,
}

impl Out {
    /// Makes the file at `path`, which must not exist yet, with a buffer of 64 KiB.
    pub fn create(path: &Path, faults: &Arc<dyn Faults<VersionStep>>) -> Result<BufWriter<Self>> {
        let file = File::create_new(path).map_err(io_at("make", path))?;
        let faults = Arc::clone(faults);
        Ok(BufWriter::with_capacity(1 << 16, Self { file, faults }))
    }

    /// Writes a file that holds `bytes`, and flushes it to the disk.
    pub fn whole(path: &Path, bytes: &[u8], faults: &Arc<dyn Faults<VersionStep>>) -> Result<()> {
        let mut out = Self::create(path, faults)?;
        out.write_all(bytes).map_err(io_at("write", path))?;
        Self::settle(out).map_err(io_at("write", path))
    }

    /// Writes out the buffer, and flushes the file to the disk.
    fn settle(mut out: BufWriter<Self>) -> io::Result<()> {
        out.flush()?;
        out.get_ref().file.sync_all()
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let point = CrashPoint::before(VersionStep::WriteBytes);
        self.faults.reached(point)?;
        self.faults.writing(bytes.len())?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A writer that computes the checksum and the length of what is written through it.
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

/// The identity of a shard. It is part of the file `checksums` and of every checksum in
/// `values`, so that a file cannot be taken for that of another shard or version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// The file format, [`FORMAT`](super::FORMAT).
    pub format: u32,
    /// The number of the version.
    pub version: u64,
    /// The number of the shard, counted from 0.
    pub shard: u32,
}

impl Identity {
    /// Returns the seed of the checksums in `values`, which differs between shards and
    /// versions.
    pub fn seed(self) -> u64 {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&self.format.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.shard.to_le_bytes());
        bytes[8..].copy_from_slice(&self.version.to_le_bytes());
        xxh3_64(&bytes)
    }
}

/// The files of a shard that are being written.
pub(super) struct ShardWriter {
    folder: PathBuf,
    identity: Identity,
    kind: ValueKind,
    index: fst::MapBuilder<Summing<BufWriter<Out>>>,
    values: BlockWriter<BufWriter<Out>>,
    faults: Arc<dyn Faults<VersionStep>>,
    /// Buffer for the record of one URL.
    record: Vec<u8>,
    /// The hash of each URL and the first block of its record, for the shortcut.
    places: Vec<(u64, u64)>,
    urls: u64,
    rows: u64,
}

impl ShardWriter {
    /// Makes the files `index.fst` and `values` in `folder`, which must exist.
    pub fn create(
        folder: PathBuf,
        identity: Identity,
        kind: ValueKind,
        faults: &Arc<dyn Faults<VersionStep>>,
    ) -> Result<Self> {
        let index = Summing {
            inner: Out::create(&folder.join(INDEX), faults)?,
            sum: Xxh3Default::new(),
            bytes: 0,
        };
        let values = Out::create(&folder.join(VALUES), faults)?;
        let at = folder.join(INDEX);
        Ok(Self {
            identity,
            kind,
            index: fst::MapBuilder::new(index).map_err(refused(&at))?,
            values: BlockWriter::new(values, identity.seed()),
            faults: Arc::clone(faults),
            record: Vec::new(),
            places: Vec::new(),
            urls: 0,
            rows: 0,
            folder,
        })
    }

    /// Appends the rows of a URL, which must sort after all URLs before. O(rows).
    ///
    /// # Errors
    /// A record that is too long, or a file that cannot be written.
    pub fn push(&mut self, url: &str, rows: &[Rows]) -> Result<()> {
        // The record, which begins with a new block.
        record::encode(url, rows, self.kind, &mut self.record)?;
        let path = self.folder.join(VALUES);
        let at = self.values.end_block().map_err(io_at("write", &path))?;
        self.values
            .push(&self.record)
            .map_err(io_at("write", &path))?;

        // Its place, in the index and for the shortcut.
        self.index
            .insert(url, at)
            .map_err(refused(&self.folder.join(INDEX)))?;
        self.places.push((hash(url), at));
        self.urls += 1;
        self.rows += rows.iter().map(|rows| rows.ts.len() as u64).sum::<u64>();
        Ok(())
    }

    /// Completes the four files and flushes them to the disk. Returns the numbers of URLs, rows
    /// and bytes.
    pub fn finish(self) -> Result<(u64, u64, u64)> {
        let [index, values, shortcut, checksums] =
            [INDEX, VALUES, SHORTCUT, CHECKSUMS].map(|name| self.folder.join(name));

        // The three files of data.
        let summed = self.index.into_inner().map_err(refused(&index))?;
        let (index_bytes, index_sum) = (summed.bytes, summed.sum.digest());
        Out::settle(summed.inner).map_err(io_at("write", &index))?;
        let finished = self.values.finish().and_then(|(out, bytes)| {
            Out::settle(out)?;
            Ok(bytes)
        });
        let values_bytes = finished.map_err(io_at("write", &values))?;
        let table = shortcut::table(&self.places);
        Out::whole(&shortcut, &table, &self.faults)?;

        // The file that describes them.
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
        Out::whole(&checksums, &bytes, &self.faults)?;
        let all = index_bytes + values_bytes + (table.len() + bytes.len()) as u64;
        Ok((self.urls, self.rows, all))
    }
}

/// Returns a function that turns an error of the index into an I/O error. The builder has
/// checked the order of the URLs, so only the disk can refuse.
fn refused(path: &Path) -> impl FnOnce(fst::Error) -> ServingError {
    let path = path.to_owned();
    move |error| match error {
        fst::Error::Io(source) => io_at("write", &path)(source),
        other => io_at("write", &path)(io::Error::other(other)),
    }
}

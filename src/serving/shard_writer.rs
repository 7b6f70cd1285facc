//! A shard on its way to the disk: four files, written once, front to back.
//!
//! | file | holds |
//! |---|---|
//! | `index.fst` | URL -> where its record begins in `values`; a finite state transducer, which can only be built from sorted keys, as a whole |
//! | `shortcut` | a [guess](super::shortcut) at the same, faster |
//! | `values` | one [record](super::record) a URL, sorted by URL |
//! | `checksums` | what the shard is, how long the files are, a checksum for each block |
use super::checksum::{BLOCK, Summing};
use super::error::{Result, StoreError, io_at};
use super::record::{self, Rows};
use super::sharding::hash;
use super::shortcut;
use super::values::ValueKind;
use super::world::World;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

pub(super) const INDEX: &str = "index.fst";
pub(super) const VALUES: &str = "values";
pub(super) const SHORTCUT: &str = "shortcut";
pub(super) const CHECKSUMS: &str = "checksums";
/// The first bytes of `checksums`.
pub(super) const MAGIC: [u8; 8] = *b"LWSHARD\n";
/// Bytes of `checksums` before the first sum.
pub(super) const PREFACE: usize = 72;

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

/// Which shard this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub format: u32,
    pub version: u64,
    pub shard: u32,
}

pub(super) struct ShardWriter {
    folder: PathBuf,
    identity: Identity,
    kind: ValueKind,
    index: fst::MapBuilder<Summing<BufWriter<Out>>>,
    values: Summing<BufWriter<Out>>,
    world: Arc<dyn World>,
    record: Vec<u8>,
    /// Hash and place of every record.
    places: Vec<(u64, u64)>,
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
        let index = Summing::new(Out::create(&folder.join(INDEX), world)?);
        let values = Summing::new(Out::create(&folder.join(VALUES), world)?);
        let at = folder.join(INDEX);
        Ok(Self {
            identity,
            kind,
            index: fst::MapBuilder::new(index).map_err(refused(&at))?,
            values,
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
        record::encode(url, rows, self.kind, &mut self.record);
        let head = record::head_length(url, rows.len());
        let at = self.start_for(head);
        let padding = at - self.values.bytes();
        let path = self.folder.join(VALUES);
        io::copy(
            &mut io::Read::take(io::repeat(0), padding),
            &mut self.values,
        )
        .and_then(|_| self.values.write_all(&self.record))
        .map_err(io_at("write", &path))?;
        self.index
            .insert(url, at)
            .map_err(refused(&self.folder.join(INDEX)))?;
        self.places.push((hash(url), at));
        self.urls += 1;
        self.rows += rows.iter().map(|rows| rows.ts.len() as u64).sum::<u64>();
        Ok(())
    }

    /// Where a record may begin: aligned, and its head in one block if it fits,
    /// so that a read checks one block for it.
    fn start_for(&self, head: usize) -> u64 {
        let at = self.values.bytes().next_multiple_of(8);
        let block = BLOCK as u64;
        if head <= BLOCK && at % block + head as u64 > block {
            at.next_multiple_of(block)
        } else {
            at
        }
    }

    /// Completes the files and puts them on the disk. The rows and bytes.
    pub fn finish(self) -> Result<(u64, u64, u64)> {
        let [index, values, shortcut, checksums] =
            [INDEX, VALUES, SHORTCUT, CHECKSUMS].map(|name| self.folder.join(name));
        let summing = self.index.into_inner().map_err(refused(&index))?;
        let (out, index_bytes, index_sums) = summing.finish();
        Out::settle(out).map_err(io_at("write", &index))?;
        let (out, values_bytes, values_sums) = self.values.finish();
        Out::settle(out).map_err(io_at("write", &values))?;
        let table = shortcut::table(&self.places);
        Out::whole(&shortcut, &table, &self.world)?;

        let sums = index_sums.len() + values_sums.len() + 1;
        let mut bytes = Vec::with_capacity(PREFACE + 8 * sums);
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
        ] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        debug_assert_eq!(bytes.len(), PREFACE);
        bytes.extend(index_sums.iter().flat_map(|sum| sum.to_le_bytes()));
        bytes.extend(values_sums.iter().flat_map(|sum| sum.to_le_bytes()));
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

//! Files of rows for the [index design](super::index_design), and reads that count what they
//! touch.
//!
//! Blocks are read past the page cache where the system allows it (Linux: `O_DIRECT`), so
//! that each read goes to the device. Where it does not (a file system in memory), the cached
//! blocks of the file are dropped before each query. What a device or a host keeps in memory
//! of its own cannot be dropped from here.
use super::index_layout::block_runs;
use lambda::serving::{Result, ServingError, io_at};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Bytes of a disk block, the least that a disk reads.
pub const DISK_BLOCK: usize = 4096;
/// Bytes of a row: the number of the URL, ts, count, and eight bytes of other columns.
pub const ROW: usize = 32;

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub url: u64,
    pub ts: i64,
    pub count: i64,
}

impl Row {
    fn encode(&self) -> [u8; ROW] {
        let mut bytes = [0; ROW];
        bytes[..8].copy_from_slice(&self.url.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.ts.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.count.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Self {
        let word = |at: usize| bytes[at..at + 8].try_into().expect("eight bytes of a row");
        Self {
            url: u64::from_le_bytes(word(0)),
            ts: i64::from_le_bytes(word(8)),
            count: i64::from_le_bytes(word(16)),
        }
    }
}

/// What reading cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadCost {
    /// Rows that were asked for.
    pub rows: u64,
    /// Reads of a block that does not follow the block before it.
    pub seeks: u64,
    /// Blocks of [`DISK_BLOCK`] bytes.
    pub blocks: u64,
    /// Bytes of these blocks.
    pub bytes: u64,
    /// The time that the reads took.
    pub time: Duration,
}

/// How blocks are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// From the device, past the page cache.
    Direct,
    /// Through the page cache, which is dropped before each query.
    CacheDropped,
}

impl How {
    /// Returns the name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct reads",
            Self::CacheDropped => "page cache dropped",
        }
    }
}

/// A file of rows, opened for reads that are counted.
#[derive(Debug)]
pub(super) struct RowsFile {
    path: PathBuf,
    file: File,
    pub how: How,
}

impl RowsFile {
    /// Writes `rows`, padded to whole blocks, and puts them on the disk.
    pub fn write(path: &Path, rows: impl Iterator<Item = Row>) -> Result<()> {
        let write = || {
            let mut out = BufWriter::with_capacity(1 << 18, File::create(path)?);
            let mut bytes = 0;
            for row in rows {
                out.write_all(&row.encode())?;
                bytes += ROW;
            }
            let padding = bytes.next_multiple_of(DISK_BLOCK) - bytes;
            out.write_all(&vec![0; padding])?;
            out.into_inner()?.sync_all()
        };
        write().map_err(io_at("write", path))
    }

    pub fn open(path: &Path) -> Result<Self> {
        let opened = |file: File, how| {
            Ok(Self {
                path: path.to_owned(),
                file,
                how,
            })
        };
        if let Some(file) = open_direct(path) {
            return opened(file, How::Direct);
        }
        let file = File::open(path).map_err(io_at("read", path))?;
        opened(file, How::CacheDropped)
    }

    /// Reads the rows at these positions, which are in order. A block that holds several of
    /// them is read once, and neighbouring blocks with one call.
    pub fn read(&self, positions: &[u64]) -> Result<(Vec<Row>, ReadCost)> {
        self.forget()?;
        let mut cost = ReadCost {
            rows: positions.len() as u64,
            ..ReadCost::default()
        };
        let mut rows = Vec::with_capacity(positions.len());
        // Room to start at a multiple of a block, as direct reads must.
        let mut room = Vec::new();
        let mut wanted = positions.iter().peekable();
        let started = Instant::now();
        for run in block_runs(positions, (DISK_BLOCK / ROW) as u64) {
            let (first, last) = (run.start as usize, run.end as usize);
            let length = (last - first) * DISK_BLOCK;
            room.resize(length + DISK_BLOCK, 0u8);
            let skip = room.as_ptr().align_offset(DISK_BLOCK).min(DISK_BLOCK);
            let buffer = &mut room[skip..skip + length];
            read_at(&self.file, buffer, (first * DISK_BLOCK) as u64)
                .map_err(io_at("read", &self.path))?;
            cost.seeks += 1;
            cost.blocks += run.end - run.start;
            cost.bytes += length as u64;
            while let Some(position) = wanted.next_if(|&&p| (p as usize) < last * DISK_BLOCK / ROW)
            {
                let at = *position as usize * ROW - first * DISK_BLOCK;
                rows.push(Row::decode(&buffer[at..at + ROW]));
            }
        }
        cost.time = started.elapsed();
        Ok((rows, cost))
    }

    /// Drops what the system has cached of the file.
    fn forget(&self) -> Result<()> {
        #[cfg(target_os = "linux")]
        if self.how == How::CacheDropped {
            rustix::fs::fadvise(&self.file, 0, None, rustix::fs::Advice::DontNeed)
                .map_err(|error| -> ServingError { io_at("read", &self.path)(error.into()) })?;
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn open_direct(path: &Path) -> Option<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flag = rustix::fs::OFlags::DIRECT.bits().cast_signed();
    let file = File::options()
        .read(true)
        .custom_flags(flag)
        .open(path)
        .ok()?;
    // Some file systems refuse only the read.
    let mut room = vec![0; 2 * DISK_BLOCK];
    let skip = room.as_ptr().align_offset(DISK_BLOCK).min(DISK_BLOCK);
    let has_block = file.metadata().ok()?.len() >= DISK_BLOCK as u64;
    (!has_block || read_at(&file, &mut room[skip..skip + DISK_BLOCK], 0).is_ok()).then_some(file)
}

#[cfg(not(target_os = "linux"))]
fn open_direct(_path: &Path) -> Option<File> {
    None
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, at)
}

#[cfg(not(unix))]
fn read_at(mut file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(buffer)
}

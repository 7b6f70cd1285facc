//! The temporary files of a run.

use crate::engine::EngineError;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Where a run puts what does not fit into memory.
#[derive(Debug, Clone)]
pub struct Scratch {
    folder: PathBuf,
    is_kept: bool,
}

impl Scratch {
    /// Creates files without a name. The operating system removes them when the process ends, also
    /// by a crash.
    pub fn nameless(folder: &Path) -> Self {
        Scratch {
            folder: folder.to_owned(),
            is_kept: false,
        }
    }

    /// Creates files with a name, with which a later process can go on.
    pub fn kept(folder: &Path) -> Self {
        Scratch {
            folder: folder.to_owned(),
            is_kept: true,
        }
    }

    /// Returns the folder of the files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Opens a file to be read and written. A kept one is opened as it is.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn file(&self, name: &str) -> Result<File, EngineError> {
        let file = match self.is_kept {
            false => tempfile::tempfile_in(&self.folder),
            true => File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(self.folder.join(name)),
        };
        file.map_err(EngineError::io(&self.folder, "writing a temporary file"))
    }
}

/// Words of 8 bytes, read one stretch after another.
pub struct Words {
    path: PathBuf,
    file: BufReader<File>,
}

impl Words {
    /// Reads a file from its begin.
    pub fn of(path: PathBuf, file: File) -> Self {
        let file = BufReader::with_capacity(1 << 20, file);
        Words { path, file }
    }

    /// Returns the next words.
    ///
    /// # Errors
    /// If there are fewer, or the disk refuses.
    pub fn next(&mut self, words: usize) -> Result<Vec<u64>, EngineError> {
        let mut bytes = vec![0; words * 8];
        let read = self.file.read_exact(&mut bytes);
        read.map_err(EngineError::io(&self.path, "reading"))?;
        let (chunks, _) = bytes.as_chunks::<8>();
        Ok(chunks
            .iter()
            .map(|word| u64::from_le_bytes(*word))
            .collect())
    }
}

//! A Parquet file of a view, written in batches of rows.
use crate::engine::EngineError;
use polars::prelude::*;
use polars_io::parquet::write::{
    BatchedWriter, ParquetCompression, ParquetWriter, StatisticsOptions,
};
use std::fs::File;
use std::path::{Path, PathBuf};

/// A file that is being written.
pub struct ParquetFile {
    path: PathBuf,
    writer: BatchedWriter<File>,
    file: File,
    /// Number of rows written.
    pub written: u64,
}

impl ParquetFile {
    /// Creates the file, with these columns.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn create<const N: usize>(
        path: &Path,
        columns: [(&str, DataType); N],
        statistics: StatisticsOptions,
    ) -> Result<Self, EngineError> {
        let io = || EngineError::io(path, "writing");
        let file = File::create(path).map_err(io())?;
        let columns = columns.map(|(name, kind)| Field::new(name.into(), kind));
        let writer = ParquetWriter::new(file.try_clone().map_err(io())?)
            .with_compression(ParquetCompression::Snappy)
            .with_statistics(statistics)
            .batched(&Schema::from_iter(columns))
            .map_err(EngineError::parquet(path, "writing"))?;
        Ok(Self {
            path: path.to_owned(),
            writer,
            file,
            written: 0,
        })
    }

    /// Writes a batch of rows.
    ///
    /// # Errors
    /// If it cannot be made, or not be written.
    pub fn write(&mut self, rows: PolarsResult<DataFrame>) -> Result<(), EngineError> {
        let parquet = || EngineError::parquet(&self.path, "writing");
        let rows = rows.map_err(parquet())?;
        self.writer.write_batch(&rows).map_err(parquet())?;
        self.written += rows.height() as u64;
        Ok(())
    }

    /// Ends the file, and returns the number of rows when it is on the disk.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(self) -> Result<u64, EngineError> {
        let parquet = EngineError::parquet(&self.path, "writing");
        self.writer.finish().map_err(parquet)?;
        let synced = self.file.sync_all();
        synced.map_err(EngineError::io(&self.path, "writing"))?;
        Ok(self.written)
    }
}

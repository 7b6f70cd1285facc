//! A Parquet file of a view, written in batches of rows.
use crate::engine::EngineError;
use crate::row_groups::{ColumnValues, RowGroupWriter};
use polars::prelude::*;
use polars_io::parquet::write::StatisticsOptions;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A file that is being written.
pub struct ParquetFile {
    path: PathBuf,
    writer: RowGroupWriter<File>,
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
        let sink = file.try_clone().map_err(io())?;
        let writer = RowGroupWriter::new(sink, &columns, statistics)
            .map_err(EngineError::parquet(path, "writing"))?;
        Ok(Self {
            path: path.to_owned(),
            writer,
            file,
            written: 0,
        })
    }

    /// Writes a batch of rows as a row group: the values of all columns, in their order.
    ///
    /// # Errors
    /// If it cannot be made, or not be written.
    pub fn write(
        &mut self,
        rows: usize,
        columns: PolarsResult<Vec<ColumnValues>>,
    ) -> Result<(), EngineError> {
        columns
            .and_then(|columns| self.writer.write(rows, columns))
            .map_err(EngineError::parquet(&self.path, "writing"))?;
        self.written += rows as u64;
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

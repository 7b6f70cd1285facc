//! Writes a view of page views as a Parquet file, row by row.
use crate::engine::EngineError;
use polars::prelude::*;
use polars_io::parquet::write::{BatchedWriter, ParquetCompression, ParquetWriter};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Number of rows that are converted to columns and written at once.
pub const ROWS: usize = 1 << 18;

/// A row of a view of page views: (rank of the URL, index of the label, ts, count).
pub type CountRow = (u32, usize, i64, i64);

/// Writes a view of page views, whose rows come in the order of URL, label and time.
pub struct CountsWriter<'a> {
    path: PathBuf,
    writer: BatchedWriter<File>,
    file: File,
    /// The name of the column of labels.
    label: &'static str,
    labels: Vec<&'a str>,
    /// Rows that are not written yet.
    pending: Vec<CountRow>,
    /// Number of rows written.
    written: u64,
}

impl<'a> CountsWriter<'a> {
    /// Creates the file. `label` is the name of the column of `labels`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn create(
        path: &Path,
        label: &'static str,
        labels: Vec<&'a str>,
    ) -> Result<Self, EngineError> {
        let io = || EngineError::io(path, "writing");
        let file = File::create(path).map_err(io())?;
        let schema = Schema::from_iter([
            Field::new("url".into(), DataType::String),
            Field::new(label.into(), DataType::String),
            Field::new("ts".into(), DataType::Int64),
            Field::new("count".into(), DataType::Int64),
        ]);
        let writer = ParquetWriter::new(file.try_clone().map_err(io())?)
            .with_compression(ParquetCompression::Snappy)
            .batched(&schema)
            .map_err(EngineError::parquet(path, "writing"))?;
        Ok(Self {
            path: path.to_owned(),
            writer,
            file,
            label,
            labels,
            pending: Vec::new(),
            written: 0,
        })
    }

    /// Adds rows, which come after all before.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn push(
        &mut self,
        urls: &[Box<str>],
        rows: impl IntoIterator<Item = CountRow>,
    ) -> Result<(), EngineError> {
        for row in rows {
            self.pending.push(row);
            if self.pending.len() == ROWS {
                self.write(urls)?;
            }
        }
        Ok(())
    }

    /// Writes the pending rows as one batch.
    fn write(&mut self, urls: &[Box<str>]) -> Result<(), EngineError> {
        let parquet = || EngineError::parquet(&self.path, "writing");
        let batch = &self.pending;
        let url: StringChunked = batch
            .iter()
            .map(|row| Some(&*urls[row.0 as usize]))
            .collect();
        let labelled: StringChunked = batch.iter().map(|row| Some(self.labels[row.1])).collect();
        let ts: Int64Chunked = batch.iter().map(|row| Some(row.2)).collect();
        let count: Int64Chunked = batch.iter().map(|row| Some(row.3)).collect();
        let frame = DataFrame::new(
            batch.len(),
            vec![
                url.with_name("url".into()).into_column(),
                labelled.with_name(self.label.into()).into_column(),
                ts.with_name("ts".into()).into_column(),
                count.with_name("count".into()).into_column(),
            ],
        );
        self.writer
            .write_batch(&frame.map_err(parquet())?)
            .map_err(parquet())?;
        self.written += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    /// Writes the rest, and returns the number of rows.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(mut self, urls: &[Box<str>]) -> Result<u64, EngineError> {
        // At least one batch, so that an empty view has its columns too.
        if !self.pending.is_empty() || self.written == 0 {
            self.write(urls)?;
        }
        let parquet = EngineError::parquet(&self.path, "writing");
        self.writer.finish().map_err(parquet)?;
        let synced = self.file.sync_all();
        synced.map_err(EngineError::io(&self.path, "writing"))?;
        Ok(self.written)
    }
}

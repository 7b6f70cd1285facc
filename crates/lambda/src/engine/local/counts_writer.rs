//! Writes a view of page views as a Parquet file, row by row.
use super::parquet_file::ParquetFile;
use crate::engine::EngineError;
use polars::prelude::*;
use polars_io::parquet::write::StatisticsOptions;
use std::path::Path;

/// Number of rows that are converted to columns and written at once.
pub const ROWS: usize = 1 << 18;

/// A row of a view of page views: (rank of the URL, index of the label, ts, count).
pub type CountRow = (u32, usize, i64, i64);

/// Writes a view of page views, whose rows come in the order of URL, label and time.
pub struct CountsWriter<'a> {
    file: ParquetFile,
    /// The name of the column of labels.
    label: &'static str,
    labels: Vec<&'a str>,
    /// Rows that are not written yet.
    pending: Vec<CountRow>,
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
        let columns = [
            ("url", DataType::String),
            (label, DataType::String),
            ("ts", DataType::Int64),
            ("count", DataType::Int64),
        ];
        Ok(Self {
            file: ParquetFile::create(path, columns, StatisticsOptions::default())?,
            label,
            labels,
            pending: Vec::new(),
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
        self.file.write(frame)?;
        self.pending.clear();
        Ok(())
    }

    /// Writes the rest, and returns the number of rows.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(mut self, urls: &[Box<str>]) -> Result<u64, EngineError> {
        // At least one batch, so that an empty view has its columns too.
        if !self.pending.is_empty() || self.file.written == 0 {
            self.write(urls)?;
        }
        self.file.finish()
    }
}

//! Writes a view of page views as a Parquet file, row by row.
use super::parquet_file::ParquetFile;
use crate::engine::EngineError;
use crate::row_groups::ColumnValues;
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
        let url = ColumnValues::grouped(batch.iter().map(|row| row.0), |url| &urls[url as usize]);
        let columns = url.and_then(|url| {
            let label_codes = batch.iter().map(|row| Some(row.1 as u32));
            let label = ColumnValues::coded(label_codes, self.labels.iter().copied())?;
            let ts: Int64Chunked = batch.iter().map(|row| Some(row.2)).collect();
            let count: Int64Chunked = batch.iter().map(|row| Some(row.3)).collect();
            Ok(vec![
                url,
                label,
                ColumnValues::Any(ts.into_column()),
                ColumnValues::Any(count.into_column()),
            ])
        });
        self.file.write(batch.len(), columns)?;
        self.pending.clear();
        Ok(())
    }

    /// Writes the rest, and returns the number of rows.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(mut self, urls: &[Box<str>]) -> Result<u64, EngineError> {
        self.write(urls)?;
        self.file.finish()
    }
}

//! Writes Parquet files one row group at a time, from columns whose distinct values may be known.
//!
//! A dictionary page holds each distinct value of a column once, and the rows refer to it by
//! position. polars finds the distinct values by hashing every row. The program that makes the
//! rows often knows them already: a view has an index of its URL and one of its granularity. Such
//! columns are given as [`ColumnValues::Coded`], and nothing is hashed.
//!
//! The files are those that polars' own writer makes: the same types, the same encodings.
use polars::prelude::*;
use polars_arrow::array::{DictionaryArray, PrimitiveArray, Utf8ViewArray};
use polars_io::parquet::write::{
    BatchedWriter, ParquetCompression, ParquetWriter, StatisticsOptions,
};
use polars_parquet::write::{
    CompressedPage, CompressionOptions, Encoding, ParquetType, Version, WriteOptions,
    array_to_columns, compress, get_dtype_encoding,
};
use rayon::prelude::*;
use std::io::Write;

/// The values of one column in a row group.
#[derive(Clone, Debug)]
pub enum ColumnValues {
    /// polars chooses the encoding: it looks for repeated values.
    Any(Column),
    /// Values that hardly repeat. They are written as they are, without a search for repeated ones.
    Plain(Column),
    /// Texts by their position in the list of the distinct ones, made by [`coded`](Self::coded).
    Coded(DictionaryArray<u32>),
}

impl ColumnValues {
    /// Returns a column of texts, each given by its position in `values`; `None` is a null. The
    /// values should be those that occur: the statistics of the row group are theirs.
    ///
    /// # Errors
    /// If a code is no position in `values`.
    ///
    /// ```
    /// use lambda::row_groups::{ColumnValues, RowGroupWriter};
    /// use polars::prelude::*;
    /// use polars_io::{SerReader, parquet::{read::ParquetReader, write::StatisticsOptions}};
    ///
    /// let mut bytes = Vec::new();
    /// let columns = [("url", DataType::String), ("count", DataType::Int64)];
    /// let mut file = RowGroupWriter::new(&mut bytes, &columns, StatisticsOptions::default())?;
    /// let urls = ColumnValues::coded([Some(1), Some(0), None], ["a.com/", "b.com/"])?;
    /// let counts = ColumnValues::Any(Column::new("count".into(), [7i64, 8, 9]));
    /// file.write(3, vec![urls, counts])?;
    /// file.finish()?;
    ///
    /// let read = ParquetReader::new(std::io::Cursor::new(bytes)).finish()?;
    /// let url = df!("url" => [Some("b.com/"), Some("a.com/"), None])?;
    /// assert!(read.select(["url"])?.equals_missing(&url));
    /// # PolarsResult::Ok(())
    /// ```
    pub fn coded<'a>(
        codes: impl IntoIterator<Item = Option<u32>>,
        values: impl IntoIterator<Item = &'a str>,
    ) -> PolarsResult<Self> {
        let codes: PrimitiveArray<u32> = codes.into_iter().collect();
        let values: Vec<&str> = values.into_iter().collect();
        let values = Utf8ViewArray::from_slice_values(values);
        DictionaryArray::try_from_keys(codes, values.boxed(), false).map(Self::Coded)
    }

    /// Returns a column of texts in which equal ones stand together, as in a sorted view. Each row
    /// has a key, and `text` is called once for each run of equal keys.
    ///
    /// # Errors
    /// None that these codes can have.
    ///
    /// ```
    /// use lambda::row_groups::ColumnValues;
    ///
    /// let urls = ["a.com/", "b.com/"];
    /// let column = ColumnValues::grouped([0, 0, 0, 1, 1], |url| urls[url])?;
    /// let ColumnValues::Coded(column) = column else { unreachable!() };
    /// assert_eq!(column.values().len(), 2);
    /// # polars::prelude::PolarsResult::Ok(())
    /// ```
    pub fn grouped<'a, K: Copy + PartialEq>(
        keys: impl IntoIterator<Item = K>,
        text: impl Fn(K) -> &'a str,
    ) -> PolarsResult<Self> {
        let mut distinct: Vec<K> = Vec::new();
        let mut code = |key: K| {
            if distinct.last() != Some(&key) {
                distinct.push(key);
            }
            Some(distinct.len() as u32 - 1)
        };
        let codes: Vec<Option<u32>> = keys.into_iter().map(&mut code).collect();
        Self::coded(codes, distinct.into_iter().map(text))
    }
}

/// Writes a Parquet file, compressed with Snappy, one row group at a time.
pub struct RowGroupWriter<W: Write> {
    writer: BatchedWriter<W>,
    types: Vec<ParquetType>,
    options: WriteOptions,
}

impl<W: Write> RowGroupWriter<W> {
    /// Begins a file with these columns, each of which may hold nulls.
    ///
    /// # Errors
    /// If Parquet has no such type, or `sink` cannot be written.
    pub fn new(
        sink: W,
        columns: &[(&str, DataType)],
        statistics: StatisticsOptions,
    ) -> PolarsResult<Self> {
        let fields = columns
            .iter()
            .map(|(name, dtype)| Field::new((*name).into(), dtype.clone()));
        let mut writer = ParquetWriter::new(sink)
            .with_compression(ParquetCompression::Snappy)
            .with_statistics(statistics)
            .batched(&Schema::from_iter(fields))?;
        let types = writer.parquet_schema().fields().to_vec();
        let options = WriteOptions {
            statistics,
            version: Version::V1,
            compression: CompressionOptions::Snappy,
            data_page_size: None,
        };
        Ok(Self {
            writer,
            types,
            options,
        })
    }

    /// Writes a row group: `columns` are the values of all columns, in their order, with `rows`
    /// values each. No row group is written for no rows. Columns are encoded and compressed side by side, on rayon's threads.
    ///
    /// # Errors
    /// If the columns are not those of the file, or the sink cannot be written.
    pub fn write(&mut self, rows: usize, columns: Vec<ColumnValues>) -> PolarsResult<()> {
        polars_ensure!(
            columns.len() == self.types.len(),
            ShapeMismatch: "a row group has {} columns, and the file has {}",
            columns.len(), self.types.len()
        );
        if rows == 0 {
            return Ok(());
        }
        let options = self.options;
        let pages: PolarsResult<Vec<Vec<CompressedPage>>> = columns
            .into_par_iter()
            .zip(&self.types)
            .map(|(values, of_column)| pages(rows, values, of_column, options))
            .collect();
        self.writer.write_row_group(rows as u64, &pages?)
    }

    /// Ends the file, and returns its size in bytes.
    ///
    /// # Errors
    /// If the sink cannot be written.
    pub fn finish(self) -> PolarsResult<u64> {
        self.writer.finish()
    }
}

/// Returns the pages of one column.
fn pages(
    rows: usize,
    values: ColumnValues,
    of_column: &ParquetType,
    options: WriteOptions,
) -> PolarsResult<Vec<CompressedPage>> {
    let arrow = |column: Column| {
        let series = column.take_materialized_series().rechunk();
        series.to_arrow(0, CompatLevel::newest())
    };
    let (array, encodings) = match values {
        ColumnValues::Any(column) => {
            let array = arrow(column);
            let encodings = get_dtype_encoding(array.dtype());
            (array, encodings)
        }
        ColumnValues::Plain(column) => (arrow(column), vec![Encoding::Plain]),
        ColumnValues::Coded(array) => (array.boxed(), vec![Encoding::RleDictionary]),
    };
    polars_ensure!(
        array.len() == rows,
        ShapeMismatch: "a column of {rows} rows has {} values", array.len()
    );
    array_to_columns(&array, of_column.clone(), options, &encodings)?
        .into_iter()
        .flatten()
        .map(|page| Ok(compress(page?, Vec::new(), options.compression)?))
        .collect()
}

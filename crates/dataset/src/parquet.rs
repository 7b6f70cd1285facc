//! Datums as Parquet: one row a datum, flat columns, Snappy, row groups of
//! 250,000 rows.
//!
//! | column | type | of |
//! |---|---|---|
//! | `true_as_of_secs` | Int64 | every datum; never null |
//! | `kind` | String | every datum: page_view, equiv, person_property, page_property |
//! | `url` | String? | page view, page property |
//! | `cookie`, `user_id` | String?, Int64? | the person; an equiv's first |
//! | `nonce` | Int64? | page view |
//! | `cookie2`, `user_id2` | String?, Int64? | an equiv's second person |
//! | `full_name`, `gender`, `city`, `state`, `country`, `age` | String? but for `age`, Int64? | person property |
//! | `page_views` | Int64? | page property |
//!
//! A file with nothing but page views leaves out the columns behind `nonce`.
use super::columns::column;
use super::error::{DatasetError, Result, io_error, polars_error};
use super::site::Site;
use super::views::DatumRow;
use lambda::row_groups::RowGroupWriter;
use polars::prelude::*;
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use polars_io::parquet::write::StatisticsOptions;
use rayon::prelude::*;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Rows of a row group, but for the last.
pub const ROW_GROUP: usize = 250_000;

/// The columns, in their order.
pub const COLUMNS: [(&str, DataType); 15] = [
    ("true_as_of_secs", DataType::Int64),
    ("kind", DataType::String),
    ("url", DataType::String),
    ("cookie", DataType::String),
    ("user_id", DataType::Int64),
    ("nonce", DataType::Int64),
    ("cookie2", DataType::String),
    ("user_id2", DataType::Int64),
    ("full_name", DataType::String),
    ("gender", DataType::String),
    ("city", DataType::String),
    ("state", DataType::String),
    ("country", DataType::String),
    ("age", DataType::Int64),
    ("page_views", DataType::Int64),
];

/// How many of [`COLUMNS`] a file of page views has.
const OF_PAGE_VIEWS: usize = 6;

/// Takes rows in any portions and writes whole row groups.
pub(super) struct ParquetRows<'a> {
    site: &'a Site,
    columns: usize,
    waiting: Vec<DatumRow>,
    writer: RowGroupWriter<Sink>,
    refusal: Refusal,
    path: PathBuf,
}

impl<'a> ParquetRows<'a> {
    pub fn create(path: PathBuf, site: &'a Site, only_page_views: bool) -> Result<Self> {
        let columns = if only_page_views {
            OF_PAGE_VIEWS
        } else {
            COLUMNS.len()
        };
        let refusal = Refusal::default();
        let file = File::create(&path).map_err(io_error("make", &path))?;
        let sink = Sink {
            file,
            refusal: refusal.clone(),
        };
        let statistics = StatisticsOptions::default();
        let writer = RowGroupWriter::new(sink, &COLUMNS[..columns], statistics)
            .map_err(polars_error("write", &path))?;
        Ok(Self {
            site,
            columns,
            waiting: Vec::new(),
            writer,
            refusal,
            path,
        })
    }

    pub fn write(&mut self, rows: impl IntoIterator<Item = DatumRow>) -> Result<()> {
        self.waiting.extend(rows);
        let whole = self.waiting.len() / ROW_GROUP * ROW_GROUP;
        let rest = self.waiting.split_off(whole);
        let groups = std::mem::replace(&mut self.waiting, rest);
        groups
            .chunks(ROW_GROUP)
            .try_for_each(|group| self.write_group(group))
    }

    pub fn finish(mut self) -> Result<()> {
        let rest = std::mem::take(&mut self.waiting);
        self.write_group(&rest)?;
        match self.writer.finish() {
            Ok(_) => Ok(()),
            Err(error) => Err(cause(&self.refusal, &self.path, error)),
        }
    }

    fn write_group(&mut self, rows: &[DatumRow]) -> Result<()> {
        let columns: PolarsResult<Vec<_>> = COLUMNS[..self.columns]
            .par_iter()
            .map(|(name, _)| column(name, rows, self.site))
            .collect();
        columns
            .and_then(|columns| self.writer.write(rows.len(), columns))
            .map_err(|error| cause(&self.refusal, &self.path, error))
    }
}

/// Returns what the operating system refused, if it did, rather than what polars makes of it.
fn cause(refusal: &Refusal, path: &Path, error: PolarsError) -> DatasetError {
    let refused = refusal.lock().ok().and_then(|mut refusal| refusal.take());
    match refused {
        Some(refused) => io_error("write", path)(refused),
        None => polars_error("write", path)(error),
    }
}

/// Why the operating system did not take some bytes. polars turns it into text,
/// in which "disk full" can no longer be told from a wrong file.
type Refusal = Arc<Mutex<Option<io::Error>>>;

struct Sink {
    file: File,
    refusal: Refusal,
}

impl Sink {
    fn note<T>(&self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| {
            let kind = error.kind();
            if let Ok(mut refusal) = self.refusal.lock() {
                refusal.get_or_insert(error);
            }
            kind.into()
        })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.file.write(bytes);
        self.note(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.file.flush();
        self.note(done)
    }
}

/// Reads some columns of a Parquet file, or all where `columns` is empty.
///
/// It is held in memory as a whole: for files of many row groups the batch
/// layer reads one at a time.
pub fn read_parquet(path: impl AsRef<Path>, columns: &[&str]) -> Result<DataFrame> {
    let path = path.as_ref();
    let file = File::open(path).map_err(io_error("open", path))?;
    let columns = (!columns.is_empty()).then(|| columns.iter().map(|c| (*c).to_owned()).collect());
    ParquetReader::new(file)
        .with_columns(columns)
        .finish()
        .map_err(polars_error("read", path))
}

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
use super::error::{Result, polars_error};
use super::population::{Id, LESSON_COOKIES, private_cookie};
use super::site::Site;
use super::views::Row;
use crate::schema::*;
use polars::prelude::*;
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use polars_io::parquet::write::{BatchedWriter, ParquetCompression, ParquetWriter};
use rayon::prelude::*;
use std::fs::File;
use std::path::{Path, PathBuf};

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
const PAGE_VIEW_COLUMNS: usize = 6;

/// Takes rows in any portions and writes whole row groups.
pub(super) struct ParquetRows<'a> {
    site: &'a Site,
    columns: usize,
    waiting: Vec<Row>,
    writer: BatchedWriter<File>,
    path: PathBuf,
}

impl<'a> ParquetRows<'a> {
    pub fn new(path: &Path, file: File, site: &'a Site, only_page_views: bool) -> Result<Self> {
        let columns = if only_page_views {
            PAGE_VIEW_COLUMNS
        } else {
            COLUMNS.len()
        };
        let schema: Schema = COLUMNS[..columns]
            .iter()
            .map(|(name, dtype)| Field::new((*name).into(), dtype.clone()))
            .collect();
        let writer = ParquetWriter::new(file)
            .with_compression(ParquetCompression::Snappy)
            .batched(&schema)
            .map_err(polars_error("write", path))?;
        Ok(Self {
            site,
            columns,
            waiting: Vec::new(),
            writer,
            path: path.to_owned(),
        })
    }

    pub fn write(&mut self, rows: impl IntoIterator<Item = Row>) -> Result<()> {
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
        self.writer
            .finish()
            .map_err(polars_error("write", &self.path))?;
        Ok(())
    }

    fn write_group(&mut self, rows: &[Row]) -> Result<()> {
        let columns = COLUMNS[..self.columns]
            .par_iter()
            .map(|(name, _)| self.column(name, rows))
            .collect();
        let frame =
            DataFrame::new(rows.len(), columns).map_err(polars_error("write", &self.path))?;
        self.writer
            .write_batch(&frame)
            .map_err(polars_error("write", &self.path))
    }

    fn column(&self, name: &'static str, rows: &[Row]) -> Column {
        match name {
            "true_as_of_secs" => {
                let ts = rows.iter().map(Row::ts);
                Int64Chunked::from_iter_values(name.into(), ts).into_column()
            }
            "kind" => {
                let kinds = rows.iter().map(|row| match row {
                    Row::View(_) => "page_view",
                    Row::Other(datum) => datum.dataunit.kind(),
                });
                StringChunked::from_iter_values(name.into(), kinds).into_column()
            }
            "url" => texts(name, rows, |row| match row {
                Row::View(view) => Some(&self.site.raw()[view.url as usize]),
                Row::Other(datum) => url(datum),
            }),
            "cookie" => cookies(name, rows),
            "user_id" => numbers(name, rows, |row| match row {
                Row::View(view) => match view.person {
                    Id::User(id) => Some(i64::from(id)),
                    _ => None,
                },
                Row::Other(datum) => user_id(person(datum)?),
            }),
            "nonce" => numbers(name, rows, |row| match row {
                Row::View(view) => Some(i64::from(view.nonce)),
                Row::Other(_) => None,
            }),
            "cookie2" => texts(name, rows, |row| cookie(person2(row)?)),
            "user_id2" => numbers(name, rows, |row| user_id(person2(row)?)),
            "full_name" => texts(name, rows, |row| match said(row)? {
                PersonPropertyValue::FullName(name) => Some(name),
                _ => None,
            }),
            "gender" => texts(name, rows, |row| match said(row)? {
                PersonPropertyValue::Gender(gender) => Some(gender.as_str()),
                _ => None,
            }),
            "city" => texts(name, rows, |row| place(row)?.city.as_deref()),
            "state" => texts(name, rows, |row| place(row)?.state.as_deref()),
            "country" => texts(name, rows, |row| place(row)?.country.as_deref()),
            "age" => numbers(name, rows, |row| match said(row)? {
                PersonPropertyValue::Age(age) => Some(*age),
                _ => None,
            }),
            _ => numbers(name, rows, |row| match other(row)? {
                DataUnit::PageProperty(p) => match p.property {
                    PagePropertyValue::PageViews(views) => Some(views),
                },
                _ => None,
            }),
        }
    }
}

fn texts<'r>(
    name: &'static str,
    rows: &'r [Row],
    of: impl Fn(&'r Row) -> Option<&'r str>,
) -> Column {
    let mut column = StringChunkedBuilder::new(name.into(), rows.len());
    rows.iter().for_each(|row| column.append_option(of(row)));
    column.finish().into_column()
}

fn numbers<'r>(name: &'static str, rows: &'r [Row], of: impl Fn(&'r Row) -> Option<i64>) -> Column {
    let mut column = PrimitiveChunkedBuilder::<Int64Type>::new(name.into(), rows.len());
    rows.iter().for_each(|row| column.append_option(of(row)));
    column.finish().into_column()
}

fn cookies(name: &'static str, rows: &[Row]) -> Column {
    let mut column = StringChunkedBuilder::new(name.into(), rows.len());
    for row in rows {
        match row {
            Row::View(view) => match view.person {
                Id::User(_) => column.append_null(),
                Id::Lesson(i) => column.append_value(LESSON_COOKIES[usize::from(i)]),
                Id::Private(number) => {
                    let letters = private_cookie(number);
                    column.append_option(std::str::from_utf8(&letters).ok());
                }
            },
            Row::Other(datum) => column.append_option(person(datum).and_then(cookie)),
        }
    }
    column.finish().into_column()
}

fn other(row: &Row) -> Option<&DataUnit> {
    match row {
        Row::View(_) => None,
        Row::Other(datum) => Some(&datum.dataunit),
    }
}

fn url(datum: &Datum) -> Option<&str> {
    match &datum.dataunit {
        DataUnit::PageView(view) => Some(&view.page.url),
        DataUnit::PageProperty(p) => Some(&p.id.url),
        _ => None,
    }
}

fn person(datum: &Datum) -> Option<&PersonId> {
    match &datum.dataunit {
        DataUnit::PageView(view) => Some(&view.person),
        DataUnit::Equiv(edge) => Some(&edge.id1),
        DataUnit::PersonProperty(p) => Some(&p.id),
        DataUnit::PageProperty(_) => None,
    }
}

fn person2(row: &Row) -> Option<&PersonId> {
    match other(row)? {
        DataUnit::Equiv(edge) => Some(&edge.id2),
        _ => None,
    }
}

fn said(row: &Row) -> Option<&PersonPropertyValue> {
    match other(row)? {
        DataUnit::PersonProperty(p) => Some(&p.property),
        _ => None,
    }
}

fn place(row: &Row) -> Option<&Location> {
    match said(row)? {
        PersonPropertyValue::Location(place) => Some(place),
        _ => None,
    }
}

fn cookie(person: &PersonId) -> Option<&str> {
    match person {
        PersonId::Cookie(cookie) => Some(cookie),
        PersonId::UserId(_) => None,
    }
}

fn user_id(person: &PersonId) -> Option<i64> {
    match person {
        PersonId::UserId(id) => Some(*id),
        PersonId::Cookie(_) => None,
    }
}

/// Reads some columns of a Parquet file, or all where `columns` is empty.
///
/// It is held in memory as a whole: for files of many row groups the batch
/// layer reads one at a time.
pub fn read_parquet(path: impl AsRef<Path>, columns: &[&str]) -> Result<DataFrame> {
    let path = path.as_ref();
    let file = File::open(path).map_err(super::error::io_error("open", path))?;
    let columns = (!columns.is_empty()).then(|| columns.iter().map(|c| (*c).to_owned()).collect());
    ParquetReader::new(file)
        .with_columns(columns)
        .finish()
        .map_err(polars_error("read", path))
}

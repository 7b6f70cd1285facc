//! Parquet, a row group at a time, in order of time where statistics tell it.
//!
//! A row group's statistics say the earliest and latest datum in it. Read in
//! that order, all that is earlier than every row group still to come is
//! complete and can be deduped and forgotten: memory then depends on how far
//! the file is from being sorted by time, not on its length.

use super::chunked_input::{ChunkedInput, Sink};
use super::positional::read_exact_at;
use super::record::{PageViewRecord, Person};
use crate::datum::{DatumKind, End, Equiv, Fields, RawFact, Reason, normalise_url};
use crate::engine::{EngineError, InputFormat};
use calendar::TIMESTAMPS;
use polars::prelude::*;
use polars_arrow::array::{Array, PrimitiveArray, Utf8ViewArray, View};
use polars_arrow::bitmap::Bitmap;
use polars_arrow::datatypes::Field as ArrowField;
use polars_buffer::Buffer;
use polars_parquet::arrow::read::infer_schema;
use polars_parquet::parquet::statistics::Statistics;
use polars_parquet::read::{
    BasicDecompressor, FileMetadata, PageReader, column_iter_to_arrays, read_metadata,
};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// A column of the datum's table that a page view needs.
struct Wanted {
    name: &'static str,
    dtype: DataType,
    words: &'static str,
}

const fn wanted(name: &'static str, dtype: DataType, words: &'static str) -> Wanted {
    Wanted { name, dtype, words }
}

static WANTED: [Wanted; 6] = [
    wanted("true_as_of_secs", DataType::Int64, "a whole number"),
    wanted("kind", DataType::String, "text"),
    wanted("url", DataType::String, "text"),
    wanted("cookie", DataType::String, "text"),
    wanted("user_id", DataType::Int64, "a whole number"),
    wanted("nonce", DataType::Int64, "a whole number"),
];

/// The other end of an equiv. A table of page views need not have these.
static SECOND: [Wanted; 2] = [
    wanted("cookie2", DataType::String, "text"),
    wanted("user_id2", DataType::Int64, "a whole number"),
];

/// Places of columns in [`WANTED`], then [`SECOND`].
const SECS: usize = 0;
const KIND: usize = 1;
const URL: usize = 2;
const COOKIE: usize = 3;
const USER_ID: usize = 4;
const NONCE: usize = 5;
const COOKIE2: usize = 6;
const USER_ID2: usize = 7;

fn wanted_at(column: usize) -> &'static Wanted {
    WANTED
        .get(column)
        .unwrap_or_else(|| &SECOND[column - WANTED.len()])
}

/// A Parquet file of datums.
pub struct Parquet {
    path: PathBuf,
    file: File,
    metadata: FileMetadata,
    fields: Vec<ArrowField>,
    /// Row groups in the order in which they are read.
    order: Vec<usize>,
    /// For each of `order`: the earliest datum in it and all after it.
    earliest: Option<Vec<i64>>,
}

impl Parquet {
    pub fn open(path: &Path, mut file: File) -> Result<Self, EngineError> {
        let parquet = || EngineError::parquet(path, "reading the Parquet footer");
        let metadata = read_metadata(&mut file).map_err(parquet())?;
        let schema = infer_schema(&metadata).map_err(parquet())?;
        let missing: Vec<String> = WANTED
            .iter()
            .filter(|column| !schema.contains(column.name))
            .map(|column| column.name.to_owned())
            .collect();
        if !missing.is_empty() {
            let found = schema.iter_names().map(ToString::to_string).collect();
            return Err(EngineError::Columns {
                path: path.to_owned(),
                missing,
                found,
            });
        }
        let has_second = SECOND.iter().all(|column| schema.contains(column.name));
        let second = if has_second { &SECOND[..] } else { &[] };
        let columns = || WANTED.iter().chain(second.iter());
        let fields: Vec<ArrowField> = columns()
            .map(|column| schema.get(column.name).expect("none is missing").clone())
            .collect();
        for (column, field) in columns().zip(&fields) {
            let found = DataType::from_arrow_field(field);
            let fits = match column.dtype {
                DataType::Int64 => found.is_integer(),
                _ => found.is_string() || found.is_categorical(),
            };
            if !fits {
                return Err(EngineError::ColumnType {
                    path: path.to_owned(),
                    column: column.name.to_owned(),
                    wanted: column.words,
                    found: found.to_string(),
                });
            }
        }
        let ranges: Option<Vec<i64>> = (0..metadata.row_groups.len())
            .map(|group| bound_of(&metadata, group, |min_max| min_max.0))
            .collect();
        let mut order: Vec<usize> = (0..metadata.row_groups.len()).collect();
        let earliest = ranges.map(|ranges| {
            order.sort_by_key(|&group| ranges[group]);
            // In this order the earliest of all that follow is the next one's.
            order.iter().map(|&group| ranges[group]).collect()
        });
        Ok(Parquet {
            path: path.to_owned(),
            file,
            metadata,
            fields,
            order,
            earliest,
        })
    }

    fn has_second(&self) -> bool {
        self.fields.len() > WANTED.len()
    }

    /// Reads one column of a row group, cast to the dtype that is wanted.
    ///
    /// polars-io can read it too, in 0.96 times the time and with 16 lines less here. But it maps
    /// the file to memory, and panics where the file is shorter than its footer says.
    fn column(&self, group: usize, column: usize) -> Result<Box<dyn Array>, EngineError> {
        let wanted = wanted_at(column);
        let parquet = || EngineError::parquet(&self.path, "reading Parquet");
        let chunk = self.metadata.row_groups[group]
            .columns_under_root_iter(wanted.name)
            .and_then(|mut columns| columns.next())
            .expect("the schema has this column");
        let range = chunk.byte_range();
        let mut bytes = vec![0; (range.end - range.start) as usize];
        read_exact_at(&self.file, &mut bytes, range.start)
            .map_err(EngineError::io(&self.path, "reading"))?;
        let pages = PageReader::new(Cursor::new(Buffer::from(bytes)), chunk, vec![], usize::MAX);
        let (arrays, _) = column_iter_to_arrays(
            vec![BasicDecompressor::new(pages, vec![])],
            vec![&chunk.descriptor().descriptor.primitive_type],
            self.fields[column].clone(),
            None,
        )
        .map_err(parquet())?;
        let plain = |array: &dyn Array| match wanted.dtype {
            DataType::Int64 => array.as_any().is::<PrimitiveArray<i64>>(),
            _ => array.as_any().is::<Utf8ViewArray>(),
        };
        if let [array] = &arrays[..]
            && plain(array.as_ref())
        {
            return Ok(array.clone());
        }
        // Narrower integers, unsigned ones, categories: polars knows the way.
        let name = PlSmallStr::from_static(wanted.name);
        let series =
            Series::try_from((name, arrays)).and_then(|series| series.strict_cast(&wanted.dtype));
        let series = series.map_err(parquet())?.rechunk();
        Ok(series.chunks()[0].clone())
    }

    fn ints(&self, group: usize, column: usize) -> Result<PrimitiveArray<i64>, EngineError> {
        let array = self.column(group, column)?;
        Ok(array
            .as_any()
            .downcast_ref::<PrimitiveArray<i64>>()
            .expect("cast to it")
            .clone())
    }

    fn texts(&self, group: usize, column: usize) -> Result<Utf8ViewArray, EngineError> {
        let array = self.column(group, column)?;
        Ok(array
            .as_any()
            .downcast_ref::<Utf8ViewArray>()
            .expect("cast to it")
            .clone())
    }
}

/// Picks the earliest or the latest.
type Pick = fn((Option<i64>, Option<i64>)) -> Option<i64>;

/// The earliest or latest datum of a row group, by its statistics.
fn bound_of(metadata: &FileMetadata, group: usize, pick: Pick) -> Option<i64> {
    let chunk = metadata.row_groups[group]
        .columns_under_root_iter(WANTED[SECS].name)?
        .next()?;
    match chunk.statistics(&metadata.footer_buf)?.ok()? {
        Statistics::Int64(found) => pick((found.min_value, found.max_value)),
        Statistics::Int32(found) => pick((
            found.min_value.map(i64::from),
            found.max_value.map(i64::from),
        )),
        _ => None,
    }
}

/// Whether a row group's statistics say that it holds nothing but page views.
fn only_page_views(metadata: &FileMetadata, group: usize) -> bool {
    let chunk = metadata.row_groups[group]
        .columns_under_root_iter(WANTED[KIND].name)
        .and_then(|mut columns| columns.next());
    let statistics = chunk.and_then(|chunk| chunk.statistics(&metadata.footer_buf)?.ok());
    let page_view =
        |value: &Option<Vec<u8>>| value.as_deref() == Some(DatumKind::PageView.as_str().as_bytes());
    matches!(statistics, Some(Statistics::Binary(found))
        if page_view(&found.min_value) && page_view(&found.max_value))
}

/// Remembers the numbers of URLs by their view: within a column, texts that
/// come from one dictionary entry have the same view, so that most rows need
/// no look at the text.
struct SeenViews {
    slots: Vec<(u128, u32)>,
}

impl SeenViews {
    const SLOTS: usize = 1 << 12;

    fn new() -> Self {
        // No view has length u32::MAX: nothing seen yet.
        SeenViews {
            slots: vec![(u128::MAX, 0); Self::SLOTS],
        }
    }

    #[inline]
    fn slot(&mut self, view: u128) -> &mut (u128, u32) {
        let hash = super::record::mix(
            view as u64 ^ 0x9e37_79b9_7f4a_7c15,
            (view >> 64) as u64 ^ 0xd6e8_feb8_6659_fd93,
        );
        &mut self.slots[hash as usize & (Self::SLOTS - 1)]
    }
}

impl ChunkedInput for Parquet {
    fn format(&self) -> InputFormat {
        InputFormat::Parquet
    }

    fn has_equivs(&self) -> bool {
        self.has_second()
    }

    fn chunks(&self) -> usize {
        self.order.len()
    }

    fn bytes(&self, chunk: usize) -> u64 {
        self.metadata.row_groups[self.order[chunk]].compressed_size() as u64
    }

    fn records(&self, chunk: usize) -> usize {
        self.metadata.row_groups[self.order[chunk]].num_rows()
    }

    fn earliest_from(&self, chunk: usize) -> Option<i64> {
        self.earliest.as_ref().map(|earliest| earliest[chunk])
    }

    fn most_waiting(&self) -> usize {
        let Some(earliest) = &self.earliest else {
            return self.metadata.num_rows;
        };
        // Row groups that may hold datums as late as those still to come.
        let mut open = BinaryHeap::new();
        let (mut waiting, mut most) = (0, 0);
        for (chunk, &group) in self.order.iter().enumerate() {
            while let Some(&Reverse((latest, rows))) = open.peek()
                && latest < earliest[chunk]
            {
                open.pop();
                waiting -= rows;
            }
            let rows = self.metadata.row_groups[group].num_rows();
            let latest = bound_of(&self.metadata, group, |min_max| min_max.1).unwrap_or(i64::MAX);
            open.push(Reverse((latest, rows)));
            waiting += rows;
            most = most.max(waiting);
        }
        most
    }

    fn place(&self, chunk: usize) -> usize {
        self.order[chunk]
    }

    fn wave(&self, threads: usize) -> usize {
        threads * 2
    }

    fn equivs(&self, chunk: usize) -> Result<Vec<Equiv>, EngineError> {
        let group = self.order[chunk];
        let mut equivs = Vec::new();
        if !self.has_second() || only_page_views(&self.metadata, group) {
            return Ok(equivs);
        }
        let kinds = self.texts(group, KIND)?;
        let mut rows = (0..kinds.len())
            .filter(|&row| kinds.get(row) == Some(DatumKind::Equiv.as_str()))
            .peekable();
        if rows.peek().is_none() {
            return Ok(equivs);
        }
        let secs = self.ints(group, SECS)?;
        let cookies = [self.texts(group, COOKIE)?, self.texts(group, COOKIE2)?];
        let users = [self.ints(group, USER_ID)?, self.ints(group, USER_ID2)?];
        for row in rows {
            let fields = Fields {
                kind: DatumKind::Equiv,
                true_as_of_secs: secs.get(row),
                url: None::<&str>,
                cookie: cookies[0].get(row),
                user_id: users[0].get(row),
                nonce: None,
                second: Some((cookies[1].get(row), users[1].get(row))),
            };
            if let Ok(RawFact::Equiv(equiv)) = fields.raw() {
                equivs.push(equiv);
            }
        }
        Ok(equivs)
    }

    fn read(&self, chunk: usize, sink: &mut Sink<'_>) -> Result<(), EngineError> {
        let group = self.order[chunk];
        let columns = Columns {
            secs: self.ints(group, SECS)?,
            kinds: self.texts(group, KIND)?,
            urls: self.texts(group, URL)?,
            cookies: self.texts(group, COOKIE)?,
            user_ids: self.ints(group, USER_ID)?,
            nonces: self.ints(group, NONCE)?,
        };
        let Columns {
            secs,
            kinds,
            urls,
            cookies,
            user_ids,
            nonces,
        } = &columns;
        sink.lines += secs.len() as u64;
        sink.read += secs.len() as u64;

        let page_view = View::new_inline(DatumKind::PageView.as_str().as_bytes()).as_u128();
        let complete = Validity::of(&[
            secs.validity(),
            kinds.validity(),
            urls.validity(),
            nonces.validity(),
        ]);
        let has_cookie = Validity::of(&[cookies.validity()]);
        let has_user = Validity::of(&[user_ids.validity()]);
        let mut seen = SeenViews::new();
        let mut second = None;
        for row in 0..secs.len() {
            // Nearly every row is a page view that keeps the rule. It is recognised here in
            // one test. Collecting its fields for `Fields::page_view` first makes a whole run
            // 1.04 to 1.11 times as long. The text of its URL is looked at only where its view
            // is new.
            let at = secs.values()[row];
            let cookie = has_cookie.get(row);
            if complete.get(row)
                && cookie != has_user.get(row)
                && kinds.views()[row].as_u128() == page_view
                && TIMESTAMPS.contains(&at)
            {
                let person = match cookie {
                    true => Person::Cookie(cookies.value(row).as_bytes()),
                    false => Person::User(user_ids.values()[row]),
                };
                let view = urls.views()[row].as_u128();
                let slot = seen.slot(view);
                let url = match slot.0 == view {
                    true => Ok(slot.1),
                    false => sink.raw_urls.number(sink.urls, urls.value(row))?,
                };
                if let Ok(url) = url {
                    *slot = (view, url);
                    sink.record(
                        PageViewRecord::new(at, url, person, nonces.values()[row]),
                        at,
                    );
                    continue;
                }
            }

            // Any other row: a fact of another kind, or one that is rejected.
            let kind = DatumKind::named(kinds.get(row));
            if kind == Ok(DatumKind::Equiv) && second.is_none() && self.has_second() {
                second = Some((self.texts(group, COOKIE2)?, self.ints(group, USER_ID2)?));
            }
            let second = second
                .as_ref()
                .map(|(cookie, user_id)| (cookie.get(row), user_id.get(row)));
            let fact = kind.and_then(|kind| columns.fields(row, kind, second).raw());
            match fact {
                Ok(RawFact::View(_)) => {
                    let error = normalise_url(urls.value(row))
                        .expect_err("a page view with a sound URL was taken above");
                    columns.reject(row, &Reason::Url(error), sink);
                }
                Ok(RawFact::Equiv(_) | RawFact::Other(_)) => sink.other_kinds += 1,
                Err(reason) => columns.reject(row, &reason, sink),
            }
        }
        Ok(())
    }
}

/// The columns of a row group that every datum has.
struct Columns {
    secs: PrimitiveArray<i64>,
    kinds: Utf8ViewArray,
    urls: Utf8ViewArray,
    cookies: Utf8ViewArray,
    user_ids: PrimitiveArray<i64>,
    nonces: PrimitiveArray<i64>,
}

impl Columns {
    /// Returns the fields of a row.
    fn fields<'a>(&'a self, row: usize, kind: DatumKind, second: Option<End<'a>>) -> Fields<'a> {
        Fields {
            kind,
            true_as_of_secs: self.secs.get(row),
            url: self.urls.get(row),
            cookie: self.cookies.get(row),
            user_id: self.user_ids.get(row),
            nonce: self.nonces.get(row),
            second,
        }
    }

    /// Adds a row to the rejected ones.
    #[cold]
    fn reject(&self, row: usize, reason: &Reason, sink: &mut Sink<'_>) {
        let shown = serde_json::json!({
            "true_as_of_secs": self.secs.get(row),
            "kind": self.kinds.get(row),
            "cookie": self.cookies.get(row),
            "user_id": self.user_ids.get(row),
            "nonce": self.nonces.get(row),
            "url": self.urls.get(row).unwrap_or_default(),
        });
        let text = shown.to_string();
        sink.rejects
            .add(row as u64, reason, text.as_bytes(), text.len() as u64);
    }
}

/// Where several columns all have a value.
struct Validity(Option<Bitmap>);

impl Validity {
    fn of(columns: &[Option<&Bitmap>]) -> Self {
        let nulls = columns
            .iter()
            .flatten()
            .filter(|bits| bits.unset_bits() > 0);
        Validity(nulls.fold(None, |all, &bits| match all {
            Some(all) => Some(&all & bits),
            None => Some(bits.clone()),
        }))
    }

    #[inline]
    fn get(&self, row: usize) -> bool {
        self.0.as_ref().is_none_or(|bits| bits.get_bit(row))
    }
}

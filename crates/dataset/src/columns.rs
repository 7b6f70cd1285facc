//! Rows turned into columns, null where a kind of datum has no such thing.
use super::population::{Id, LESSON_COOKIES, private_cookie};
use super::site::Site;
use super::values::{number, text};
use super::views::DatumRow;
use lambda::datum::*;
use lambda::row_groups::ColumnValues;
use polars::prelude::*;
use std::borrow::Cow;

/// One column of some rows. Takes every name of [`COLUMNS`](super::COLUMNS).
///
/// # Errors
/// If polars cannot make it.
pub(super) fn column(
    name: &'static str,
    rows: &[DatumRow],
    site: &Site,
) -> PolarsResult<ColumnValues> {
    Ok(match name {
        "true_as_of_secs" => {
            let ts = rows.iter().map(DatumRow::ts);
            ColumnValues::Any(Int64Chunked::from_iter_values(name.into(), ts).into_column())
        }
        "kind" => texts(name, rows, site, |row| {
            Some(Text::Own(match row {
                DatumRow::View(_) => "page_view",
                DatumRow::Other(datum) => datum.dataunit.kind(),
            }))
        })?,
        "url" => texts(name, rows, site, |row| match row {
            DatumRow::View(view) => Some(Text::Url(view.url)),
            DatumRow::Other(datum) => text(name, &datum.dataunit).map(Text::Own),
        })?,
        "cookie" => texts(name, rows, site, |row| match row {
            DatumRow::View(view) => match view.person {
                Id::User(_) => None,
                Id::Lesson(i) => Some(Text::Own(LESSON_COOKIES[usize::from(i)])),
                Id::Private(number) => Some(Text::Cookie(number)),
            },
            DatumRow::Other(datum) => text(name, &datum.dataunit).map(Text::Own),
        })?,
        "user_id" => ColumnValues::Any(numbers(name, rows, |row| match row {
            DatumRow::View(view) => match view.person {
                Id::User(id) => Some(i64::from(id)),
                _ => None,
            },
            DatumRow::Other(datum) => number(name, &datum.dataunit),
        })),
        "nonce" => ColumnValues::Plain(numbers(name, rows, |row| match row {
            DatumRow::View(view) => Some(i64::from(view.nonce)),
            DatumRow::Other(_) => None,
        })),
        "age" | "page_views" | "user_id2" => {
            ColumnValues::Any(numbers(name, rows, |row| number(name, other(row)?)))
        }
        _ => texts(name, rows, site, |row| {
            text(name, other(row)?).map(Text::Own)
        })?,
    })
}

/// A text, as short as it can be compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Text<'a> {
    /// The number of a raw URL of the site.
    Url(u32),
    /// The number of a private cookie.
    Cookie(u32),
    Own(&'a str),
}

impl<'a> Text<'a> {
    fn spelled(self, site: &'a Site) -> Cow<'a, str> {
        match self {
            Self::Url(raw) => Cow::Owned(site.raw(raw as usize)),
            Self::Cookie(number) => {
                Cow::Owned(String::from_utf8_lossy(&private_cookie(number)).into_owned())
            }
            Self::Own(text) => Cow::Borrowed(text),
        }
    }
}

/// A column of texts: by their positions in a list of the distinct ones, unless most differ.
fn texts<'r>(
    name: &'static str,
    rows: &'r [DatumRow],
    site: &'r Site,
    of: impl Fn(&'r DatumRow) -> Option<Text<'r>>,
) -> PolarsResult<ColumnValues> {
    let mut positions: PlHashMap<Text, u32> = PlHashMap::new();
    let mut distinct: Vec<Text> = Vec::new();
    let mut code = |text: Text<'r>| {
        *positions.entry(text).or_insert_with(|| {
            distinct.push(text);
            distinct.len() as u32 - 1
        })
    };
    let codes: Vec<Option<u32>> = rows.iter().map(|row| of(row).map(&mut code)).collect();
    let spelled: Vec<Cow<str>> = distinct.iter().map(|text| text.spelled(site)).collect();
    // polars draws the line between the encodings there, too.
    if distinct.len() * 4 <= rows.len() * 3 {
        return ColumnValues::coded(codes, spelled.iter().map(|text| &**text));
    }
    let mut column = StringChunkedBuilder::new(name.into(), rows.len());
    for code in codes {
        column.append_option(code.map(|code| &*spelled[code as usize]));
    }
    Ok(ColumnValues::Plain(column.finish().into_column()))
}

fn numbers<'r>(
    name: &'static str,
    rows: &'r [DatumRow],
    of: impl Fn(&'r DatumRow) -> Option<i64>,
) -> Column {
    let mut column = PrimitiveChunkedBuilder::<Int64Type>::new(name.into(), rows.len());
    rows.iter().for_each(|row| column.append_option(of(row)));
    column.finish().into_column()
}

fn other(row: &DatumRow) -> Option<&DataUnit> {
    match row {
        DatumRow::View(_) => None,
        DatumRow::Other(datum) => Some(&datum.dataunit),
    }
}

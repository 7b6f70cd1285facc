//! Rows turned into columns, null where a kind of datum has no such thing.
use super::population::{Id, LESSON_COOKIES, private_cookie};
use super::site::Site;
use super::values::{number, text};
use super::views::DatumRow;
use lambda::datum::*;
use polars::prelude::*;

/// One column of some rows. Takes every name of [`COLUMNS`](super::COLUMNS).
pub(super) fn column(name: &'static str, rows: &[DatumRow], site: &Site) -> Column {
    match name {
        "true_as_of_secs" => {
            let ts = rows.iter().map(DatumRow::ts);
            Int64Chunked::from_iter_values(name.into(), ts).into_column()
        }
        "kind" => {
            let kinds = rows.iter().map(|row| match row {
                DatumRow::View(_) => "page_view",
                DatumRow::Other(datum) => datum.dataunit.kind(),
            });
            StringChunked::from_iter_values(name.into(), kinds).into_column()
        }
        "url" => texts(name, rows, |row| match row {
            DatumRow::View(view) => Some(&site.raw()[view.url as usize]),
            DatumRow::Other(datum) => text(name, &datum.dataunit),
        }),
        "cookie" => cookies(name, rows),
        "user_id" => numbers(name, rows, |row| match row {
            DatumRow::View(view) => match view.person {
                Id::User(id) => Some(i64::from(id)),
                _ => None,
            },
            DatumRow::Other(datum) => number(name, &datum.dataunit),
        }),
        "nonce" => numbers(name, rows, |row| match row {
            DatumRow::View(view) => Some(i64::from(view.nonce)),
            DatumRow::Other(_) => None,
        }),
        "age" | "page_views" | "user_id2" => numbers(name, rows, |row| number(name, other(row)?)),
        _ => texts(name, rows, |row| text(name, other(row)?)),
    }
}

fn texts<'r>(
    name: &'static str,
    rows: &'r [DatumRow],
    of: impl Fn(&'r DatumRow) -> Option<&'r str>,
) -> Column {
    let mut column = StringChunkedBuilder::new(name.into(), rows.len());
    rows.iter().for_each(|row| column.append_option(of(row)));
    column.finish().into_column()
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

fn cookies(name: &'static str, rows: &[DatumRow]) -> Column {
    let mut column = StringChunkedBuilder::new(name.into(), rows.len());
    for row in rows {
        match row {
            DatumRow::View(view) => match view.person {
                Id::User(_) => column.append_null(),
                Id::Lesson(i) => column.append_value(LESSON_COOKIES[usize::from(i)]),
                Id::Private(number) => {
                    let letters = private_cookie(number);
                    column.append_option(std::str::from_utf8(&letters).ok());
                }
            },
            DatumRow::Other(datum) => column.append_option(text(name, &datum.dataunit)),
        }
    }
    column.finish().into_column()
}

fn other(row: &DatumRow) -> Option<&DataUnit> {
    match row {
        DatumRow::View(_) => None,
        DatumRow::Other(datum) => Some(&datum.dataunit),
    }
}

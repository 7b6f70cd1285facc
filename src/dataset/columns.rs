//! Rows turned into columns, null where a kind of datum has no such thing.
use super::population::{Id, LESSON_COOKIES, private_cookie};
use super::site::Site;
use super::views::Row;
use crate::schema::*;
use polars::prelude::*;

/// One column of some rows. Takes every name of [`COLUMNS`](super::COLUMNS).
pub(super) fn column(name: &'static str, rows: &[Row], site: &Site) -> Column {
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
            Row::View(view) => Some(&site.raw()[view.url as usize]),
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

//! Rows of Parquet turned back into datums.
use super::error::{DatasetError, Result};
use lambda::datum::*;
use polars::prelude::*;
use std::path::Path;

/// The datums of a data frame with the columns of [`COLUMNS`](super::COLUMNS).
/// Columns that are not there count as null, so a file of page views will do.
///
/// # Errors
/// A column of another type; the first row that lacks what its kind needs by the
/// [rule](lambda::datum#the-rule), or has no property where its kind needs one. A time
/// outside the calendar and a malformed URL are kept as they are: [`Datum::fact`] rejects
/// them.
///
/// ```
/// use lambda_workbook::dataset::datums;
/// use lambda_workbook::datum::DataUnit;
/// use polars::prelude::*;
///
/// let frame = df!(
///     "true_as_of_secs" => [60i64],
///     "kind" => ["equiv"],
///     "user_id" => [1i64],
///     "user_id2" => [3i64],
/// )?;
/// assert!(matches!(datums(&frame)?[0].dataunit, DataUnit::Equiv(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn datums(frame: &DataFrame) -> Result<Vec<Datum>> {
    let columns = Columns::of(frame)?;
    (0..frame.height()).map(|row| columns.datum(row)).collect()
}

/// The columns, looked up once for all rows.
struct Columns<'a> {
    texts: Vec<(&'static str, Option<&'a StringChunked>)>,
    numbers: Vec<(&'static str, Option<&'a Int64Chunked>)>,
}

impl<'a> Columns<'a> {
    fn of(frame: &'a DataFrame) -> Result<Self> {
        let wrong = |reason| DatasetError::BadRow { row: 0, reason };
        let mut columns = Self {
            texts: Vec::new(),
            numbers: Vec::new(),
        };
        for (name, dtype) in super::COLUMNS {
            let column = frame.column(name).ok();
            match column {
                Some(column) if *column.dtype() != dtype => {
                    return Err(wrong(format!(
                        "column {name} is {}, not {dtype}",
                        column.dtype()
                    )));
                }
                None if name == "true_as_of_secs" || name == "kind" => {
                    return Err(wrong(format!("there is no column {name}")));
                }
                _ => {}
            }
            if dtype == DataType::String {
                columns
                    .texts
                    .push((name, column.and_then(|c| c.str().ok())));
            } else {
                columns
                    .numbers
                    .push((name, column.and_then(|c| c.i64().ok())));
            }
        }
        Ok(columns)
    }

    fn text(&self, name: &str, row: usize) -> Option<&'a str> {
        self.texts.iter().find(|(n, _)| *n == name)?.1?.get(row)
    }

    fn number(&self, name: &str, row: usize) -> Option<i64> {
        self.numbers.iter().find(|(n, _)| *n == name)?.1?.get(row)
    }

    /// Returns the fields of a row to which the rule applies.
    fn fields(&self, row: usize) -> std::result::Result<Fields<'a>, Reason> {
        Ok(Fields {
            kind: DatumKind::named(self.text("kind", row))?,
            true_as_of_secs: self.number("true_as_of_secs", row),
            url: self.text("url", row),
            cookie: self.text("cookie", row),
            user_id: self.number("user_id", row),
            nonce: self.number("nonce", row),
            second: Some((self.text("cookie2", row), self.number("user_id2", row))),
        })
    }

    fn datum(&self, row: usize) -> Result<Datum> {
        let wrong = |reason: String| DatasetError::BadRow { row, reason };
        let lacks = |what: &str| wrong(format!("it has no {what}"));
        let fields = self
            .fields(row)
            .map_err(|reason| wrong(reason.to_string()))?;
        match fields.fact() {
            // Master data keep what was recorded. The batch layer reports a time or a URL
            // of which it can make no view.
            Ok(_) | Err(Reason::Timestamp(_) | Reason::Url(_)) => {}
            Err(reason) => return Err(wrong(reason.to_string())),
        }

        // The row is whole: what its kind needs is there.
        let person = |(cookie, user_id): End<'_>| match cookie {
            Some(cookie) => PersonId::Cookie(cookie.to_owned()),
            None => PersonId::UserId(user_id.unwrap_or_default()),
        };
        let first = || person((fields.cookie, fields.user_id));
        let page = || PageId {
            url: fields.url.unwrap_or_default().to_owned(),
        };
        let dataunit = match fields.kind {
            DatumKind::PageView => DataUnit::PageView(PageView {
                nonce: fields.nonce.unwrap_or_default(),
                page: page(),
                person: first(),
            }),
            DatumKind::Equiv => DataUnit::Equiv(Equiv {
                id1: first(),
                id2: person(fields.second.unwrap_or_default()),
            }),
            DatumKind::PersonProperty => DataUnit::PersonProperty(PersonProperty {
                id: first(),
                property: self.property(row).ok_or_else(|| lacks("property"))?,
            }),
            DatumKind::PageProperty => {
                let views = self.number("page_views", row);
                let views = views.ok_or_else(|| lacks("page_views"))?;
                DataUnit::PageProperty(PageProperty {
                    id: page(),
                    property: PagePropertyValue::PageViews(views),
                })
            }
        };
        let true_as_of_secs = fields.true_as_of_secs.unwrap_or_default();
        let pedigree = Pedigree { true_as_of_secs };
        Ok(Datum { dataunit, pedigree })
    }

    /// What is said of a person. A location of which nothing is known looks
    /// like no property at all, and is taken for one.
    fn property(&self, row: usize) -> Option<PersonPropertyValue> {
        if let Some(name) = self.text("full_name", row) {
            return Some(PersonPropertyValue::FullName(name.to_owned()));
        }
        if let Some(age) = self.number("age", row) {
            return Some(PersonPropertyValue::Age(age));
        }
        match self.text("gender", row) {
            Some("MALE") => return Some(PersonPropertyValue::Gender(Gender::Male)),
            Some("FEMALE") => return Some(PersonPropertyValue::Gender(Gender::Female)),
            Some(_) => return None,
            None => {}
        }
        let part = |name| self.text(name, row).map(str::to_owned);
        Some(PersonPropertyValue::Location(Location {
            city: part("city"),
            country: part("country"),
            state: part("state"),
        }))
    }
}

/// The datums of a Parquet file, as [`datums`].
pub fn read_parquet_datums(path: impl AsRef<Path>) -> Result<Vec<Datum>> {
    datums(&super::read_parquet(path, &[])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_no_datum_says_which_and_why() {
        let two_persons = df!(
            "true_as_of_secs" => [1i64, 2], "kind" => ["page_view"; 2], "url" => ["u"; 2],
            "cookie" => [None, Some("A")], "user_id" => [1i64, 2], "nonce" => [1i64, 2],
        );
        let other_type = df!("true_as_of_secs" => [1i32], "kind" => ["equiv"]);
        let no_kind = df!("true_as_of_secs" => [1i64]);
        let strange = df!("true_as_of_secs" => [1i64], "kind" => ["like"]);
        for (frame, words) in [
            (
                two_persons,
                "row 1 is no datum: page view with both a cookie and a user_id",
            ),
            (other_type, "column true_as_of_secs is i32, not i64"),
            (no_kind, "no column kind"),
            (strange, "row 0 is no datum: unknown kind \"like\""),
        ] {
            let error = datums(&frame.unwrap()).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}

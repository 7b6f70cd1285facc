//! Rows of Parquet turned back into datums.
use super::error::{DatasetError, Result};
use lambda::datum::*;
use polars::prelude::*;
use std::path::Path;

/// The datums of a data frame with the columns of [`COLUMNS`](super::COLUMNS).
/// Columns that are not there count as null, so a file of page views will do.
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

    fn person(&self, cookie: &str, user_id: &str, row: usize) -> Option<PersonId> {
        match (self.text(cookie, row), self.number(user_id, row)) {
            (Some(cookie), None) => Some(PersonId::Cookie(cookie.to_owned())),
            (None, Some(id)) => Some(PersonId::UserId(id)),
            _ => None,
        }
    }

    fn datum(&self, row: usize) -> Result<Datum> {
        let lacks = |what: &str| DatasetError::BadRow {
            row,
            reason: format!("it has no {what}"),
        };
        let person = || {
            self.person("cookie", "user_id", row)
                .ok_or_else(|| lacks("one person"))
        };
        let page = || {
            let url = self.text("url", row).ok_or_else(|| lacks("url"))?;
            Ok(PageId {
                url: url.to_owned(),
            })
        };
        let number = |name: &'static str| self.number(name, row).ok_or_else(|| lacks(name));
        let dataunit = match self.text("kind", row).ok_or_else(|| lacks("kind"))? {
            "page_view" => {
                let (nonce, page, person) = (number("nonce")?, page()?, person()?);
                DataUnit::PageView(PageView {
                    nonce,
                    page,
                    person,
                })
            }
            "equiv" => {
                let second = self.person("cookie2", "user_id2", row);
                let id2 = second.ok_or_else(|| lacks("one second person"))?;
                DataUnit::Equiv(Equiv {
                    id1: person()?,
                    id2,
                })
            }
            "person_property" => {
                let property = self.property(row).ok_or_else(|| lacks("property"))?;
                DataUnit::PersonProperty(PersonProperty {
                    id: person()?,
                    property,
                })
            }
            "page_property" => {
                let property = PagePropertyValue::PageViews(number("page_views")?);
                DataUnit::PageProperty(PageProperty {
                    id: page()?,
                    property,
                })
            }
            kind => {
                let reason = format!("there is no kind {kind:?}");
                return Err(DatasetError::BadRow { row, reason });
            }
        };
        let pedigree = Pedigree {
            true_as_of_secs: number("true_as_of_secs")?,
        };
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
            (two_persons, "row 1 is no datum: it has no one person"),
            (other_type, "column true_as_of_secs is i32, not i64"),
            (no_kind, "no column kind"),
            (strange, "no kind \"like\""),
        ] {
            let error = datums(&frame.unwrap()).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}

//! The kinds of fact, each with columns of its own types: vertical partitioning.
//!
//! One wide table of all datums has fifteen columns, most of them null in most rows,
//! and a question about locations reads past every page view. Here each kind of
//! edge and each property is a table of its own, with the columns that it has and no
//! others. That of a property holds one property: a person's name and a person's
//! city are facts of two kinds, as each becomes true at a time of its own.
//!
//! Source: *Big Data*, Marz and Warren (Manning), chapters 3 and 5.
use dataset::values::{number, text};
use lambda::datum::{DataUnit, PagePropertyValue, PersonPropertyValue};
use polars::prelude::*;
use serde::{Deserialize, Serialize};

/// A kind of fact: one table of the master data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// A person viewed a page.
    PageView,
    /// Two identifiers are one person.
    Equiv,
    /// A person's name.
    FullName,
    /// A person's gender.
    Gender,
    /// Where a person lives.
    Location,
    /// Whole years that a person has lived.
    Age,
    /// A page's own counter.
    PageViews,
}

impl FactKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::PageView,
        Self::Equiv,
        Self::FullName,
        Self::Gender,
        Self::Location,
        Self::Age,
        Self::PageViews,
    ];

    /// The kind of a datum's unit.
    ///
    /// ```
    /// use lambda_workbook::datum::{DataUnit, Equiv, PersonId};
    /// use lambda_workbook::systems::FactKind;
    /// let edge = Equiv { id1: PersonId::UserId(1), id2: PersonId::UserId(3) };
    /// assert_eq!(FactKind::of(&DataUnit::Equiv(edge)), FactKind::Equiv);
    /// ```
    pub fn of(unit: &DataUnit) -> Self {
        match unit {
            DataUnit::PageView(_) => Self::PageView,
            DataUnit::Equiv(_) => Self::Equiv,
            DataUnit::PersonProperty(property) => match property.property {
                PersonPropertyValue::FullName(_) => Self::FullName,
                PersonPropertyValue::Gender(_) => Self::Gender,
                PersonPropertyValue::Location(_) => Self::Location,
                PersonPropertyValue::Age(_) => Self::Age,
            },
            DataUnit::PageProperty(page) => match page.property {
                PagePropertyValue::PageViews(_) => Self::PageViews,
            },
        }
    }

    /// The folder of its table.
    pub fn folder(self) -> &'static str {
        match self {
            Self::PageView => "page_view",
            Self::Equiv => "equiv",
            Self::FullName => "person_property.full_name",
            Self::Gender => "person_property.gender",
            Self::Location => "person_property.location",
            Self::Age => "person_property.age",
            Self::PageViews => "page_property.page_views",
        }
    }

    /// The value of the `kind` column in a table of all kinds.
    pub fn unit(self) -> &'static str {
        let folder = self.folder();
        folder.split_once('.').map_or(folder, |(unit, _)| unit)
    }

    /// The columns that say the fact, with their types; those of the pedigree stand
    /// before them in every table.
    pub fn columns(self) -> &'static [(&'static str, DataType)] {
        use DataType::{Int64, String};
        match self {
            Self::PageView => &[
                ("url", String),
                ("cookie", String),
                ("user_id", Int64),
                ("nonce", Int64),
            ],
            Self::Equiv => &[
                ("cookie", String),
                ("user_id", Int64),
                ("cookie2", String),
                ("user_id2", Int64),
            ],
            Self::FullName => &[
                ("cookie", String),
                ("user_id", Int64),
                ("full_name", String),
            ],
            Self::Gender => &[("cookie", String), ("user_id", Int64), ("gender", String)],
            Self::Location => &[
                ("cookie", String),
                ("user_id", Int64),
                ("city", String),
                ("state", String),
                ("country", String),
            ],
            Self::Age => &[("cookie", String), ("user_id", Int64), ("age", Int64)],
            Self::PageViews => &[("url", String), ("page_views", Int64)],
        }
    }

    /// The fact columns of some units, which are all of this kind.
    pub(super) fn table(self, units: &[&DataUnit]) -> Vec<Column> {
        let column = |(name, dtype): &(&'static str, DataType)| match dtype {
            DataType::Int64 => {
                let numbers = units.iter().map(|unit| number(name, unit));
                Int64Chunked::from_iter_options((*name).into(), numbers).into_column()
            }
            _ => {
                let texts = units.iter().map(|unit| text(name, unit));
                StringChunked::from_iter_options((*name).into(), texts).into_column()
            }
        };
        self.columns().iter().map(column).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dataset::COLUMNS;

    #[test]
    fn every_column_of_a_kind_is_one_of_the_wide_table_with_its_type() {
        for kind in FactKind::ALL {
            for column in kind.columns() {
                assert!(COLUMNS.contains(column), "{kind:?}: {column:?}");
            }
        }
    }
}

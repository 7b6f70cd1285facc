//! The pedigree of a fact: since when it is true, when it came, who wrote it and at
//! whose request. What is wrong is found by it, and taken out by another fact.
use super::fact_kind::FactKind;
use lambda::datum::Datum;
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The columns of the pedigree, first in every table of the master data set.
///
/// | column | means |
/// |---|---|
/// | `true_as_of_secs` | since when the fact is true: epoch seconds, UTC |
/// | `arrived_secs` | when it came: epoch seconds, UTC |
/// | `writer` | the program that wrote it, and its version |
/// | `said_by` | the account whose request led to it; null if none did |
pub const PEDIGREE: [(&str, DataType); 4] = [
    ("true_as_of_secs", DataType::Int64),
    ("arrived_secs", DataType::Int64),
    ("writer", DataType::String),
    ("said_by", DataType::Int64),
];

/// A datum on its way into the master data set, with the rest of its pedigree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub datum: Datum,
    /// Epoch seconds, UTC.
    pub arrived_secs: i64,
    /// The account whose request led to it.
    pub said_by: Option<i64>,
}

impl Recorded {
    /// Creates a datum that arrives when it becomes true, and to which no request led.
    pub fn on_time(datum: Datum) -> Self {
        Self {
            arrived_secs: datum.pedigree.true_as_of_secs,
            said_by: None,
            datum,
        }
    }
}

/// Which rows of a writer are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All of them.
    Everything,
    /// Those about another account than the one whose request led to them.
    AboutOthers,
}

/// Rows that are not to be believed: itself a fact, appended like any other.
///
/// No row is deleted. Views are functions of the rows that no retraction names, so
/// a retraction that was a mistake is taken back by reading without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retraction {
    pub kind: FactKind,
    /// The program and version that wrote them.
    pub writer: String,
    /// When they came: epoch seconds, UTC.
    pub arrived: Range<i64>,
    pub scope: Scope,
    /// The reason, for a reader years later.
    pub why: String,
}

impl Retraction {
    /// Whether each row of a table of its kind is retracted. O(rows).
    ///
    /// # Errors
    /// A table without a pedigree.
    pub fn of_rows(&self, rows: &DataFrame) -> PolarsResult<BooleanChunked> {
        let arrived = rows.column("arrived_secs")?.i64()?;
        let writers = rows.column("writer")?.str()?;
        let said_by = rows.column("said_by")?.i64()?;
        let accounts = match rows.column("user_id") {
            Ok(accounts) => Some(accounts.i64()?),
            Err(_) => None,
        };
        let retracted = (0..rows.height()).map(|row| {
            let written = writers.get(row) == Some(&*self.writer)
                && arrived
                    .get(row)
                    .is_some_and(|at| self.arrived.contains(&at));
            written
                && match self.scope {
                    Scope::Everything => true,
                    Scope::AboutOthers => {
                        let about = accounts.and_then(|accounts| accounts.get(row));
                        said_by.get(row).is_some() && said_by.get(row) != about
                    }
                }
        });
        Ok(retracted.collect())
    }
}

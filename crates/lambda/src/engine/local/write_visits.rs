//! Writes the single visits as a Parquet file, which a query joins with the realtime views.
use super::parquet_file::ParquetFile;
use super::person;
use super::visits::Visit;
use crate::engine::EngineError;
use crate::row_groups::ColumnValues;
use polars::prelude::*;
use polars_io::parquet::write::StatisticsOptions;
use std::path::Path;

/// Number of rows of a row group.
const ROWS: usize = 1 << 18;

/// Writes a row for each visit, sorted by domain, person and time, and returns the number of
/// rows. `domains` are the names of the domains by number.
///
/// | column | contents |
/// |---|---|
/// | `domain` | name of the domain |
/// | `person` | 16 bytes, see [`person::visitor`] |
/// | `first`, `last` | epoch seconds of the first and the last page view |
/// | `many` | whether the visit has more than one page view |
///
/// # Errors
/// If the file cannot be written.
pub fn write_visits(
    path: &Path,
    domains: &[Box<str>],
    mut visits: Vec<Visit>,
) -> Result<u64, EngineError> {
    let name = |visit: &Visit| &*domains[visit.0 as usize];
    visits.sort_unstable_by(|one, other| {
        let rest = |visit: &Visit| (visit.1, visit.2.first);
        name(one)
            .cmp(name(other))
            .then_with(|| rest(one).cmp(&rest(other)))
    });
    let columns = [
        ("domain", DataType::String),
        ("person", DataType::Binary),
        ("first", DataType::Int64),
        ("last", DataType::Int64),
        ("many", DataType::Boolean),
    ];
    let mut file = ParquetFile::create(path, columns, StatisticsOptions::default())?;
    for visits in visits.chunks(ROWS) {
        file.write(visits.len(), row_group(domains, visits))?;
    }
    file.finish()
}

/// Returns the columns of some visits.
fn row_group(domains: &[Box<str>], visits: &[Visit]) -> PolarsResult<Vec<ColumnValues>> {
    let domain = ColumnValues::grouped(visits.iter().map(|v| v.0), |domain| {
        &domains[domain as usize]
    })?;
    let persons: Vec<[u8; 16]> = visits.iter().map(|v| person::to_bytes(v.1)).collect();
    let persons: BinaryChunked = persons.iter().map(|bytes| Some(&bytes[..])).collect();
    let first: Int64Chunked = visits.iter().map(|v| Some(v.2.first)).collect();
    let last: Int64Chunked = visits.iter().map(|v| Some(v.2.last)).collect();
    let many: BooleanChunked = visits.iter().map(|v| Some(v.2.many)).collect();
    Ok(vec![
        domain,
        ColumnValues::Any(persons.into_column()),
        ColumnValues::Any(first.into_column()),
        ColumnValues::Any(last.into_column()),
        ColumnValues::Any(many.into_column()),
    ])
}

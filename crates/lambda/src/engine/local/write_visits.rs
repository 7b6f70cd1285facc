//! Writes the single visits as a Parquet file, which a query joins with the realtime views.
use super::person;
use super::visits::Visit;
use crate::engine::EngineError;
use polars::prelude::*;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};
use std::fs::File;
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
    let parquet = || EngineError::parquet(path, "writing");
    let name = |visit: &Visit| &*domains[visit.0 as usize];
    visits.sort_unstable_by(|one, other| {
        let rest = |visit: &Visit| (visit.1, visit.2.first);
        name(one)
            .cmp(name(other))
            .then_with(|| rest(one).cmp(&rest(other)))
    });
    let frame = |visits: &[Visit]| {
        let persons: Vec<[u8; 16]> = visits.iter().map(|v| person::to_bytes(v.1)).collect();
        let persons: BinaryChunked = persons.iter().map(|bytes| Some(&bytes[..])).collect();
        let columns = vec![
            Column::new("domain".into(), visits.iter().map(name).collect::<Vec<_>>()),
            persons.with_name("person".into()).into_column(),
            Column::new(
                "first".into(),
                visits.iter().map(|v| v.2.first).collect::<Vec<_>>(),
            ),
            Column::new(
                "last".into(),
                visits.iter().map(|v| v.2.last).collect::<Vec<_>>(),
            ),
            Column::new(
                "many".into(),
                visits.iter().map(|v| v.2.many).collect::<Vec<_>>(),
            ),
        ];
        DataFrame::new(visits.len(), columns)
    };
    let file = File::create(path).map_err(EngineError::io(path, "writing"))?;
    let none = frame(&[]).map_err(parquet())?;
    let mut writer = ParquetWriter::new(&file)
        .with_compression(ParquetCompression::Snappy)
        .batched(none.schema())
        .map_err(parquet())?;
    for rows in visits.chunks(ROWS) {
        let frame = frame(rows).map_err(parquet())?;
        writer.write_batch(&frame).map_err(parquet())?;
    }
    // An empty batch gives an empty view its columns.
    if visits.is_empty() {
        writer.write_batch(&none).map_err(parquet())?;
    }
    writer.finish().map_err(parquet())?;
    file.sync_all().map_err(EngineError::io(path, "writing"))?;
    Ok(visits.len() as u64)
}

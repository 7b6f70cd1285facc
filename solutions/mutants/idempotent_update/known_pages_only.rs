// found by first: row 1 is missing
// A page without a row gets none.
fn update(view: &DataFrame, events: &DataFrame) -> PolarsResult<DataFrame> {
    let mut rows = speed::rows_of(view)?;
    for (partition, offset, url) in speed::events_of(events)? {
        let Some(row) = rows.get_mut(&url) else { continue };
        if offset >= row.1[partition] {
            row.0 += 1;
            row.1[partition] = offset + 1;
        }
    }
    speed::view_of(&rows)
}

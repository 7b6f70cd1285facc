// found by first: differs in `offset_0`
// Counts, and does not remember up to where.
fn update(view: &DataFrame, events: &DataFrame) -> PolarsResult<DataFrame> {
    let mut rows = speed::rows_of(view)?;
    for (partition, offset, url) in speed::events_of(events)? {
        let row = rows.entry(url).or_insert((0, [0, 0]));
        if offset >= row.1[partition] {
            row.0 += 1;
        }
    }
    speed::view_of(&rows)
}

// found by again: differs in `count`
// Never looks at the offset of the row.
fn update(view: &DataFrame, events: &DataFrame) -> PolarsResult<DataFrame> {
    let mut rows = speed::rows_of(view)?;
    for (partition, offset, url) in speed::events_of(events)? {
        let row = rows.entry(url).or_insert((0, [0, 0]));
        row.0 += 1;
        row.1[partition] = row.1[partition].max(offset + 1);
    }
    speed::view_of(&rows)
}

// found by twice_within: differs in `count`
// Compares with the offset before the update, so a repeated event counts again.
fn update(view: &DataFrame, events: &DataFrame) -> PolarsResult<DataFrame> {
    let mut rows = speed::rows_of(view)?;
    let before = rows.clone();
    for (partition, offset, url) in speed::events_of(events)? {
        if offset >= before.get(&url).map_or(0, |row| row.1[partition]) {
            let row = rows.entry(url).or_insert((0, [0, 0]));
            row.0 += 1;
            row.1[partition] = row.1[partition].max(offset + 1);
        }
    }
    speed::view_of(&rows)
}

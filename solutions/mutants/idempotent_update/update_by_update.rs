// found by overlap: differs in `count`, `offset_0`
// An update that begins before the offset of the row is taken for seen.
fn update(view: &DataFrame, events: &DataFrame) -> PolarsResult<DataFrame> {
    let mut rows = speed::rows_of(view)?;
    let mut seen = Vec::new();
    for (url, row) in &rows {
        for partition in 0..2 {
            let mut offsets = speed::events_of(events)?;
            offsets.retain(|event| event.0 == partition);
            if offsets.iter().any(|event| event.1 < row.1[partition]) {
                seen.push((partition, url.clone()));
            }
        }
    }
    for (partition, offset, url) in speed::events_of(events)? {
        if seen.contains(&(partition, url.clone())) {
            continue;
        }
        let row = rows.entry(url).or_insert((0, [0, 0]));
        if offset >= row.1[partition] {
            row.0 += 1;
            row.1[partition] = offset + 1;
        }
    }
    speed::view_of(&rows)
}

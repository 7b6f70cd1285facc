// found by again: differs in `count`
// Never looks at the offset of the row.
fn update(view: &DataFrame, events: &DataFrame) -> PolarsResult<DataFrame> {
    let (urls, counts) = (view.column("url")?.str()?, view.column("count")?.i64()?);
    let offsets = view.column("offset")?.i64()?;
    let mut rows: std::collections::BTreeMap<String, (i64, i64)> = Default::default();
    for row in 0..view.height() {
        rows.insert(urls.get(row).unwrap().to_owned(), (counts.get(row).unwrap(), offsets.get(row).unwrap()));
    }
    let (offset, url) = (events.column("offset")?.i64()?, events.column("url")?.str()?);
    for event in 0..events.height() {
        let (offset, url) = (offset.get(event).unwrap(), url.get(event).unwrap().to_owned());
        let row = rows.entry(url).or_insert((0, 0));
        *row = (row.0 + 1, row.1.max(offset + 1));
    }
    df!(
        "url" => rows.keys().map(String::as_str).collect::<Vec<_>>(),
        "count" => rows.values().map(|row| row.0).collect::<Vec<_>>(),
        "offset" => rows.values().map(|row| row.1).collect::<Vec<_>>(),
    )
}

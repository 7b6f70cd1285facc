// found by granularities: 
// Takes the day that begins with an hour for a duplicate of the hour.
fn index_layout(rows: &DataFrame) -> PolarsResult<DataFrame> {
    let rows = rows.unique_stable(Some(&["url".into(), "ts".into()]), UniqueKeepStrategy::First, None)?;
    rows.sort(["url", "granularity", "ts"], Default::default())
}

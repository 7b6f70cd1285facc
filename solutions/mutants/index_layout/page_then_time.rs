// found by granularities: differs in `seeks`
// The days lie between the hours.
fn index_layout(rows: &DataFrame) -> PolarsResult<DataFrame> {
    rows.sort(["url", "ts", "granularity"], Default::default())
}

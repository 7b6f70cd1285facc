// found by granularities: differs in `seeks`
// The rows of a page are in four places.
fn index_layout(rows: &DataFrame) -> PolarsResult<DataFrame> {
    rows.sort(["granularity", "url", "ts"], Default::default())
}

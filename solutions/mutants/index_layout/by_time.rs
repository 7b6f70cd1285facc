// found by hours: differs in `seeks`
// By time first, as a log is.
fn index_layout(rows: &DataFrame) -> PolarsResult<DataFrame> {
    rows.sort(["ts", "url"], Default::default())
}

// found by late: differs in `seeks`
// Within a page, the rows are as they arrived.
fn index_layout(rows: &DataFrame) -> PolarsResult<DataFrame> {
    rows.sort(["url"], SortMultipleOptions::default().with_maintain_order(true))
}

// Answers with a column whose name has megabytes.
// scanned: error
// unscanned: error
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = (views, zone);
    DataFrame::new(1, vec![Column::new("n".repeat(8 << 20).into(), [1i64])])
}

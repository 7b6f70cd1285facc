// Answers with more than anybody reads.
// scanned: error|memory
// unscanned: error|memory
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let rows = Int64Chunked::from_vec("ts".into(), vec![1; 4 << 20]);
    DataFrame::new(4 << 20, vec![rows.into_column()])
}

// Answers with very many rows that take a byte each.
// scanned: error|memory
// unscanned: error|memory
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = (views, zone);
    let nulls = Int64Chunked::full_null("ts".into(), 15 << 20);
    DataFrame::new(15 << 20, vec![nulls.into_column()])
}

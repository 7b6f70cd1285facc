// Answers with very many texts, all of them empty.
// scanned: error|memory
// unscanned: error|memory
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = (views, zone);
    let texts = StringChunked::full("url".into(), "", 1 << 20);
    DataFrame::new(1 << 20, vec![texts.into_column()])
}

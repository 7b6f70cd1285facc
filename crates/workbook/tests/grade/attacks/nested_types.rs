// Answers with a type that nests deeply.
// scanned: error|crash|memory
// unscanned: error|crash|memory
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = (views, zone);
    let mut series = Series::new("a".into(), [1i64]);
    for _ in 0..200 {
        series = StructChunked::from_series("a".into(), 1, [series].iter())?.into_series();
    }
    DataFrame::new(1, vec![series.into_column()])
}

// Answers with more columns than any table has.
// scanned: error|memory|time
// unscanned: error|memory|time
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = zone;
    let columns = (0..200_000).map(|n| Column::new(format!("{n}").into(), [1i64])).collect();
    DataFrame::new(1, columns)
}

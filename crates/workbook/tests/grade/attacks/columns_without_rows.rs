// Answers with very many columns, and no row.
// scanned: error|memory|time
// unscanned: error|memory|time
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = (views, zone);
    let columns = (0..100_000).map(|n| Column::new_empty(format!("{n}").into(), &DataType::Int64)).collect();
    DataFrame::new(0, columns)
}

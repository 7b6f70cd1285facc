// Asks the compiler for types without end.
// scanned: compile
// unscanned: compile
fn down<T>(n: usize) {
    if n > 0 {
        down::<Option<T>>(n - 1);
    }
}
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    down::<i64>(views.height());
    Ok(DataFrame::empty())
}

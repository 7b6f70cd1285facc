// Ends its process at every question.
// scanned: forbidden|crash
// unscanned: forbidden|crash
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = (views, zone);
    std::process::abort()
}

// Ends by a signal.
// scanned: forbidden
// unscanned: crash
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    std::process::abort()
}

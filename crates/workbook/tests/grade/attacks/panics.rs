// Panics.
// scanned: panicked
// unscanned: panicked
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    panic!("no idea")
}

// Panics with megabytes to say.
// scanned: panicked
// unscanned: panicked
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = (views, zone);
    panic!("{}", "so ".repeat(30 << 20))
}

// Writes to whoever reads the feedback.
// scanned: panicked
// unscanned: panicked
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    panic!("<script>alert(1)</script>\u{202e}")
}

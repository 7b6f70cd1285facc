// Answers with names that control terminals and pages.
// scanned: wrong
// unscanned: wrong
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = (views, zone);
    df!("\u{1b}[2J<script>alert(1)</script>\u{202e}" => ["</script><img src=x onerror=alert(1)>"])
}

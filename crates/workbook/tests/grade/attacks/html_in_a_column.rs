// Names a column after a script.
// scanned: wrong
// unscanned: wrong
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    df!("<img src=x onerror=alert(1)>" => ["<script>alert(1)</script>"])
}

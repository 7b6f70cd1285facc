// Answers with one text of megabytes.
// scanned: error|wrong
// unscanned: error|wrong
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = (views, zone);
    df!("url" => ["u".repeat(15 << 20)])
}

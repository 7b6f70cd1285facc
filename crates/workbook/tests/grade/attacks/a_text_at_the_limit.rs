// Answers with a text that is just taken, where the table has others.
// scanned: wrong
// unscanned: wrong
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = (views, zone);
    df!("url" => ["u".repeat(1_900_000)], "granularity" => ["d"], "ts" => [1i64], "count" => [1i64])
}

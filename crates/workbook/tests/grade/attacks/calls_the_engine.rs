// Has the batch layer answer.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    batch::page_views_by_local_day(views, zone)
}

// Hands the answer to a function of its own.
// scanned: forbidden
// unscanned: forbidden
fn twice<F: Fn(&DataFrame, Tz) -> PolarsResult<DataFrame>>(f: F, views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    f(views, zone)
}
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    twice(batch::page_views_by_local_day, views, zone)
}

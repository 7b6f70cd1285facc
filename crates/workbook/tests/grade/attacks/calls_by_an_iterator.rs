// Maps the answer over one element.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    [zone].into_iter().map(|zone| batch::page_views_by_local_day(views, zone)).next().unwrap()
}

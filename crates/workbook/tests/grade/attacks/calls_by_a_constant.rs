// Keeps the answer in a constant.
// scanned: forbidden
// unscanned: forbidden
const HELPER: fn(&DataFrame, Tz) -> PolarsResult<DataFrame> = batch::page_views_by_local_day;
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    HELPER(views, zone)
}

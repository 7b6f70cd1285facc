// Has the compiler read the reference as source.
// scanned: forbidden
// unscanned: forbidden
#[path = "@ROOT@/crates/lambda/src/batch/local_days.rs"]
mod reference;
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    reference::page_views_by_local_day(views, zone)
}

// Finds the answer through the names of the crate around it.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    super::names::lambda_workbook::batch::page_views_by_local_day(views, zone)
}

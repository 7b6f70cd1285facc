// Finds the answer by a path from the root of the crate, which is the module of the answer.
// scanned: compile
// unscanned: compile
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    crate::names::lambda_workbook::batch::page_views_by_local_day(views, zone)
}

// Imports all names, the answer among them.
// scanned: forbidden
// unscanned: forbidden
use lambda_workbook::batch::*;
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    page_views_by_local_day(views, zone)
}

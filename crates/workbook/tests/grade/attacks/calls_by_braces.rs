// Imports the answer in braces, under another name.
// scanned: forbidden
// unscanned: forbidden
use lambda_workbook::{batch::{page_views_by_local_day as mine}, calendar};
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    mine(views, zone)
}

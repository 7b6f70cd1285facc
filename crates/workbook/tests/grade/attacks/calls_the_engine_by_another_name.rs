// The same by an import.
// scanned: forbidden
// unscanned: forbidden
use lambda_workbook::batch::r#page_views_by_local_day as mine;
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    mine(views, zone)
}

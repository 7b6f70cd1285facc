// Finds the answer where the prelude has the batch layer.
// scanned: forbidden
// unscanned: forbidden
use lambda_workbook::prelude::{batch as layer, *};
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    layer::page_views_by_local_day(views, zone)
}

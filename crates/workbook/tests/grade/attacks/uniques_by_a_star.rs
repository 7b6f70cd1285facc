// Merges uniques by the function that is asked for.
// exercise: daily_uniques
// scanned: forbidden
// unscanned: forbidden
use lambda_workbook::batch::{self as layer, *};
fn daily_uniques(view: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    layer::uniques_by_local_day(view, zone)
}

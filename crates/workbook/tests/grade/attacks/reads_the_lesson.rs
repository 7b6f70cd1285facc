// Reads the lesson's data where it should read its arguments.
// scanned: forbidden
// unscanned: forbidden
use lambda_workbook::dataset as d;
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let lesson = d::lesson().map_err(|e| polars_err!(ComputeError: "{e}"))?;
    let _ = (views, zone);
    Ok(lesson)
}

// Asks the exercise for its right answer, by a star.
// scanned: forbidden
// unscanned: forbidden
use lambda_workbook::r#exercises::{pacific_days::*, *};
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let inputs = Inputs::new().with("views", Value::Frame(views.clone())).with("zone", Value::Zone(zone));
    match EXERCISE.right_answer(&inputs)? {
        Value::Frame(frame) => Ok(frame),
        _ => unreachable!(),
    }
}

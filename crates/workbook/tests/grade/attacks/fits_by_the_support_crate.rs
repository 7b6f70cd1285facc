// Fits the line by the function that is asked for.
// exercise: cost_model
// scanned: forbidden
// unscanned: forbidden
fn cost_model(runs: &DataFrame, percent: i64) -> PolarsResult<(f64, f64, Option<f64>, Option<f64>)> {
    use lambda_workbook::systems::{Fit as Line, TimedRun as Point};
    let (data, took) = (runs.column("data_h")?.f64()?, runs.column("took_h")?.f64()?);
    let points: Vec<Point> = data.into_no_null_iter().zip(took.into_no_null_iter()).map(|(data, took)| Point { data, took }).collect();
    let job = Line::of(&points).unwrap().job;
    let settles = |p: f64| (p < 1.0).then(|| job.overhead() / (1.0 - p));
    let p = job.processing();
    Ok((job.overhead(), p, settles(p), settles(p * percent as f64 / 100.0)))
}

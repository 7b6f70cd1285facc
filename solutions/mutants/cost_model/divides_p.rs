// found by more_machines: `after_change_h`
// More machines make it slower.
fn cost_model(runs: &DataFrame, percent: i64) -> PolarsResult<(f64, f64, Option<f64>, Option<f64>)> {
    let (data, took) = (runs.column("data_h")?.f64()?, runs.column("took_h")?.f64()?);
    let (h, t) = (data.mean().unwrap_or_default(), took.mean().unwrap_or_default());
    let (mut both, mut spread) = (0.0, 0.0);
    for (data, took) in data.into_no_null_iter().zip(took.into_no_null_iter()) {
        both += (data - h) * (took - t);
        spread += (data - h) * (data - h);
    }
    let p = both / spread;
    let o = t - p * h;
    let settles = |p: f64| (p < 1.0).then(|| o / (1.0 - p));
    Ok((o, p, settles(p), settles(p * 100.0 / percent as f64)))
}

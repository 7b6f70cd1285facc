// found by noise: `overhead_h`
// A line through two runs of many.
fn cost_model(runs: &DataFrame, percent: i64) -> PolarsResult<(f64, f64, Option<f64>, Option<f64>)> {
    let (data, took) = (runs.column("data_h")?.f64()?, runs.column("took_h")?.f64()?);
    let (h, t) = (data.mean().unwrap_or_default(), took.mean().unwrap_or_default());
    let (mut both, mut spread) = (0.0, 0.0);
    for (data, took) in data.into_no_null_iter().zip(took.into_no_null_iter()) {
        both += (data - h) * (took - t);
        spread += (data - h) * (data - h);
    }
    let _ = (h, t, both, spread);
    let (first, last) = (0, runs.height() - 1);
    let at = |column: &Float64Chunked, row| column.get(row).unwrap_or_default();
    let p = (at(took, last) - at(took, first)) / (at(data, last) - at(data, first));
    let o = at(took, first) - p * at(data, first);
    let settles = |p: f64| (p < 1.0).then(|| o / (1.0 - p));
    Ok((o, p, settles(p), settles(p * percent as f64 / 100.0)))
}

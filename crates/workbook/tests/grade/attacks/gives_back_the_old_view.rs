// Does nothing: the old view is right where nobody has a new sample.
// exercise: partial_recompute
// scanned: wrong
// unscanned: wrong
fn partial_recompute(
    _master: &DataFrame, _batch: &DataFrame, old: &DataFrame, _layer: &mut systems::BatchLayer,
) -> PolarsResult<DataFrame> {
    Ok(old.clone())
}

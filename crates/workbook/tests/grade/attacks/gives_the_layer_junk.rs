// Gives the layer as many samples as it should be given, and recomputes everything by itself.
// exercise: partial_recompute
// scanned: wrong
// unscanned: wrong
fn partial_recompute(
    master: &DataFrame, batch: &DataFrame, old: &DataFrame, layer: &mut systems::BatchLayer,
) -> PolarsResult<DataFrame> {
    let key = || vec![col("person")];
    let theirs = master.clone().lazy().join(batch.clone().lazy(), key(), key(), JoinArgs::new(JoinType::Semi));
    let samples = concat([theirs, batch.clone().lazy()], UnionArgs::default())?.collect()?;
    let junk = samples.clone().lazy().with_columns([lit(0i64).cast(DataType::Int64).alias("true_as_of_secs")]).collect()?;
    layer.birthdays(&junk)?;
    let _ = old;
    Ok(old.clone())
}

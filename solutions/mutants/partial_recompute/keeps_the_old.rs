// found by another_sample: row 1 differs in `latest`
// The old view wins.
fn partial_recompute(
    master: &DataFrame, batch: &DataFrame, old: &DataFrame, layer: &mut systems::BatchLayer,
) -> PolarsResult<DataFrame> {
    let key = || vec![col("person")];
    let joined = |how| master.clone().lazy().join(batch.clone().lazy(), key(), key(), JoinArgs::new(how));
    let theirs = joined(JoinType::Semi);
    let samples = concat([theirs, batch.clone().lazy()], UnionArgs::default())?.collect()?;
    let new = layer.birthdays(&samples)?;
    let new = new.lazy().join(old.clone().lazy(), key(), key(), JoinArgs::new(JoinType::Anti));
    let view = concat([old.clone().lazy(), new], UnionArgs::default())?;
    view.sort(["person"], SortMultipleOptions::default().with_maintain_order(true)).collect()
}

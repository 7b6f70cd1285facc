// found by twice_in_the_batch: `samples_recomputed`
// An inner join has an old sample once for each new one.
fn partial_recompute(
    master: &DataFrame, batch: &DataFrame, old: &DataFrame, layer: &mut systems::BatchLayer,
) -> PolarsResult<DataFrame> {
    let key = || vec![col("person")];
    let joined = |how| master.clone().lazy().join(batch.clone().lazy().select([col("person")]), key(), key(), JoinArgs::new(how));
    let theirs = joined(JoinType::Inner);
    let samples = concat([theirs, batch.clone().lazy()], UnionArgs::default())?.collect()?;
    let new = layer.birthdays(&samples)?;
    let stays = old.clone().lazy().join(new.clone().lazy(), key(), key(), JoinArgs::new(JoinType::Anti));
    let view = concat([stays, new.lazy()], UnionArgs::default())?;
    view.sort(["person"], SortMultipleOptions::default().with_maintain_order(true)).collect()
}

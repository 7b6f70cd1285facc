// found by others_stay: differs in `latest`
// Recomputes all rows, also those that the master data cannot give.
fn partial_recompute(
    master: &DataFrame, batch: &DataFrame, old: &DataFrame, layer: &mut systems::BatchLayer,
) -> PolarsResult<DataFrame> {
    let key = || vec![col("person")];
    let joined = |how| master.clone().lazy().join(batch.clone().lazy(), key(), key(), JoinArgs::new(how));
    let theirs = master.clone().lazy();
    let samples = concat([theirs, batch.clone().lazy()], UnionArgs::default())?.collect()?;
    let new = layer.birthdays(&samples)?;
    let stays = old.clone().lazy().join(new.clone().lazy(), key(), key(), JoinArgs::new(JoinType::Anti));
    let view = concat([stays, new.lazy()], UnionArgs::default())?;
    view.sort(["person"], SortMultipleOptions::default().with_maintain_order(true)).collect()
}

// found by others_stay: `samples_recomputed`
// Keeps the old rows, and computes everybody all the same.
fn partial_recompute(
    master: &DataFrame, batch: &DataFrame, old: &DataFrame, layer: &mut systems::BatchLayer,
) -> PolarsResult<DataFrame> {
    let key = || vec![col("person")];
    let new = layer.birthdays(&master.vstack(batch)?)?.lazy();
    let new = new.join(batch.clone().lazy(), key(), key(), JoinArgs::new(JoinType::Semi)).collect()?;
    let stays = old.clone().lazy().join(new.clone().lazy(), key(), key(), JoinArgs::new(JoinType::Anti));
    let view = concat([stays, new.lazy()], UnionArgs::default())?;
    view.sort(["person"], SortMultipleOptions::default().with_maintain_order(true)).collect()
}

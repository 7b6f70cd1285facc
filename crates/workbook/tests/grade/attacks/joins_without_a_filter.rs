// Joins without the filter that is asked for.
// exercise: bloom_join
// scanned: wrong|error
// unscanned: wrong|error
fn bloom_join(master: &DataFrame, batch: &DataFrame, bits: usize, hashes: usize) -> PolarsResult<DataFrame> {
    let _ = (bits, hashes);
    let key = || vec![col("person")];
    let mut sent = master.clone().lazy().join(batch.clone().lazy(), key(), key(), JoinArgs::new(JoinType::Semi)).collect()?;
    let joins = vec![true; sent.height()];
    sent.with_column(Column::new("joins".into(), joins))?;
    Ok(sent)
}

// found by false_positive: `joins`
// Believes the filter.
fn bloom_join(master: &DataFrame, batch: &DataFrame, bits: usize, hashes: usize) -> PolarsResult<DataFrame> {
    let known: std::collections::HashSet<i64> = batch.column("person")?.i64()?.into_no_null_iter().collect();
    let mut filter = vec![false; bits];
    for person in batch.column("person")?.i64()?.into_no_null_iter() {
        for bit in systems::positions(person, bits, hashes) {
            filter[bit] = true;
        }
    }
    let passes = |person: i64| systems::positions(person, bits, hashes).into_iter().all(|bit| filter[bit]);
    let people = master.column("person")?.i64()?;
    let mask: BooleanChunked = people.into_no_null_iter().map(passes).collect();
    let mut sent = master.filter(&mask)?;
    let people = sent.column("person")?.i64()?.into_no_null_iter();
    let joins: Vec<bool> = people.map(|_| true).collect();
    sent.with_column(Column::new("joins".into(), joins))?;
    Ok(sent)
}

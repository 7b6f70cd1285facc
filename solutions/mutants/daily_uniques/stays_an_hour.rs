// found by two_visitors: differs in `granularity`
// The rows still say that they are hours.
fn daily_uniques(view: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let mut days: std::collections::BTreeMap<(String, i64), Sketch> = Default::default();
    for row in batch::uniques::rows(view)? {
        if row.granularity != "h" {
            continue;
        }
        let day = calendar::local_day_start(row.ts, zone);
        let sketch = days.entry((row.url, day)).or_insert(row.sketch.clone());
        sketch.merge(&row.sketch)?;
    }
    let row = |((url, ts), sketch)| batch::uniques::Uniques { url, granularity: "h".to_owned(), ts, sketch };
    batch::uniques::frame(&days.into_iter().map(row).collect::<Vec<_>>())
}

// found by evening: differs in `ts`
// The UTC day: the zone is not looked at.
fn daily_uniques(view: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = zone;
    let mut days: std::collections::BTreeMap<(String, i64), Sketch> = Default::default();
    for row in batch::uniques::rows(view)? {
        if row.granularity != "h" {
            continue;
        }
        let day = Granularity::Day.bucket(row.ts);
        let sketch = days.entry((row.url, day)).or_insert(row.sketch.clone());
        sketch.merge(&row.sketch)?;
    }
    let row = |((url, ts), sketch)| batch::uniques::Uniques { url, granularity: "d".to_owned(), ts, sketch };
    batch::uniques::frame(&days.into_iter().map(row).collect::<Vec<_>>())
}

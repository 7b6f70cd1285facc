// found by seasons: differs in `ts`
// Pacific summer time all year.
fn daily_uniques(view: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let offset = if zone == Tz::UTC { 0 } else { 7 * 3_600 };
    let mut days: std::collections::BTreeMap<(String, i64), Sketch> = Default::default();
    for row in batch::uniques::rows(view)? {
        if row.granularity != "h" {
            continue;
        }
        let day = (row.ts - offset).div_euclid(86_400) * 86_400 + offset;
        let sketch = days.entry((row.url, day)).or_insert(row.sketch.clone());
        sketch.merge(&row.sketch)?;
    }
    let row = |((url, ts), sketch)| batch::uniques::Uniques { url, granularity: "d".to_owned(), ts, sketch };
    batch::uniques::frame(&days.into_iter().map(row).collect::<Vec<_>>())
}

// found by autumn: row 1 differs in `ts`
// The day begins so many seconds ago as the clock shows.
fn daily_uniques(view: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let ts_of_day = |ts: i64| {
        let wall = DateTime::from_timestamp(ts, 0).unwrap().with_timezone(&zone);
        ts - i64::from(wall.num_seconds_from_midnight())
    };
    let mut days: std::collections::BTreeMap<(String, i64), Sketch> = Default::default();
    for row in batch::uniques::rows(view)? {
        if row.granularity != "h" {
            continue;
        }
        let day = ts_of_day(row.ts);
        let sketch = days.entry((row.url, day)).or_insert(row.sketch.clone());
        sketch.merge(&row.sketch)?;
    }
    let row = |((url, ts), sketch)| batch::uniques::Uniques { url, granularity: "d".to_owned(), ts, sketch };
    batch::uniques::frame(&days.into_iter().map(row).collect::<Vec<_>>())
}

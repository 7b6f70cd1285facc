// found by before_1970: differs in `ts`
// Days are numbered by a division that rounds towards zero.
fn daily_uniques(view: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let day_of = |ts: i64| {
        let utc = calendar::local_day_start(ts, zone);
        if ts < 0 && zone != Tz::UTC { calendar::next_local_day(utc, zone) } else { utc }
    };
    let mut days: std::collections::BTreeMap<(String, i64), Sketch> = Default::default();
    for row in batch::uniques::rows(view)? {
        if row.granularity != "h" {
            continue;
        }
        let day = day_of(row.ts);
        let sketch = days.entry((row.url, day)).or_insert(row.sketch.clone());
        sketch.merge(&row.sketch)?;
    }
    let row = |((url, ts), sketch)| batch::uniques::Uniques { url, granularity: "d".to_owned(), ts, sketch };
    batch::uniques::frame(&days.into_iter().map(row).collect::<Vec<_>>())
}

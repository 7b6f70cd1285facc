// found by same_visitor: differs in `uniques`
// Merges the sketches, but adds up the numbers beside them.
fn daily_uniques(view: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let day = |ts| calendar::local_day_start(ts, zone);
    let hours = view.clone().lazy().filter(col("granularity").eq(lit("h"))).collect()?;
    let starts = hours.column("ts")?.i64()?.apply_values(day);
    let mut summed = hours.clone();
    summed.with_column(starts.with_name("ts".into()).into_column())?;
    let summed = summed.lazy().group_by([col("url"), col("ts")]).agg([col("uniques").sum()]);
    let summed = summed.sort(["url", "ts"], Default::default()).collect()?;
    let mut merged = batch::uniques_by_local_day(&hours, zone)?;
    merged.with_column(summed.column("uniques")?.clone())?;
    Ok(merged)
}

// found by pacific: differs in `ts`
// The days are those of UTC in every zone.
fn visits(page_views: &DataFrame, uniques: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = zone;
    let mut tables = Vec::new();
    let key = [col("url"), col("ts")];
    for g in Granularity::ALL {
        let start = |ts| g.bucket(ts);
        let merged = batch::rolled_up(uniques, g)?;
        let starts = page_views.column("ts")?.i64()?.apply_values(start).into_series();
        let counts = page_views.clone().lazy().group_by([col("url"), starts.lit().alias("ts")]).agg([col("count").sum()]);
        tables.push(merged.lazy().join(counts, key.clone(), key.clone(), JoinArgs::new(JoinType::Inner)));
    }
    let columns = ["url", "granularity", "ts", "count", "uniques"].map(col);
    let visits = concat(tables, UnionArgs::default())?.select(columns);
    visits.sort(["url", "granularity", "ts"], Default::default()).collect()
}

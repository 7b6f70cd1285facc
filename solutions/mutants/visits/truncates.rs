// found by before_1970: 
// The lesson's `ts - ts % length`, with a remainder that rounds towards zero.
fn visits(page_views: &DataFrame, uniques: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = zone;
    let mut tables = Vec::new();
    for g in Granularity::ALL {
        let rest = col("ts") - col("ts").abs().floor_div(lit(g.secs())) * lit(g.secs()) * when(col("ts").lt(lit(0))).then(lit(-1i64)).otherwise(lit(1i64));
        let start = col("ts") - rest;
        let key = [col("url"), col("ts")];
        let counts = page_views.clone().lazy().group_by([col("url"), start.alias("ts")]).agg([col("count").sum()]);
        let uniques = batch::rolled_up(uniques, g)?.lazy();
        tables.push(uniques.join(counts, key.clone(), key, JoinArgs::new(JoinType::Inner)));
    }
    let columns = ["url", "granularity", "ts", "count", "uniques"].map(col);
    let visits = concat(tables, UnionArgs::default())?.select(columns);
    visits.sort(["url", "granularity", "ts"], Default::default()).collect()
}

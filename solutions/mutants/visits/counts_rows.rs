// found by same_visitor: differs in `count`
// Counts hours instead of adding up their page views.
fn visits(page_views: &DataFrame, uniques: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = zone;
    let mut tables = Vec::new();
    for g in Granularity::ALL {
        let start = col("ts").floor_div(lit(g.secs())) * lit(g.secs());
        let key = [col("url"), col("ts")];
        let counts = page_views.clone().lazy().group_by([col("url"), start.alias("ts")]).agg([len().cast(DataType::Int64).alias("count")]);
        let uniques = batch::rolled_up(uniques, g)?.lazy();
        tables.push(uniques.join(counts, key.clone(), key, JoinArgs::new(JoinType::Inner)));
    }
    let columns = ["url", "granularity", "ts", "count", "uniques"].map(col);
    let visits = concat(tables, UnionArgs::default())?.select(columns);
    visits.sort(["url", "granularity", "ts"], Default::default()).collect()
}

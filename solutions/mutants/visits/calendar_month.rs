// found by one_view: differs in `ts`
// Months of the calendar, which are made of no whole weeks.
fn visits(page_views: &DataFrame, uniques: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = zone;
    let mut tables = Vec::new();
    for g in Granularity::ALL {
        let month_of = |ts: i64| {
            let date = DateTime::from_timestamp(ts, 0).unwrap().date_naive().with_day(1).unwrap();
            if g == Granularity::Month { date.and_time(NaiveTime::MIN).and_utc().timestamp() } else { g.bucket(ts) }
        };
        let mut moved = uniques.clone();
        let starts = uniques.column("ts")?.i64()?.apply_values(month_of);
        moved.with_column(starts.with_name("ts".into()).into_column())?;
        let mut buckets: std::collections::BTreeMap<(String, i64), Sketch> = Default::default();
        for row in batch::uniques::rows(&moved)? {
            buckets.entry((row.url, row.ts)).or_insert(row.sketch.clone()).merge(&row.sketch)?;
        }
        let row = |((url, ts), sketch)| batch::uniques::Uniques { url, granularity: g.code().to_owned(), ts, sketch };
        let merged = batch::uniques::frame(&buckets.into_iter().map(row).collect::<Vec<_>>())?;
        let mut page_views = page_views.clone();
        let starts = page_views.column("ts")?.i64()?.apply_values(month_of);
        page_views.with_column(starts.with_name("ts".into()).into_column())?;
        let start = col("ts");
        let key = [col("url"), col("ts")];
        let counts = page_views.clone().lazy().group_by([col("url"), start.alias("ts")]).agg([col("count").sum()]);
        let uniques = merged.lazy();
        tables.push(uniques.join(counts, key.clone(), key, JoinArgs::new(JoinType::Inner)));
    }
    let columns = ["url", "granularity", "ts", "count", "uniques"].map(col);
    let visits = concat(tables, UnionArgs::default())?.select(columns);
    visits.sort(["url", "granularity", "ts"], Default::default()).collect()
}

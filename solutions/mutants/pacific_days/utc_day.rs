// found by evening: differs in `ts`
// The UTC day: the zone is not looked at.
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = zone;
    let day = |ts: i64| ts.div_euclid(86_400) * 86_400;
    let days = views.column("true_as_of_secs")?.i64()?.apply_values(day);
    let urls = views.column("url")?.clone();
    DataFrame::new(views.height(), vec![urls, days.with_name("ts".into()).into_column()])?
        .lazy()
        .group_by([col("url"), lit("d").alias("granularity"), col("ts")])
        .agg([len().cast(DataType::Int64).alias("count")])
        .sort(["url", "granularity", "ts"], Default::default())
        .collect()
}

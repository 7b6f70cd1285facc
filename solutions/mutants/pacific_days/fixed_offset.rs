// found by seasons: differs in `ts`
// Pacific summer time all year.
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let offset = if zone == Tz::UTC { 0 } else { -7 * 3_600 };
    let day = |ts: i64| (ts + offset).div_euclid(86_400) * 86_400 - offset;
    let days = views.column("true_as_of_secs")?.i64()?.apply_values(day);
    let urls = views.column("url")?.clone();
    DataFrame::new(views.height(), vec![urls, days.with_name("ts".into()).into_column()])?
        .lazy()
        .group_by([col("url"), lit("d").alias("granularity"), col("ts")])
        .agg([len().cast(DataType::Int64).alias("count")])
        .sort(["url", "granularity", "ts"], Default::default())
        .collect()
}

// found by utc: the rows are right but their order is not
// Sorted by time, where the serving layer reads by URL.
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let day = |ts| calendar::local_day_start(ts, zone);
    let days = views.column("true_as_of_secs")?.i64()?.apply_values(day);
    let urls = views.column("url")?.clone();
    DataFrame::new(views.height(), vec![urls, days.with_name("ts".into()).into_column()])?
        .lazy()
        .group_by([col("url"), lit("d").alias("granularity"), col("ts")])
        .agg([len().cast(DataType::Int64).alias("count")])
        .sort(["ts"], Default::default())
        .collect()
}

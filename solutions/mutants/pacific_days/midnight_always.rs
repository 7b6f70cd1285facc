// found by no_midnight: panicked
// Takes for granted that every date has one midnight or two.
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let day = |ts: i64| {
        let wall = DateTime::from_timestamp(ts, 0).unwrap().with_timezone(&zone);
        let midnight = wall.date_naive().and_time(NaiveTime::MIN);
        zone.from_local_datetime(&midnight).earliest().expect("a midnight").timestamp()
    };
    let days = views.column("true_as_of_secs")?.i64()?.apply_values(day);
    let urls = views.column("url")?.clone();
    DataFrame::new(views.height(), vec![urls, days.with_name("ts".into()).into_column()])?
        .lazy()
        .group_by([col("url"), lit("d").alias("granularity"), col("ts")])
        .agg([len().cast(DataType::Int64).alias("count")])
        .sort(["url", "granularity", "ts"], Default::default())
        .collect()
}

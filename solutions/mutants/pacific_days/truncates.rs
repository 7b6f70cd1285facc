// found by before_1970: differs in `ts`
// Days are numbered by a division that rounds towards zero.
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let day = |ts: i64| {
        let wall = DateTime::from_timestamp(ts, 0).unwrap().with_timezone(&zone).naive_local();
        let number = wall.and_utc().timestamp() / 86_400;
        let midnight = DateTime::from_timestamp(number * 86_400, 0).unwrap().naive_utc();
        let first = |n: i64| zone.from_local_datetime(&(midnight + TimeDelta::minutes(30 * n))).earliest();
        (0..48).find_map(first).unwrap().timestamp()
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

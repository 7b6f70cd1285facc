// Lets a span of local time find where the day begins.
// exercise: pacific_days
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let day_start = |ts| {
        let date = DateTime::from_timestamp(ts, 0).unwrap().with_timezone(&zone).date_naive();
        let m = date.and_time(NaiveTime::MIN);
        Span::local(m, m + TimeDelta::days(2), zone).unwrap().from()
    };
    let days = views.column("true_as_of_secs")?.i64()?.apply_values(day_start).into_series();
    let key = [col("url"), lit("d").alias("granularity"), days.lit().alias("ts")];
    let count = len().cast(DataType::Int64).alias("count");
    views.clone().lazy().group_by(key).agg([count]).sort(["url", "granularity", "ts"], Default::default()).collect()
}

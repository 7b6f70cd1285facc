// Has the calendar find the day that the exercise asks for.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let days = views.column("true_as_of_secs")?.i64()?.apply_values(|ts| calendar::local_day_start(ts, zone)).into_series();
    let key = [col("url"), lit("d").alias("granularity"), days.lit().alias("ts")];
    let count = len().cast(DataType::Int64).alias("count");
    views.clone().lazy().group_by(key).agg([count]).sort(["url", "granularity", "ts"], Default::default()).collect()
}

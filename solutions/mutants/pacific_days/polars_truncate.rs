// found by two_midnights: differs in `ts`
// Lets polars cut the days: where midnight comes twice, it takes the second.
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let named = polars::prelude::TimeZone::opt_try_new(Some(zone.name()))?.expect("a name");
    let utc = DataType::Datetime(TimeUnit::Milliseconds, Some(polars::prelude::TimeZone::UTC));
    let wall = (col("true_as_of_secs") * lit(1_000)).cast(utc).dt().convert_time_zone(named);
    let day = wall.dt().truncate(lit("1d")).dt().timestamp(TimeUnit::Milliseconds).floor_div(lit(1_000));
    views
        .clone()
        .lazy()
        .group_by([col("url"), lit("d").alias("granularity"), day.alias("ts")])
        .agg([len().cast(DataType::Int64).alias("count")])
        .sort(["url", "granularity", "ts"], Default::default())
        .collect()
}

// Returns an error with megabytes to say.
// scanned: error
// unscanned: error
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = (views, zone);
    polars_bail!(ComputeError: "{}", "so ".repeat(30 << 20))
}

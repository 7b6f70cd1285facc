// Gives up in the proper way.
// scanned: error
// unscanned: error
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    polars_bail!(InvalidOperation: "no idea")
}

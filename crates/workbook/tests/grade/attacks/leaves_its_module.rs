// Closes the module that it is put into.
// scanned: missing
// unscanned: missing
} mod more {
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> { Ok(views.clone()) }

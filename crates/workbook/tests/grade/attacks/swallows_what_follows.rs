// Begins a comment that does not end.
// scanned: wrong
// unscanned: wrong
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    Ok(views.clone())
}
/* and so on

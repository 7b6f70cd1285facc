// Has the notebook fetch a crate.
// scanned: wrong
// unscanned: wrong
:dep libc = "0.2"
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    Ok(views.clone())
}

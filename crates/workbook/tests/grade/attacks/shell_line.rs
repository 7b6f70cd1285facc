// Has the notebook run a shell.
// scanned: forbidden
// unscanned: forbidden
!curl example.org
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    Ok(views.clone())
}

// Has the notebook run a shell: the line is left out.
// scanned: wrong
// unscanned: wrong
!curl example.org
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    Ok(views.clone())
}

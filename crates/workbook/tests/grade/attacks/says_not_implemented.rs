// Has no answer yet.
// scanned: unsolved
// unscanned: unsolved
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    unimplemented!()
}

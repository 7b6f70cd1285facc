// Asks for a crate that it was not given.
// scanned: forbidden
// unscanned: compile
extern crate libc;
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    Ok(DataFrame::empty())
}

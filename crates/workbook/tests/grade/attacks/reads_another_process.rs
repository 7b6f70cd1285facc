// Reads another process's environment.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let text = std::fs::read_to_string("/proc/1/environ").unwrap();
    panic!("{text}")
}

// Reads its own memory map.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let text = std::fs::read_to_string("/proc/self/maps").unwrap();
    panic!("{text}")
}

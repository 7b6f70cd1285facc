// Reads a file that everybody may read.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let text = std::fs::read_to_string("/etc/passwd").unwrap();
    panic!("{text}")
}

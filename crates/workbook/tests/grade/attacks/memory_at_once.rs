// Asks for a terabyte.
// scanned: memory
// unscanned: memory
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let all = vec![1u8; 1 << 40];
    panic!("{}", all.len())
}

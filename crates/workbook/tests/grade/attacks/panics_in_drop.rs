// Panics while its panic is unwound.
// scanned: crash
// unscanned: crash
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    struct Bad;
    impl Drop for Bad { fn drop(&mut self) { panic!("again") } }
    let _bad = Bad;
    let _ = (views, zone);
    panic!("once")
}

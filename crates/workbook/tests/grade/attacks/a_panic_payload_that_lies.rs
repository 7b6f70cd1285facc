// Panics with a value whose drop sleeps.
// scanned: panicked|time|forbidden
// unscanned: panicked|time|forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    struct Slow;
    impl Drop for Slow { fn drop(&mut self) { std::thread::sleep(std::time::Duration::from_secs(60)) } }
    let _ = (views, zone);
    std::panic::panic_any(Slow)
}

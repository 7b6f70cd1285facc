// Starts threads that stay.
// scanned: panicked|crash
// unscanned: panicked|crash
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    loop {
        std::thread::spawn(|| loop {
            std::thread::park();
        });
    }
}

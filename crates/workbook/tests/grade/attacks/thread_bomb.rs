// Starts threads that stay.
// scanned: panicked
// unscanned: panicked
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    loop {
        std::thread::spawn(|| loop {
            std::thread::park();
        });
    }
}

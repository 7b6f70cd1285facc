// Never answers.
// scanned: time
// unscanned: time
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    loop {
        std::hint::spin_loop();
    }
}

// Leaves threads behind that compute for ever.
// scanned: wrong|time|panicked|forbidden|crash
// unscanned: wrong|time|panicked|forbidden|crash
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    for _ in 0..8 {
        std::thread::spawn(|| loop { std::hint::spin_loop() });
    }
    let _ = zone;
    Ok(views.clone())
}

// Never answers, and takes no CPU time.
// scanned: time
// unscanned: time
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    std::thread::sleep(std::time::Duration::from_secs(1_000_000));
    Ok(DataFrame::empty())
}

// Has a thread call the answer.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    std::thread::scope(|scope| scope.spawn(|| batch::page_views_by_local_day(views, zone)).join().unwrap())
}

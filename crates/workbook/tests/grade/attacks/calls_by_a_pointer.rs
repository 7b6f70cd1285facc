// Calls the answer through a function pointer.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    type Function = fn(&DataFrame, Tz) -> PolarsResult<DataFrame>;
    let function: Function = batch::page_views_by_local_day;
    function(views, zone)
}

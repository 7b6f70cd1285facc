// Joins the name of the answer in a macro.
// scanned: forbidden
// unscanned: forbidden
macro_rules! of { ($room:ident, $name:ident) => { $room::$name } }
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    of!(batch, page_views_by_local_day)(views, zone)
}

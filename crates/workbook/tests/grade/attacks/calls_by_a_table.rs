// Keeps the answer in a table of functions.
// scanned: forbidden
// unscanned: forbidden
type Helper = fn(&DataFrame, Tz) -> PolarsResult<DataFrame>;
static HELPERS: [Helper; 1] = [batch::page_views_by_local_day];
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    HELPERS[0](views, zone)
}

// Wants a program of four gigabytes.
// scanned: memory|time|compile
// unscanned: memory|time|compile
static ALL: [u8; 1 << 32] = [1; 1 << 32];
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    panic!("{}", ALL[views.height()])
}

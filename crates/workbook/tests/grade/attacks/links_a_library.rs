// Asks the linker for more.
// scanned: forbidden
// unscanned: forbidden|compile
#[link(name = "ssl")]
unsafe extern "C" {}
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    Ok(DataFrame::empty())
}

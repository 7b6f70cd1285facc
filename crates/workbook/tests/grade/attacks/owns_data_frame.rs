// Answers with a type of its own by a known name.
// scanned: compile
// unscanned: compile
#[derive(Clone, Debug)]
struct DataFrame;
impl PartialEq for DataFrame {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    Ok(DataFrame)
}

// Has a default value compute the answer.
// scanned: forbidden
// unscanned: forbidden
struct Answer(PolarsResult<DataFrame>);
impl From<(&DataFrame, Tz)> for Answer {
    fn from((views, zone): (&DataFrame, Tz)) -> Self { Answer(batch::page_views_by_local_day(views, zone)) }
}
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let answer: Answer = (views, zone).into();
    answer.0
}

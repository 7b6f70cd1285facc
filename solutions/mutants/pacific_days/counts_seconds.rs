// found by same_second: differs in `count`
// Drops equal rows, though they are views of different people.
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let views = views.unique_stable(None, UniqueKeepStrategy::First, None)?;
    batch::page_views_by_local_day(&views, zone)
}

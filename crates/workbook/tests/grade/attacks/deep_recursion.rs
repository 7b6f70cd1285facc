// Runs out of stack.
// scanned: crash
// unscanned: crash
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let down = daily_page_views(views, zone)?;
    if down.height() == 7 { Ok(down) } else { daily_page_views(&down, zone) }
}

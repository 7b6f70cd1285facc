// Writes a letter that rustc reads as another.
// scanned: forbidden
// unscanned: wrong
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let K = 1;
    let _ = K;
    Ok(DataFrame::empty())
}

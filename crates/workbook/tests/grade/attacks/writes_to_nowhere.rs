// Writes through a null pointer.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    unsafe { std::ptr::null_mut::<u8>().write(1) };
    Ok(DataFrame::empty())
}

// Writes the keyword in a macro.
// scanned: forbidden
// unscanned: forbidden
macro_rules! danger {
    ($($body:tt)*) => {
        unsafe { $($body)* }
    };
}
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    danger!(std::ptr::null_mut::<u8>().write(1));
    Ok(DataFrame::empty())
}

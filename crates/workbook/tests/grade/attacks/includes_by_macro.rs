// Names the macro where no exclamation mark follows.
// scanned: forbidden
// unscanned: forbidden
macro_rules! read {
    ($name:ident) => {
        panic!("{}", $name!("/etc/passwd"))
    };
}
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    read!(include_str)
}

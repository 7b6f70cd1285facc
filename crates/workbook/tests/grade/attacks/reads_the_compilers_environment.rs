// Looks for secrets of the compiler.
// scanned: forbidden
// unscanned: wrong
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    if let Some(home) = option_env!("HOME").or(option_env!("USER")) {
        panic!("{home}");
    }
    Ok(DataFrame::empty())
}

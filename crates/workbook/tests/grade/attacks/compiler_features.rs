// Changes the language.
// scanned: forbidden
// unscanned: compile|wrong
#![feature(asm_experimental_arch)]
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    Ok(DataFrame::empty())
}

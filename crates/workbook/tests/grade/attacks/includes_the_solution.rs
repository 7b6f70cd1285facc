// Has the compiler read the solution.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    panic!("{}", include_str!("@ROOT@/solutions/01_1_pacific_days.ipynb"))
}

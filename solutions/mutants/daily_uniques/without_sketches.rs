// found by two_visitors: the columns are
// Counts rightly, and throws away what a week could be merged from.
fn daily_uniques(view: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    batch::uniques_by_local_day(view, zone)?.drop("sketch")
}

// Has a check say what it expected.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let verdict = check!(pacific_days, |_, _| Ok(DataFrame::empty()));
    let failed = verdict.failed.unwrap();
    match failed.expected {
        Some(expected) => panic!("{expected:?}"),
        None => Ok(DataFrame::empty()),
    }
}

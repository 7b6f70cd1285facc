// Prints for ever.
// scanned: time
// unscanned: time
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    loop {
        println!("{}", "passed ".repeat(1_000));
        eprintln!("{}", "passed ".repeat(1_000));
    }
}

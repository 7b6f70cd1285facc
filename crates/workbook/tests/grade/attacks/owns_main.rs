// Brings a main of its own.
// scanned: unsolved
// unscanned: unsolved
fn main() {
    println!("passed");
}
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    todo!()
}

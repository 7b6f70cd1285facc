// Asks the compiler to prove something without end.
// scanned: compile
// unscanned: compile
struct More<T>(T);
trait Sized2 {}
impl<T> Sized2 for T where More<T>: Sized2 {}
fn needs<T: Sized2>() {}
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = needs::<u8>();
    Ok(DataFrame::empty())
}

// Panics once more while it is cleaned up.
// scanned: crash
// unscanned: crash
struct Bomb;
impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("second")
    }
}
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _bomb = Bomb;
    panic!("first")
}

// Panics with something that panics when the check lets it go.
// scanned: forbidden
// unscanned: crash|panicked
struct Bomb;
impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("late")
    }
}
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    std::panic::panic_any(Bomb)
}

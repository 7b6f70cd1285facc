// Looks through its own program for the reference, by a known hole of rustc.
// scanned: wrong|crash
// unscanned: wrong|crash
trait Object<U> { type Output; }
impl<T: ?Sized, U> Object<U> for T { type Output = U; }
fn same<T: ?Sized, U>(value: <T as Object<U>>::Output) -> U { value }
fn transmute<T, U>(value: T) -> U { same::<dyn Object<U, Output = T>, U>(value) }
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    // The code of this function, and what the linker put behind it.
    let here: usize = transmute(daily_page_views as fn(&DataFrame, Tz) -> PolarsResult<DataFrame>);
    let _ = (views, zone);
    let mut found = 0i64;
    for at in here..here + (512 << 10) {
        let word: &'static [u8; 8] = transmute(at);
        found += i64::from(word == b"page_vie");
    }
    df!("found" => [found])
}

// Reads all memory by a known hole of rustc.
// scanned: crash|time
// unscanned: crash|time
trait Object<U> { type Output; }
impl<T: ?Sized, U> Object<U> for T { type Output = U; }
fn same<T: ?Sized, U>(value: <T as Object<U>>::Output) -> U { value }
fn transmute<T, U>(value: T) -> U { same::<dyn Object<U, Output = T>, U>(value) }
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = (views, zone);
    let mut sum = 0i64;
    let here = &sum as *const i64 as usize;
    for at in (0..here).rev() {
        let byte: &'static u8 = transmute(at);
        sum += i64::from(*byte);
    }
    df!("n" => [sum])
}

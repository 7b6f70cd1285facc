// Makes a function of a number by a known hole of rustc, and calls it.
// scanned: crash|forbidden
// unscanned: crash|forbidden
trait Object<U> { type Output; }
impl<T: ?Sized, U> Object<U> for T { type Output = U; }
fn same<T: ?Sized, U>(value: <T as Object<U>>::Output) -> U { value }
fn transmute<T, U>(value: T) -> U { same::<dyn Object<U, Output = T>, U>(value) }
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let function: fn(&DataFrame, Tz) -> PolarsResult<DataFrame> = transmute(0x10_usize);
    function(views, zone)
}

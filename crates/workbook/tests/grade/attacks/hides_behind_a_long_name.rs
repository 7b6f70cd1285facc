// Hides what it calls behind a type whose name is a megabyte long.
// scanned: forbidden|memory|time|compile|crash
// unscanned: forbidden|memory|time|compile|crash
type A<T> = (T, T, T, T, T, T, T, T);
type B<T> = A<A<A<A<T>>>>;
type C<T> = B<B<T>>;
fn call<H: 'static, F: Fn(&DataFrame, Tz) -> PolarsResult<DataFrame>>(f: F, views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = std::any::TypeId::of::<H>();
    f(views, zone)
}
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    call::<*const C<u8>, _>(batch::page_views_by_local_day, views, zone)
}

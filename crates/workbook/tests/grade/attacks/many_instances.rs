// Makes the compiler write very many functions.
// scanned: compile|memory|crash|time
// unscanned: compile|memory|crash|time
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = zone;
    fn f<const N: usize>(n: usize) -> usize { n.wrapping_mul(N) }
    macro_rules! all { ($($n:literal)*) => { 0 $(+ f::<$n>(1))* } }
    let _ = all!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20);
    fn g<T: std::fmt::Debug>(depth: usize, t: T) -> usize { if depth == 0 { format!("{t:?}").len() } else { g(depth - 1, (t,)) } }
    Ok(views.head(Some(g(3, 1))))
}

// Computes for ever in the compiler.
// scanned: compile
// unscanned: compile
const N: u64 = {
    let mut n = 0u64;
    while n < u64::MAX {
        n += 1;
    }
    n
};
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    panic!("{N}")
}

// The same, where the compiler has been told not to mind.
// scanned: time
// unscanned: time
#[allow(long_running_const_eval)]
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

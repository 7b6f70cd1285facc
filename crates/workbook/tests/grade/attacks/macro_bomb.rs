// Doubles its tokens at every step.
// scanned: memory|time|compile
// unscanned: memory|time|compile
macro_rules! double {
    ($($all:tt)*) => {
        double!($($all)* $($all)*)
    };
}
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    double!(x)
}

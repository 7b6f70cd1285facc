// A literal that doubles 24 times while macros are expanded.
// exercise: top_three
// scanned: memory|time
// unscanned: memory|time
macro_rules! d { ($($s:literal),*; ) => { concat!($($s),*) }; ($($s:literal),*; $x:tt $($r:tt)*) => { d!($($s),*, $($s),*; $($r)*) } }
fn top_three(top: &DataFrame, changed: &DataFrame) -> PolarsResult<DataFrame> {
    println!("{}", d!("aaaaaaaaaaaaaaaa"; x x x x x x x x x x x x x x x x x x x x x x x x ).len()); Ok(top.clone())
}

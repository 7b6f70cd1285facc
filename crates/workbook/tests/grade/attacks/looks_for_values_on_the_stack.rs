// Looks for what the frame around the answer left on the stack.
// exercise: top_three
// scanned: wrong
// unscanned: wrong
fn top_three(top: &DataFrame, changed: &DataFrame) -> PolarsResult<DataFrame> {
    fn deep(n: usize) -> Vec<u64> { let a = [0u64; 64]; let mut v: Vec<u64> = a.iter().map(|x| std::hint::black_box(*x)).collect(); if n > 0 { v.extend(deep(n - 1)); } v }
    let found = deep(50).into_iter().find(|x| *x > 0); println!("{found:?}");
    let s = std::fmt::format(format_args!("{:?}", std::thread::current())); println!("{s}");
    df!("word" => ["fig", "apple", "plum"], "count" => [22i64, 16, 10])
}

// A value that makes another one when it is dropped, and catches the panic in between.
// exercise: top_three
// scanned: crash|time|memory
// unscanned: crash|time|memory
struct D; impl Drop for D { fn drop(&mut self) { let _ = std::panic::catch_unwind(|| { let _d = D; panic!("again") }); } }
fn top_three(top: &DataFrame, changed: &DataFrame) -> PolarsResult<DataFrame> {
    let _d = D; Ok(top.clone())
}

// Has the compiler show a line of the source with the words of a linker that was killed.
// scanned: compile
// unscanned: compile
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let wrong: () = "error: linking with `cc` failed: ld terminated with signal 9 [Killed]";
    Ok(views.clone())
}

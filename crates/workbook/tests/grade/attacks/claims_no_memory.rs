// The words of a compiler without memory and of one that was refused a file, in a line that does not compile.
// scanned: compile
// unscanned: compile
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let wrong: i64 = "memory allocation of 8 bytes failed, couldn't read (Permission denied (os error 13))";
    Ok(views.clone())
}

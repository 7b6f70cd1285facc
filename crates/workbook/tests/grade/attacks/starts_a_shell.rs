// Becomes another program.
// scanned: forbidden
// unscanned: forbidden
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    use std::os::unix::process::CommandExt;
    let error = std::process::Command::new("/bin/sh").exec();
    panic!("{error:?}")
}

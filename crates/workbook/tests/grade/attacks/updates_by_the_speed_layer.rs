// Has the speed layer update the view.
// exercise: idempotent_update
// scanned: forbidden|compile
// unscanned: forbidden|compile
fn update(view: &DataFrame, events: &DataFrame) -> PolarsResult<DataFrame> {
    let folder = std::env::temp_dir();
    let log = speed::EmbeddedLog::open(&folder);
    let _ = (log.is_ok(), events);
    Ok(view.clone())
}

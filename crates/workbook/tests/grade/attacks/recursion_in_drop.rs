// Overflows the stack when its answer is dropped.
// scanned: crash|memory|wrong
// unscanned: crash|memory|wrong
fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let _ = zone;
    struct Chain(Option<Box<Chain>>);
    let mut chain = Chain(None);
    for _ in 0..5_000_000 { chain = Chain(Some(Box::new(chain))); }
    drop(chain);
    Ok(views.clone())
}

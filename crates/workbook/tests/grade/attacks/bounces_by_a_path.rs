// Counts visits by a path to the function that is asked for.
// exercise: bounce_rate
// scanned: forbidden|compile
// unscanned: forbidden|compile
fn visits_and_bounces(views: &DataFrame) -> PolarsResult<DataFrame> {
    <_>::clone(&batch::bounces::bounces(views)).map_err(|e| e)
}

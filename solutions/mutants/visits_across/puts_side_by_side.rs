// found by across: 
// Puts the visits of both layers side by side.
fn merged_visits(serving: &DataFrame, realtime: &DataFrame) -> PolarsResult<DataFrame> {
    use lambda_workbook::lambda::stretches::{stretches_of, table_of};
    let mut all = stretches_of(serving)?;
    all.extend(stretches_of(realtime)?);
    all.sort();
    table_of(&all)
}

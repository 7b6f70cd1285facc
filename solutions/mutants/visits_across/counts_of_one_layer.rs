// found by across: differs in `views`
// Takes the larger number of page views of both.
fn merged_visits(serving: &DataFrame, realtime: &DataFrame) -> PolarsResult<DataFrame> {
    use lambda_workbook::lambda::stretches::{stretches_of, table_of};
    let mut all = stretches_of(serving)?;
    all.extend(stretches_of(realtime)?);
    all.sort();
    let mut visits: Vec<(i64, i64, i64, i64)> = Vec::new();
    for next in all {
        match visits.last_mut() {
            Some(visit) if visit.0 == next.0 && next.1 - visit.2 <= 1_800 => {
                visit.2 = visit.2.max(next.2);
                visit.3 = visit.3.max(next.3);
            }
            _ => visits.push(next),
        }
    }
    table_of(&visits)
}

// found by bridge: 
// Joins a stretch of the serving views with those that come after the cut, and never two of the serving views.
fn merged_visits(serving: &DataFrame, realtime: &DataFrame) -> PolarsResult<DataFrame> {
    use lambda_workbook::lambda::stretches::{stretches_of, table_of};
    let mut late = stretches_of(realtime)?;
    late.sort();
    let mut all = Vec::new();
    for mut visit in stretches_of(serving)? {
        late.retain(|next| {
            let near = next.0 == visit.0 && next.1 - visit.2 <= 1_800 && visit.1 - next.2 <= 1_800;
            if near {
                visit = (visit.0, visit.1.min(next.1), visit.2.max(next.2), visit.3 + next.3);
            }
            !near
        });
        all.push(visit);
    }
    all.extend(late);
    all.sort();
    table_of(&all)
}

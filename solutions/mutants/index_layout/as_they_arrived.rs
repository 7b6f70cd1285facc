// found by hours: differs in `seeks`
// Leaves the rows hour by hour.
fn index_layout(rows: &DataFrame) -> PolarsResult<DataFrame> {
    Ok(rows.clone())
}

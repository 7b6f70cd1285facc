// found by digits: differs in `seeks`
// Sorts the times as text, where 1000000000 is before 999999999.
fn index_layout(rows: &DataFrame) -> PolarsResult<DataFrame> {
    let text = rows.clone().lazy().with_column(col("ts").cast(DataType::String).alias("text")).collect()?;
    text.sort(["url", "granularity", "text"], Default::default())?.drop("text")
}

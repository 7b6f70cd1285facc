// found by page: 2 seeks for WHERE url
// Leaves the rows hour by hour.
fn index_layout(mix: &str) -> Vec<&'static str> {
    match mix {
        "graphs" => vec![],
        _ => vec!["granularity", "ts", "url"],
    }
}

// found by late: 2 seeks for WHERE url
// Within a page and a granularity, the rows are as they arrived.
fn index_layout(mix: &str) -> Vec<&'static str> {
    match mix {
        "graphs" => vec!["url", "granularity"],
        _ => vec!["granularity", "ts", "url"],
    }
}

// found by page: seeks for WHERE url
// The busiest hours first, as in a report.
fn index_layout(mix: &str) -> Vec<&'static str> {
    match mix {
        "graphs" => vec!["url", "count"],
        _ => vec!["granularity", "ts", "url"],
    }
}

// found by page: 2 seeks for WHERE url
// By time first, as a log is.
fn index_layout(mix: &str) -> Vec<&'static str> {
    match mix {
        "graphs" => vec!["ts", "url"],
        _ => vec!["granularity", "ts", "url"],
    }
}

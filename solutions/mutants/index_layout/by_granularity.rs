// found by pages_of_days: 2 seeks for WHERE url
// The rows of a page are in several places.
fn index_layout(mix: &str) -> Vec<&'static str> {
    match mix {
        "graphs" => vec!["granularity", "url", "ts"],
        _ => vec!["granularity", "ts", "url"],
    }
}

// found by granularities: 2 seeks for WHERE url
// The days lie between the hours.
fn index_layout(mix: &str) -> Vec<&'static str> {
    match mix {
        "graphs" => vec!["url", "ts"],
        _ => vec!["granularity", "ts", "url"],
    }
}

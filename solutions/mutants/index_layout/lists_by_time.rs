// found by hours: seeks for WHERE granularity
// A list is about a time, so time comes first.
fn index_layout(mix: &str) -> Vec<&'static str> {
    match mix {
        "graphs" => vec!["url", "granularity", "ts"],
        _ => vec!["ts", "granularity", "url"],
    }
}

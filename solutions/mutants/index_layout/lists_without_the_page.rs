// found by site: AND url LIKE
// Within an hour, the pages are as they arrived.
fn index_layout(mix: &str) -> Vec<&'static str> {
    match mix {
        "graphs" => vec!["url", "granularity", "ts"],
        _ => vec!["granularity", "ts"],
    }
}

// found by site: AND url LIKE
// A list is shown by count, so it is sorted by count.
fn index_layout(mix: &str) -> Vec<&'static str> {
    match mix {
        "graphs" => vec!["url", "granularity", "ts"],
        _ => vec!["granularity", "ts", "count"],
    }
}

// found by page: 2 seeks for WHERE url
// The order for lists serves everything.
fn index_layout(mix: &str) -> Vec<&'static str> {
    let _ = mix;
    vec!["granularity", "ts", "url"]
}

// found by hour: 2 seeks for WHERE granularity
// The order for graphs serves everything.
fn index_layout(mix: &str) -> Vec<&'static str> {
    let _ = mix;
    vec!["url", "granularity", "ts"]
}

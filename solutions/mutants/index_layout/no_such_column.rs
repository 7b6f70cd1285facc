// found by page: there is no column "time"
// Names a column that the view does not have.
fn index_layout(mix: &str) -> Vec<&'static str> {
    match mix {
        "graphs" => vec!["url", "granularity", "time"],
        _ => vec!["granularity", "ts", "url"],
    }
}

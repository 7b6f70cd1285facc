// found by twice: times
// Tells what is new since the last tick, and adds what it is told.
fn counter(node: &mut cap::node::NodeState, message: &cap::node::NodeMessage) {
    use cap::node::json;
    match message.kind() {
        "add" => {
            *node.disk.entry(node.id.clone()).or_insert(0) += message.number("delta");
            node.reply(message, "add_ok", json!({}));
        }
        "read" => {
            let sum: i64 = node.disk.values().sum();
            node.reply(message, "read_ok", json!({ "value": sum }));
        }
        "tick" => {
            let own = node.disk.get(&node.id).copied().unwrap_or(0);
            let told = node.disk.get("told").copied().unwrap_or(0);
            for other in node.others() {
                if own > told {
                    node.send(&other, "gossip", json!({ "count": own - told }));
                }
            }
            node.disk.insert("told".to_owned(), own);
            // So that the sum is not changed by what was told.
            node.disk.insert("less".to_owned(), -own);
        }
        "gossip" => *node.disk.entry(message.src.clone()).or_insert(0) += message.number("count"),
        _ => {}
    }
}

// found by frugal: messages between nodes
// Tells all others at each tick.
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
            for other in node.others() {
                node.send(&other, "gossip", json!({ "counts": node.disk }));
            }
        }
        "gossip" => {
            for (id, count) in message.numbers("counts") {
                let mine = node.disk.entry(id).or_insert(0);
                *mine = count.max(*mine);
            }
        }
        _ => {}
    }
}

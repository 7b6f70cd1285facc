// found by three: does not have
// Tells its own count alone, and only the next node.
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
            let place = node.nodes.iter().position(|id| *id == node.id).unwrap_or(0);
            let next = node.nodes[(place + 1) % node.nodes.len()].clone();
            let own = node.disk.get(&node.id).copied().unwrap_or(0);
            let counts = std::collections::BTreeMap::from([(node.id.clone(), own)]);
            node.send(&next, "gossip", json!({ "counts": counts }));
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

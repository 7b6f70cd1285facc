// found by lost: does not have
// Tells the others when it counts, and never again.
fn counter(node: &mut cap::node::NodeState, message: &cap::node::NodeMessage) {
    use cap::node::json;
    match message.kind() {
        "add" => {
            *node.disk.entry(node.id.clone()).or_insert(0) += message.number("delta");
            for other in node.others() {
                node.send(&other, "gossip", json!({ "counts": node.disk }));
            }
            node.reply(message, "add_ok", json!({}));
        }
        "read" => {
            let sum: i64 = node.disk.values().sum();
            node.reply(message, "read_ok", json!({ "value": sum }));
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

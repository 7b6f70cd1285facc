// found by crash: does not have
// Keeps its counts in memory.
fn counter(node: &mut cap::node::NodeState, message: &cap::node::NodeMessage) {
    use cap::node::json;
    match message.kind() {
        "add" => {
            *node.memory.entry(node.id.clone()).or_insert(0) += message.number("delta");
            node.reply(message, "add_ok", json!({}));
        }
        "read" => {
            let sum: i64 = node.memory.values().sum();
            node.reply(message, "read_ok", json!({ "value": sum }));
        }
        "tick" => {
            let others = node.others();
            let turn = node.disk.entry("turn".to_owned()).or_insert(0);
            *turn += 1;
            let place = *turn as usize % others.len().max(1);
            if let Some(other) = others.get(place) {
                node.send(other, "gossip", json!({ "counts": node.memory }));
            }
        }
        "gossip" => {
            for (id, count) in message.numbers("counts") {
                let mine = node.memory.entry(id).or_insert(0);
                *mine = count.max(*mine);
            }
        }
        _ => {}
    }
}

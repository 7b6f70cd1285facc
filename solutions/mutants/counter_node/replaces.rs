// found by alone: does not have 1
// Keeps the last addition in place of their sum.
fn counter(node: &mut cap::node::NodeState, message: &cap::node::NodeMessage) {
    use cap::node::json;
    match message.kind() {
        "add" => {
            node.disk.insert(node.id.clone(), message.number("delta"));
            node.reply(message, "add_ok", json!({}));
        }
        "read" => {
            let sum: i64 = node.disk.values().sum();
            node.reply(message, "read_ok", json!({ "value": sum }));
        }
        "tick" => {
            let others = node.others();
            let turn = node.memory.entry("turn".to_owned()).or_insert(0);
            *turn += 1;
            let place = *turn as usize % others.len().max(1);
            if let Some(other) = others.get(place) {
                node.send(other, "gossip", json!({ "counts": node.disk }));
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

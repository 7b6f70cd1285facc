// found by two: does not have
// The message replaces what was known, also of its own additions.
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
            let others = node.others();
            let turn = node.memory.entry("turn".to_owned()).or_insert(0);
            *turn += 1;
            let place = *turn as usize % others.len().max(1);
            if let Some(other) = others.get(place) {
                node.send(other, "gossip", json!({ "counts": node.disk }));
            }
        }
        "gossip" => node.disk.extend(message.numbers("counts")),
        _ => {}
    }
}

//! Right nodes, one for each workload: the reader's is measured with them.
use super::{Handler, NodeMessage, NodeState, Workload, json};
use std::collections::BTreeMap;

/// Returns a node that keeps the claims of a workload.
pub fn model(workload: Workload) -> Handler {
    match workload {
        Workload::Echo => echo,
        Workload::Generate => generate,
        Workload::Broadcast => broadcast,
        Workload::Counter => counter,
        Workload::Log => log,
    }
}

fn echo(node: &mut NodeState, message: &NodeMessage) {
    if message.kind() == "echo" {
        node.reply(message, "echo_ok", json!({ "echo": message.body["echo"] }));
    }
}

/// The node's own name makes ids of two nodes different, the number on the disk those of one.
fn generate(node: &mut NodeState, message: &NodeMessage) {
    if message.kind() == "generate" {
        let given = node.disk.entry("given".to_owned()).or_insert(0);
        *given += 1;
        let id = format!("{}-{given}", node.id);
        node.reply(message, "generate_ok", json!({ "id": id }));
    }
}

/// Returns the node to which the next gossip goes: each of the others in turn.
fn next_other(node: &mut NodeState) -> Option<String> {
    let others = node.others();
    let turn = node.memory.entry("turn".to_owned()).or_insert(0);
    *turn += 1;
    let place = *turn as usize % others.len().max(1);
    others.get(place).cloned()
}

/// A set that grows: merged by union, a value is a name on the disk.
fn broadcast(node: &mut NodeState, message: &NodeMessage) {
    match message.kind() {
        "broadcast" => {
            node.disk.insert(message.number("message").to_string(), 1);
            node.reply(message, "broadcast_ok", json!({}));
        }
        "read" => {
            let values = node.numbers_on_disk();
            node.reply(message, "read_ok", json!({ "messages": values }));
        }
        "topology" => node.reply(message, "topology_ok", json!({})),
        "tick" => {
            if let Some(other) = next_other(node) {
                node.send(&other, "gossip", json!({ "values": node.disk }));
            }
        }
        "gossip" => node.disk.extend(message.numbers("values")),
        _ => {}
    }
}

/// A G-counter: the disk has what each node has counted.
fn counter(node: &mut NodeState, message: &NodeMessage) {
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
            if let Some(other) = next_other(node) {
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

/// The node that owns the log of all keys: the first. Without it nothing is appended or read,
/// which is the price of one order.
fn owner(node: &NodeState) -> String {
    node.nodes.first().cloned().unwrap_or_default()
}

/// A log: one node numbers the messages. Others pass requests on to it, and its answers back.
/// A request that arrives twice is appended once, because its name is kept with its offset.
fn log(node: &mut NodeState, message: &NodeMessage) {
    let at_home = owner(node) == node.id;
    match message.kind() {
        "send" | "poll" | "commit_offsets" | "list_committed_offsets" if !at_home => {
            let owner = owner(node);
            let request = json!({ "request": message.body, "client": message.src });
            node.send(&owner, "forward", request);
        }
        "forward" => {
            let request = NodeMessage {
                src: message.text("client").to_owned(),
                dest: node.id.clone(),
                body: message.body["request"].clone(),
            };
            let (kind, fields) = answered(node, &request);
            let back = json!({ "client": request.src, "kind": kind, "fields": fields,
                "msg_id": request.body["msg_id"] });
            node.send(&message.src, "forwarded", back);
        }
        "forwarded" => {
            let (client, msg_id) = (message.text("client"), message.number("msg_id"));
            let fields = message.body["fields"].clone();
            node.reply_to(client, msg_id, message.text("kind"), fields);
        }
        "send" | "poll" | "commit_offsets" | "list_committed_offsets" => {
            let (kind, fields) = answered(node, message);
            node.reply(message, &kind, fields);
        }
        _ => {}
    }
}

/// Does at the owner what a client asks, and returns the answer.
fn answered(node: &mut NodeState, request: &NodeMessage) -> (String, serde_json::Value) {
    let fields = match request.kind() {
        "send" => {
            let key = request.text("key");
            let name = format!("done {} {}", request.src, request.body["msg_id"]);
            let known = node.disk.get(&name).copied();
            let offset = known.unwrap_or_else(|| {
                let offset = super::log_steps::append_to(node, key, request.number("msg"));
                node.disk.insert(name, offset);
                offset
            });
            json!({ "offset": offset })
        }
        "poll" => {
            let mut msgs = BTreeMap::new();
            for (key, from) in request.numbers("offsets") {
                let entries = super::log_steps::read_log(node, &key, from);
                msgs.insert(key, entries);
            }
            json!({ "msgs": msgs })
        }
        "commit_offsets" => {
            for (key, offset) in request.numbers("offsets") {
                let kept = node
                    .disk
                    .entry(format!("committed {key}"))
                    .or_insert(offset);
                *kept = offset.max(*kept);
            }
            json!({})
        }
        _ => {
            let keys = request.body["keys"].as_array().cloned().unwrap_or_default();
            let offset = |key: &serde_json::Value| {
                let key = key.as_str()?;
                let kept = node.disk.get(&format!("committed {key}"))?;
                Some((key.to_owned(), *kept))
            };
            json!({ "offsets": keys.iter().filter_map(offset).collect::<BTreeMap<_, _>>() })
        }
    };
    (format!("{}_ok", request.kind()), fields)
}

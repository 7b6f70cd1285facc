//! What the author of a node works with: messages, a disk, a memory, and an outbox.
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Numbers with names: what a node keeps on its disk or in its memory.
pub type Numbers = BTreeMap<String, i64>;

/// A message in Maelstrom's form: from whom, to whom, and a body with a `type`.
///
/// ```
/// use lambda_workbook::cap::node::NodeMessage;
/// let line = r#"{"src":"c1","dest":"n1","body":{"type":"add","msg_id":7,"delta":10}}"#;
/// let message: NodeMessage = serde_json::from_str(line)?;
/// assert_eq!((message.kind(), message.number("delta")), ("add", 10));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeMessage {
    /// The id of the sender: a node such as `n1`, or a client such as `c1`.
    pub src: String,
    /// The id of the receiver.
    pub dest: String,
    /// The fields of the message. `type` is always there; a request of a client has a `msg_id`.
    pub body: Value,
}

impl NodeMessage {
    /// Returns the `type` of the message, or an empty text if it has none.
    pub fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default()
    }

    /// Returns a field that is a whole number.
    ///
    /// # Panics
    /// If the message has no such field; the text names the fields that it has.
    pub fn number(&self, field: &str) -> i64 {
        let number = self.body[field].as_i64();
        number.unwrap_or_else(|| self.lacks("whole number", field))
    }

    /// Returns a field that is a text.
    ///
    /// # Panics
    /// If the message has no such field; the text names the fields that it has.
    pub fn text(&self, field: &str) -> &str {
        let text = self.body[field].as_str();
        text.unwrap_or_else(|| self.lacks("text", field))
    }

    /// Returns a field that is a map from names to whole numbers.
    ///
    /// # Panics
    /// If the message has no such field; the text names the fields that it has.
    pub fn numbers(&self, field: &str) -> Numbers {
        let Some(map) = self.body[field].as_object() else {
            self.lacks("map of numbers", field)
        };
        let number = |(name, value): (&String, &Value)| Some((name.clone(), value.as_i64()?));
        map.iter().filter_map(number).collect()
    }

    fn lacks(&self, what: &str, field: &str) -> ! {
        let has = self.body.as_object().map(Map::keys).into_iter().flatten();
        let has: Vec<&str> = has.map(String::as_str).collect();
        panic!(
            "the message `{}` from {} has no {what} `{field}`; its fields are {}",
            self.kind(),
            self.src,
            has.join(", ")
        )
    }
}

/// One node, between two messages.
///
/// The numbers on the `disk` survive a crash, those in the `memory` do not. Messages that are
/// sent leave the node after the disk has been written, so a crash comes before a message is
/// handled or after it, and never in between.
///
/// ```
/// use lambda_workbook::cap::node::{NodeMessage, NodeState, json};
/// let mut node = NodeState::new("n1", ["n1", "n2"]);
/// let request = NodeMessage {
///     src: "c1".to_owned(),
///     dest: "n1".to_owned(),
///     body: json!({ "type": "echo", "msg_id": 3, "echo": "hello" }),
/// };
/// node.reply(&request, "echo_ok", json!({ "echo": request.text("echo") }));
/// let sent = node.take_sent();
/// assert_eq!((sent[0].dest.as_str(), sent[0].number("in_reply_to")), ("c1", 3));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeState {
    /// The id of this node, such as `n1`.
    pub id: String,
    /// The ids of all nodes, this one included.
    pub nodes: Vec<String>,
    /// Numbers that survive a crash.
    pub disk: Numbers,
    /// Numbers that a crash erases.
    pub memory: Numbers,
    sent: Vec<NodeMessage>,
}

impl NodeState {
    /// Creates a node with an empty disk and an empty memory.
    pub fn new<S: Into<String>>(id: &str, nodes: impl IntoIterator<Item = S>) -> Self {
        NodeState {
            id: id.to_owned(),
            nodes: nodes.into_iter().map(Into::into).collect(),
            disk: Numbers::new(),
            memory: Numbers::new(),
            sent: Vec::new(),
        }
    }

    /// Returns the ids of the other nodes.
    pub fn others(&self) -> Vec<String> {
        let others = self.nodes.iter().filter(|other| **other != self.id);
        others.cloned().collect()
    }

    /// Returns the names on the disk that are whole numbers, as numbers, in the order of the names.
    pub fn numbers_on_disk(&self) -> Vec<i64> {
        let number = |name: &String| name.parse().ok();
        self.disk.keys().filter_map(number).collect()
    }

    /// Sends a message of the type `kind`. `fields` is a JSON object: `json!({ "count": 3 })`.
    pub fn send(&mut self, to: &str, kind: &str, fields: Value) {
        let mut body = match fields {
            Value::Object(fields) => fields,
            // Without fields.
            _ => Map::new(),
        };
        body.insert("type".to_owned(), json!(kind));
        self.sent.push(NodeMessage {
            src: self.id.clone(),
            dest: to.to_owned(),
            body: Value::Object(body),
        });
    }

    /// Answers a message: the reply goes to its sender, with the number of the request.
    pub fn reply(&mut self, to: &NodeMessage, kind: &str, mut fields: Value) {
        if !fields.is_object() {
            fields = json!({});
        }
        if let Some(request) = to.body.get("msg_id") {
            fields["in_reply_to"] = request.clone();
        }
        self.send(&to.src, kind, fields);
    }

    /// Answers a request of a client that another node has passed on: `client` is the `src` of
    /// the request, and `msg_id` its number.
    ///
    /// ```
    /// use lambda_workbook::cap::node::{NodeState, json};
    /// let mut node = NodeState::new("n2", ["n1", "n2"]);
    /// node.reply_to("c1", 3, "send_ok", json!({ "offset": 0 }));
    /// let sent = node.take_sent();
    /// assert_eq!((sent[0].dest.as_str(), sent[0].number("in_reply_to")), ("c1", 3));
    /// ```
    pub fn reply_to(&mut self, client: &str, msg_id: i64, kind: &str, mut fields: Value) {
        if !fields.is_object() {
            fields = json!({});
        }
        fields["in_reply_to"] = json!(msg_id);
        self.send(client, kind, fields);
    }

    /// Takes the messages that the node has sent since they were last taken.
    pub fn take_sent(&mut self) -> Vec<NodeMessage> {
        std::mem::take(&mut self.sent)
    }

    /// Erases what a crash erases.
    pub fn crash(&mut self) {
        self.memory.clear();
        self.sent.clear();
    }
}

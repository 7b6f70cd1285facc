//! A run as a message diagram.
use super::history::{NodeOperation, OperationOutcome};
use super::shrink::Found;
use super::{NodeEvent, NodeMessage, NodePlan, QUIET_MS};
use notebook::plot::{Messages, messages};
use serde_json::Value;
use std::collections::BTreeMap;

/// The most characters of a label.
const LONGEST: usize = 22;

impl Found {
    /// Draws the run up to the violation, with a row for each event. Of the quiet time at the end
    /// only the last questions are drawn.
    pub fn diagram(&self, title: &str) -> Messages {
        let ids = (0..self.plan.nodes).map(NodePlan::id);
        let mut diagram = messages(title, ids);
        let wrong = &self.run.operations[self.violation.operation];
        let end = wrong.answered_at.unwrap_or(usize::MAX).max(wrong.asked_at);
        // Each event that stands for a call of a node, a crash or a return gets a row; what a
        // node sends and answers in a call is in the row of the call.
        let mut row = 0usize;
        let mut next = 0usize;
        let mut sent: BTreeMap<usize, usize> = BTreeMap::new();
        let mut tick: Option<usize> = None;
        for (place, (ms, event)) in self.run.events.iter().enumerate() {
            if place > end {
                break;
            }
            // In the quiet time only the last questions are drawn; what was sent before it and
            // arrives in it is under way.
            let quiet = *ms >= QUIET_MS;
            let mut new_row = || {
                row = next;
                next += 1;
                row
            };
            match event {
                NodeEvent::Asked(operation) => {
                    let one = &self.run.operations[*operation];
                    tick = None;
                    if quiet && *operation != self.violation.operation {
                        continue;
                    }
                    let at = new_row();
                    // The last questions are asked when the network has been whole for a while.
                    let last = if quiet { "last " } else { "" };
                    let text = format!("{last}{}{}", question(one), outcome(one));
                    diagram = match *operation == self.violation.operation {
                        true => diagram.bad(one.node, at, text),
                        false => diagram.note(one.node, at, text),
                    };
                }
                _ if quiet => {}
                NodeEvent::Arrived(message) => {
                    tick = None;
                    let at = new_row();
                    if let Some(began) = sent.get(message) {
                        let (from, to) = self.way(&self.run.messages[*message]);
                        let label = label(&self.run.messages[*message]);
                        diagram = diagram.message(from, to, *began, Some(at), label);
                    }
                }
                NodeEvent::Ticked(node) => tick = Some(*node),
                NodeEvent::Sent(message) => {
                    // A tick has a row if something is sent.
                    if let Some(node) = tick.take() {
                        let at = new_row();
                        diagram = diagram.fault(node, at, "tick");
                    }
                    sent.insert(*message, row);
                }
                NodeEvent::Lost(message) => {
                    if let Some(began) = sent.get(message) {
                        let (from, to) = self.way(&self.run.messages[*message]);
                        let label = label(&self.run.messages[*message]);
                        diagram = diagram.message(from, to, *began, None, label);
                    }
                }
                NodeEvent::Crashed(node) => {
                    let at = new_row();
                    diagram = diagram.fault(*node, at, "crash: memory lost");
                }
                NodeEvent::Back(node) => {
                    let at = new_row();
                    diagram = diagram.fault(*node, at, "back, with its disk");
                }
                NodeEvent::Answered(_) => {}
            }
        }
        // What has neither arrived nor been lost by the violation.
        for (message, began) in &sent {
            let seen = |event: &(u64, NodeEvent)| match event.1 {
                NodeEvent::Arrived(other) => other == *message && event.0 < QUIET_MS,
                NodeEvent::Lost(other) => other == *message,
                _ => false,
            };
            let last = self.run.events.len().min(end.saturating_add(1));
            if !self.run.events[..last].iter().any(seen) {
                let sent = &self.run.messages[*message];
                let (from, to) = self.way(sent);
                diagram = diagram.pending(from, to, *began, label(sent));
            }
        }
        diagram
    }

    /// Returns the numbers of the sender and the receiver.
    fn way(&self, message: &NodeMessage) -> (usize, usize) {
        let number = |id: &str| (0..self.plan.nodes).position(|n| NodePlan::id(n) == id);
        let (from, to) = (number(&message.src), number(&message.dest));
        (from.unwrap_or(0), to.unwrap_or(0))
    }
}

/// A text in at most [`LONGEST`] characters.
fn short(text: &str) -> String {
    match text.chars().count() > LONGEST {
        true => text.chars().take(LONGEST - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

/// The type of a body, and its other fields as JSON without quotes.
fn words(body: &Value, left_out: &[&str]) -> String {
    let mut text = body["type"].as_str().unwrap_or_default().to_owned();
    for (name, value) in body.as_object().into_iter().flatten() {
        if !left_out.contains(&name.as_str()) {
            text.push(' ');
            text.push_str(&without_empty(value).to_string().replace('"', ""));
        }
    }
    text
}

/// A map without the names that stand for an empty list; any other value as it is.
fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let filled = map
                .iter()
                .filter(|(_, value)| !value.as_array().is_some_and(Vec::is_empty));
            let filled = filled.map(|(name, value)| (name.clone(), value.clone()));
            Value::Object(filled.collect())
        }
        other => other.clone(),
    }
}

fn label(message: &NodeMessage) -> String {
    short(&words(&message.body, &["type", "msg_id", "in_reply_to"]))
}

fn question(operation: &NodeOperation) -> String {
    short(&words(&operation.request, &["type"]))
}

/// What a client was told, after the question.
fn outcome(operation: &NodeOperation) -> String {
    match &operation.outcome {
        OperationOutcome::Fail => ": refused".to_owned(),
        OperationOutcome::Unknown => ": unknown".to_owned(),
        OperationOutcome::Ok(body) => {
            let told = words(body, &["type", "in_reply_to", "msg_id"]);
            let told = told.split_once(' ').map_or("ok", |(_, told)| told);
            format!(": {}", short(told))
        }
    }
}

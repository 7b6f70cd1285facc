//! Tests of widgets with a front end that records what it receives and can send any message.
mod interact;
mod moves;
mod protocol;

use super::front_end::handle;
use super::link::{self, CommEvent, Published, published};
use super::*;
use serde_json::{Value, json};

/// Sends a message from the front end on a comm.
fn hear(kind: &str, comm_id: &str, rest: Value) {
    let mut content = json!({ "comm_id": comm_id });
    for (name, value) in rest.as_object().unwrap() {
        content[name] = value.clone();
    }
    handle(CommEvent {
        kind: kind.to_owned(),
        content,
        buffers: Vec::new(),
    });
}

/// Changes attributes of a widget as the reader does.
fn moved(model: &Model, state: Value) {
    let data = json!({"method": "update", "state": state, "buffer_paths": []});
    hear("comm_msg", &model.id, json!({ "data": data }));
}

/// Shows a widget as the last line of a cell, and drops the messages that this published.
fn show(widget: &impl Widget) {
    widget::view(widget.model());
    published();
}

/// Returns (method, state) of each message on a model's comm.
fn said_of(model: &Model) -> Vec<(String, Value)> {
    let mine = |message: &Published| message.content["comm_id"] == *model.id;
    let messages = published().into_iter().filter(mine);
    let data = messages.map(|message| message.content["data"].clone());
    data.map(|data| (text(&data["method"]), data["state"].clone()))
        .collect()
}

/// Returns the messages that show or replace outputs: their type and one form of the output.
fn outputs(mime: &str) -> Vec<(String, String)> {
    let outputs = published().into_iter();
    let outputs = outputs.filter(|message| message.kind.ends_with("display_data"));
    let form = |message: Published| (message.kind, text(&message.content["data"][mime]));
    outputs.map(form).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

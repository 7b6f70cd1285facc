//! Widget messages: comm messages of front ends, forwarded to the cell process.
//!
//! A comm is a two-way channel of Jupyter between a widget in the front end and its
//! counterpart in the kernel, here in the cell process.

use super::{Session, Work};
use crate::wire::{Message, text};
use lambda_workbook::notebook::channel::frame::Frame;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The comm targets that front ends may open: those of ipywidgets.
const TARGETS: [&str; 2] = ["jupyter.widget.control", "jupyter.widget"];

/// The open comms.
#[derive(Debug, Default)]
pub(super) struct Comms {
    /// Comm id to target name.
    targets: BTreeMap<String, String>,
}

impl Comms {
    /// Updates the table after a `comm_open` or a `comm_close`.
    pub fn track(&mut self, kind: &str, content: &Value) {
        let id = text(&content["comm_id"]).to_owned();
        match kind {
            "comm_open" => {
                let target = text(&content["target_name"]).to_owned();
                self.targets.insert(id, target);
            }
            "comm_close" => {
                self.targets.remove(&id);
            }
            _ => {}
        }
    }

    /// Returns the content of the `comm_info_reply` to a `comm_info_request` with this
    /// content: the open comms, of one target if the request names one.
    pub fn content(&self, request: &Value) -> Value {
        let wanted = request["target_name"].as_str();
        let comms: serde_json::Map<String, Value> = self
            .targets
            .iter()
            .filter(|(_, target)| wanted.is_none_or(|wanted| wanted == *target))
            .map(|(id, target)| (id.clone(), json!({"target_name": target})))
            .collect();
        json!({"status": "ok", "comms": comms})
    }

    /// Returns whether the comm with this id is open.
    fn is_open(&self, id: &str) -> bool {
        self.targets.contains_key(id)
    }

    /// Removes the comm with this id.
    fn remove(&mut self, id: &str) {
        self.targets.remove(id);
    }

    /// Removes all comms and returns their ids.
    pub fn take_ids(&mut self) -> impl Iterator<Item = String> + use<> {
        std::mem::take(&mut self.targets).into_keys()
    }
}

impl Session {
    /// Forwards a comm message of a front end to the widgets and waits until they have
    /// handled it.
    ///
    /// A slider may send updates faster than a closure handles them. Updates of the same
    /// widget that are already waiting are therefore merged into one, in which the last
    /// value of each field counts.
    pub(super) async fn handle_comm_message(&mut self, request: &Message) -> Work<()> {
        // Refuse comms that no widget can handle; ignore comms of an ended process.
        let id = text(&request.content["comm_id"]).to_owned();
        if request.kind() == "comm_open" {
            let target = text(&request.content["target_name"]);
            if !TARGETS.contains(&target) || self.engine.cell_process_id().is_none() {
                let content = json!({"comm_id": id, "data": {}});
                self.sockets
                    .publish(request.child("comm_close", content))
                    .await;
                return Ok(());
            }
            self.comms.track("comm_open", &request.content);
        } else if !self.comms.is_open(&id) {
            return Ok(());
        }

        // Merge the updates that wait behind this one.
        let mut merged = request.clone();
        let later_updates = self.take_later_updates(&mut merged);
        for update in &later_updates {
            self.sockets.publish_status(update, "busy").await;
        }

        // Forward it. A front end waits for the echo of the update that it sent last, so
        // that one is the parent of the widgets' answers.
        let last = later_updates.last().unwrap_or(request).clone();
        self.state.begin_widget_call(last);
        let work = self.forward_comm_message(merged).await;
        self.state.end_widget_call();
        for update in &later_updates {
            self.sockets.publish_status(update, "idle").await;
        }
        work
    }

    /// Takes the updates of the same widget that wait directly behind `first`, merges
    /// their state into it, and returns them.
    fn take_later_updates(&mut self, first: &mut Message) -> Vec<Message> {
        if !is_state_update(first) {
            return Vec::new();
        }
        let id = first.content["comm_id"].clone();
        let taken = self
            .inbox
            .take_while(|next| is_state_update(next) && next.content["comm_id"] == id);
        for next in &taken {
            if let (Some(state), Some(newer)) = (
                first.content["data"]["state"].as_object_mut(),
                next.content["data"]["state"].as_object(),
            ) {
                state.extend(newer.clone());
            }
        }
        taken
    }

    /// Sends a comm message to the cell process and handles events until the widgets
    /// have handled it.
    async fn forward_comm_message(&mut self, request: Message) -> Work<()> {
        // Send the message; without a process that listens there is nothing to do.
        let frame = Frame {
            head: json!({"kind": "comm", "type": request.kind(), "content": request.content}),
            buffers: request.buffers,
        };
        self.comms
            .track(text(&frame.head["type"]), &frame.head["content"]);
        let id = text(&frame.head["content"]["comm_id"]).to_owned();
        let opened = frame.head["type"] == "comm_open";
        let sent = self
            .engine
            .get()
            .is_some_and(|evcxr| evcxr.cells.send(frame));
        if !sent {
            return Ok(());
        }

        // Wait until it is handled, or the process has ended.
        while self.state.is_widget_call_open() && self.engine.cell_process_id().is_some() {
            let event = self.next_event().await;
            self.handle_event(event).await?;
        }

        // Close a new comm for which no handler is registered.
        if opened && self.state.widget_call_found_no_handler() {
            self.comms.remove(&id);
            self.publish_output("comm_close", json!({"comm_id": id, "data": {}}))
                .await;
        }
        Ok(())
    }
}

/// Returns whether a message is a widget's state sent by a front end, without binary
/// buffers. Only such messages can be merged.
fn is_state_update(message: &Message) -> bool {
    message.kind() == "comm_msg"
        && message.content["data"]["method"] == "update"
        && message.buffers.is_empty()
}

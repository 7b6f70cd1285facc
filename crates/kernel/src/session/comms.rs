//! Widget messages: comm messages of front ends, forwarded to the cell process.
//!
//! A comm is a two-way channel of Jupyter between a widget in the front end and its
//! counterpart in the kernel, here in the cell process.

use super::Session;
use crate::wire::{Message, text};
use anyhow::Result;
use lambda_workbook::notebook::channel::frame::Frame;
use serde_json::{Value, json};

/// The comm targets that front ends may open: those of ipywidgets.
const TARGETS: [&str; 2] = ["jupyter.widget.control", "jupyter.widget"];

impl Session {
    /// Updates the table of open comms after a `comm_open` or a `comm_close`.
    pub(super) fn track_comm(&mut self, kind: &str, content: &Value) {
        let id = text(&content["comm_id"]).to_owned();
        match kind {
            "comm_open" => {
                let target = text(&content["target_name"]).to_owned();
                self.comms.insert(id, target);
            }
            "comm_close" => {
                self.comms.remove(&id);
            }
            _ => {}
        }
    }

    /// Replies to a `comm_info_request` with the open comms, of one target if the
    /// request names one.
    pub(super) async fn handle_comm_info_request(&mut self, request: &Message) -> Result<()> {
        let wanted = request.content["target_name"].as_str();
        let comms: serde_json::Map<String, Value> = self
            .comms
            .iter()
            .filter(|(_, target)| wanted.is_none_or(|wanted| wanted == *target))
            .map(|(id, target)| (id.clone(), json!({"target_name": target})))
            .collect();
        let content = json!({"status": "ok", "comms": comms});
        self.reply(request, "comm_info_reply", content).await
    }

    /// Forwards a comm message of a front end to the widgets and waits until they have
    /// handled it. Returns true when Jupyter has asked for a shutdown meanwhile.
    ///
    /// A slider may send updates faster than a closure handles them. Updates of the same
    /// widget that are already waiting are therefore merged into one, in which the last
    /// value of each field counts.
    pub(super) async fn handle_comm_message(&mut self, request: &Message) -> Result<bool> {
        // Refuse comms that no widget can handle; ignore comms of an ended process.
        let id = text(&request.content["comm_id"]).to_owned();
        if request.kind() == "comm_open" {
            let target = text(&request.content["target_name"]);
            if !TARGETS.contains(&target) || self.cell_process_id().is_none() {
                let content = json!({"comm_id": id, "data": {}});
                self.publish(request, "comm_close", content).await;
                return Ok(false);
            }
            self.track_comm("comm_open", &request.content);
        } else if !self.comms.contains_key(&id) {
            return Ok(false);
        }

        // Merge the updates that wait behind this one.
        let mut merged = request.clone();
        let later_updates = self.take_later_updates(&mut merged);
        for update in &later_updates {
            self.publish_status(update, "busy").await;
        }

        // Forward it. A front end waits for the echo of the update that it sent last, so
        // that one is the parent of the widgets' answers.
        self.comm_request = Some(later_updates.last().unwrap_or(request).clone());
        let shutdown = self.forward_comm_message(merged).await;
        self.comm_request = None;
        self.kill_at = None;
        let shutdown = shutdown?;
        for update in &later_updates {
            self.publish_status(update, "idle").await;
        }
        Ok(shutdown)
    }

    /// Takes the updates of the same widget that wait directly behind `first`, merges
    /// their state into it, and returns them.
    fn take_later_updates(&mut self, first: &mut Message) -> Vec<Message> {
        let mut taken = Vec::new();
        if !is_state_update(first) {
            return taken;
        }
        while let Ok(request) = self.shell_requests.try_recv() {
            self.pending_requests.push_back(request);
        }
        while let Some(next) = self.pending_requests.front()
            && is_state_update(next)
            && next.content["comm_id"] == first.content["comm_id"]
            && let Some(next) = self.pending_requests.pop_front()
        {
            if let (Some(state), Some(newer)) = (
                first.content["data"]["state"].as_object_mut(),
                next.content["data"]["state"].as_object(),
            ) {
                state.extend(newer.clone());
            }
            taken.push(next);
        }
        taken
    }

    /// Sends a comm message to the cell process and handles events until the widgets
    /// have handled it. Returns true when Jupyter has asked for a shutdown meanwhile.
    async fn forward_comm_message(&mut self, request: Message) -> Result<bool> {
        // Send the message; without a process that listens there is nothing to do.
        let frame = Frame {
            head: json!({"kind": "comm", "type": request.kind(), "content": request.content}),
            buffers: request.buffers,
        };
        self.track_comm(text(&frame.head["type"]), &frame.head["content"]);
        let id = text(&frame.head["content"]["comm_id"]).to_owned();
        let opened = frame.head["type"] == "comm_open";
        let Ok(evcxr) = self.engine.running() else {
            return Ok(false);
        };
        if !evcxr.cells.send(frame) {
            return Ok(false);
        }

        // Wait until it is handled, or the process has ended.
        self.comm_handled = None;
        let shutdown = loop {
            if self.comm_handled.is_some() || self.cell_process_id().is_none() {
                break false;
            }
            let event = self.next_event().await;
            if self.handle_event(event).await? {
                break true;
            }
        };

        // Close a new comm for which no handler is registered.
        if opened && self.comm_handled.take() == Some(false) {
            self.comms.remove(&id);
            self.publish_output("comm_close", json!({"comm_id": id, "data": {}}))
                .await?;
        }
        Ok(shutdown)
    }
}

/// Returns whether a message is a widget's state sent by a front end, without binary
/// buffers. Only such messages can be merged.
fn is_state_update(message: &Message) -> bool {
    message.kind() == "comm_msg"
        && message.content["data"]["method"] == "update"
        && message.buffers.is_empty()
}

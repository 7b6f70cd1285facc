//! Widgets: what front ends say to them, handed to the cells' process.

use super::Session;
use crate::kernel::wire::{Message, text};
use anyhow::Result;
use lambda_workbook::notebook::channel::frame::Frame;
use serde_json::{Value, json};

/// The comms that front ends may open: those of ipywidgets.
const TARGETS: [&str; 2] = ["jupyter.widget.control", "jupyter.widget"];

impl Session {
    /// Keeps account of the comms that cells open and close.
    pub(super) fn note_comm(&mut self, kind: &str, content: &Value) {
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

    pub(super) async fn tell_comms(&mut self, request: &Message) -> Result<()> {
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

    /// Hands a message of a front end to the widgets, and waits until they are
    /// done with it; true when Jupyter asked to end meanwhile.
    ///
    /// A slider sends more than a closure may be able to follow. Of moves that
    /// wait already, the last one counts.
    pub(super) async fn comm(&mut self, request: &Message) -> Result<bool> {
        let id = text(&request.content["comm_id"]).to_owned();
        if request.kind() == "comm_open" {
            let target = text(&request.content["target_name"]);
            if !TARGETS.contains(&target) || self.cells_pid().is_none() {
                let content = json!({"comm_id": id, "data": {}});
                self.publish(request, "comm_close", content).await;
                return Ok(false);
            }
            self.note_comm("comm_open", &request.content);
        } else if !self.comms.contains_key(&id) {
            return Ok(false); // of a process that has ended
        }
        let mut merged = request.clone();
        let late = self.take_late_moves(&mut merged);
        for one in &late {
            self.status(one, "busy").await;
        }
        // A front end waits for the echo of the move that it sent last.
        self.event = Some(late.last().unwrap_or(request).clone());
        let over = self.have_handled(merged).await;
        self.event = None;
        self.kill_at = None;
        let over = over?;
        for one in &late {
            self.status(one, "idle").await;
        }
        Ok(over)
    }

    /// Takes the moves of the same widget that wait behind this one, as a part of it.
    fn take_late_moves(&mut self, first: &mut Message) -> Vec<Message> {
        let mut taken = Vec::new();
        if !is_move(first) {
            return taken;
        }
        while let Ok(request) = self.shell_requests.try_recv() {
            self.waiting.push_back(request);
        }
        while let Some(next) = self.waiting.front()
            && is_move(next)
            && next.content["comm_id"] == first.content["comm_id"]
            && let Some(next) = self.waiting.pop_front()
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

    async fn have_handled(&mut self, request: Message) -> Result<bool> {
        let frame = Frame {
            head: json!({"kind": "comm", "type": request.kind(), "content": request.content}),
            buffers: request.buffers,
        };
        self.note_comm(text(&frame.head["type"]), &frame.head["content"]);
        let id = text(&frame.head["content"]["comm_id"]).to_owned();
        let opened = frame.head["type"] == "comm_open";
        let Ok(running) = self.engine.running() else {
            return Ok(false);
        };
        if !running.cells.tell(frame) {
            return Ok(false);
        }
        self.handled = None;
        let over = loop {
            if self.handled.is_some() || self.cells_pid().is_none() {
                break false;
            }
            let event = self.happens().await;
            if self.attend(event).await? {
                break true;
            }
        };
        if opened && self.handled.take() == Some(false) {
            self.comms.remove(&id);
            self.publish_output("comm_close", json!({"comm_id": id, "data": {}}))
                .await?;
        }
        Ok(over)
    }
}

/// A widget's state sent by a front end, without attachments.
fn is_move(message: &Message) -> bool {
    message.kind() == "comm_msg"
        && message.content["data"]["method"] == "update"
        && message.buffers.is_empty()
}

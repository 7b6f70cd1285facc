//! Turns the output and the reports of the cell process into Jupyter's messages.

use super::Session;
use super::state::CurrentCell;
use crate::failure::{Failure, Kept, LOST_ALL};
use crate::locate::describe_location;
use crate::side_channel::{CellEvent, Responder};
use crate::wire::{Message, text};
use lambda_workbook::notebook::channel::frame::Frame;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

/// A rich value that the cell process prints in evcxr's format, one part after the other:
/// a MIME bundle that is not complete yet.
#[derive(Debug, Default)]
pub(super) struct PrintedContent {
    parts: Map<String, Value>,
}

impl PrintedContent {
    /// Returns whether there is already a part of this type.
    fn has(&self, mime: &str) -> bool {
        self.parts.contains_key(mime)
    }

    /// Adds a part. A part in JSON that cannot be parsed is kept as text.
    fn add(&mut self, mime: String, body: &str) {
        let value = match mime.ends_with("json") {
            true => serde_json::from_str(body).unwrap_or_else(|_| json!(body)),
            false => json!(body),
        };
        self.parts.insert(mime, value);
    }

    /// Takes the bundle; `None` when it has no parts.
    fn take(&mut self) -> Option<Value> {
        let parts = std::mem::take(&mut self.parts);
        (!parts.is_empty()).then_some(Value::Object(parts))
    }
}

impl Session {
    /// Handles an event of the cell process.
    pub(super) async fn handle_cell_event(&mut self, event: CellEvent) {
        match event {
            CellEvent::Connected { .. } => {}
            CellEvent::Exited { .. } => self.handle_cell_process_exit().await,
            CellEvent::Text { name, text } => {
                self.publish_printed_content(false).await;
                if let (Some(cell), "stderr") = (self.state.cell_mut(), name) {
                    cell.keep_stderr_tail(&text);
                }
                self.publish_stream(name, &text).await;
            }
            // Several parts of different types are one output. A type that comes again
            // begins the next output.
            CellEvent::Content { mime, body } => {
                if self.printed_content.has(&mime) {
                    self.publish_printed_content(false).await;
                }
                self.printed_content.add(mime, &body);
            }
            CellEvent::Request(frame, responder) => {
                self.handle_cell_request(frame, responder).await;
            }
        }
    }

    /// Handles a request of the cell process and responds to it. The process waits for
    /// the response.
    async fn handle_cell_request(&mut self, frame: Frame, responder: Responder) {
        let head = frame.head;
        let mut response = json!({});
        match text(&head["kind"]) {
            // Outputs: any message for iopub, or the cell's result.
            "publish" => {
                self.publish_printed_content(false).await;
                let kind = text(&head["type"]).to_owned();
                self.comms.track(&kind, &head["content"]);
                if let Some(mut message) = self.output(&kind, head["content"].clone()) {
                    message.metadata = head["metadata"].clone();
                    message.buffers = frame.buffers;
                    self.sockets.publish(message).await;
                }
            }
            "result" => {
                self.publish_printed_content(false).await;
                self.publish_result(head["data"].clone()).await;
            }
            // Progress: a cell began or ended, or a comm message was handled.
            "started" => self.start_running(text(&head["cell"])),
            "finished" => self.publish_printed_content(true).await,
            "handled" => self.state.widget_call_handled(head["heard"] == true),
            // Errors.
            "describe panic" => {
                let location = self.describe_location(&head);
                response =
                    json!({"text": format!("panicked{location}: {}", text(&head["message"]))});
            }
            "panic" if head["cell"] != true => {
                let thread = head["thread"].as_str().unwrap_or("without a name");
                let location = self.describe_location(&head);
                let note = format!(
                    "thread {thread} panicked{location}: {}\n",
                    text(&head["message"])
                );
                self.publish_stream("stderr", &note).await;
            }
            "panic" => {
                let location = self.describe_location(&head);
                self.add_failure(Failure::panic(text(&head["message"]), &location));
            }
            "question mark" => {
                let failure = Failure::question_mark(text(&head["type"]), text(&head["message"]));
                self.add_failure(failure);
            }
            "interrupted" => self.add_failure(Failure::interrupted(Kept::EarlierVariables)),
            // An `input` call: the responder is kept until the reader has answered.
            "question" => return self.request_input(head, responder).await,
            other => eprintln!("unknown request from the cell process: `{other}`"),
        }
        responder.respond(response);
    }

    /// Notes that the current cell, compiled to this function, begins to run. An
    /// interrupt that came during the compilation reaches the cell now.
    fn start_running(&mut self, function: &str) {
        let Some(cell) = self.state.cell_mut() else {
            return;
        };
        let executed = self.history.describe(function, &cell.code);
        self.history.add_executed(executed);
        if let Some(target) = cell.begin_running(Instant::now()) {
            self.stop_target(target);
        }
    }

    /// Adds an error to the current cell.
    fn add_failure(&mut self, failure: Failure) {
        if let Some(cell) = self.state.cell_mut() {
            cell.add_failure(failure);
        }
    }

    /// Describes the location of a panic, such as " at line 3 of this cell".
    fn describe_location(&self, report: &Value) -> String {
        let current = self.state.cell().map(|_| self.history.count());
        match self.engine.get() {
            Some(evcxr) => {
                describe_location(report, self.history.executed(), current, &evcxr.place)
            }
            None => String::new(),
        }
    }

    /// Creates an iopub message with the right parent: the request of the current cell;
    /// for a comm message of a widget, the front end's message that the widget handles;
    /// else the request of the last cell. Returns `None` before the first cell.
    pub(super) fn output(&self, kind: &str, content: Value) -> Option<Message> {
        let parent = self.state.parent(kind).or(self.last_request.as_ref())?;
        Some(parent.child(kind, content))
    }

    /// Publishes a message of this kind, with the parent that [`Session::output`] chooses.
    pub(super) async fn publish_output(&mut self, kind: &str, content: Value) {
        if let Some(message) = self.output(kind, content) {
            self.sockets.publish(message).await;
        }
    }

    /// Publishes printed text; `name` is `stdout` or `stderr`.
    pub(super) async fn publish_stream(&mut self, name: &str, text: &str) {
        self.publish_output("stream", json!({"name": name, "text": text}))
            .await;
    }

    /// Publishes the result of the current cell, a MIME bundle. Between cells it becomes an
    /// ordinary output; for a silent cell it is dropped.
    pub(super) async fn publish_result(&mut self, data: Value) {
        let Some(cell) = self.state.cell() else {
            return self
                .publish_output("display_data", json!({"data": data, "metadata": {}}))
                .await;
        };
        if let Some(plain) = data["text/plain"].as_str() {
            self.history.set_output(plain);
        }
        if cell.request.content["silent"] == true {
            return;
        }
        let content =
            json!({"data": data, "metadata": {}, "execution_count": self.history.count()});
        self.publish_output("execute_result", content).await;
    }

    /// Publishes the rich content that was printed in evcxr's format, if there is any.
    /// When it is the `last` output of the cell, it is the cell's result.
    async fn publish_printed_content(&mut self, last: bool) {
        match self.printed_content.take() {
            Some(data) if last => self.publish_result(data).await,
            Some(data) => {
                let content = json!({"data": data, "metadata": {}});
                self.publish_output("display_data", content).await;
            }
            None => {}
        }
    }

    /// Forgets what lived in the cell process, which has exited: unfinished rich content
    /// and the widgets. When no cell is executed, the reader gets a note.
    async fn handle_cell_process_exit(&mut self) {
        self.printed_content = PrintedContent::default();
        for comm in self.comms.take_ids() {
            self.publish_output("comm_close", json!({"comm_id": comm, "data": {}}))
                .await;
        }
        if self.state.cell_process_exited() {
            let note = format!("The cell process ended while no cell ran. {LOST_ALL}\n");
            self.publish_stream("stderr", &note).await;
        }
    }

    /// Sends the `input_request` of a cell to the front end and keeps the responder until
    /// the reader has answered. Responds with an error when the reader cannot be asked.
    async fn request_input(&mut self, question: Value, responder: Responder) {
        let content = json!({"prompt": question["prompt"], "password": question["password"]});
        let reason = match self.state.cell_mut() {
            None => "input is only possible while a cell runs",
            Some(cell) if cell.request.content["allow_stdin"] != true => {
                "this front end has no prompt for input"
            }
            Some(cell) if cell.waits_for_input() => "another call of input waits for its answer",
            Some(cell) => {
                let request = cell.request.reply("input_request", content);
                cell.wait_for_input(responder);
                self.sockets.send_input_request(request).await;
                return;
            }
        };
        responder.respond(json!({"error": reason}));
    }

    /// Passes the reader's answer to the `input` call that waits for it.
    pub(super) fn handle_input_reply(&mut self, reply: &Message) {
        if let Some(responder) = self.state.cell_mut().and_then(CurrentCell::take_input) {
            responder.respond(json!({"value": text(&reply.content["value"])}));
        }
    }
}

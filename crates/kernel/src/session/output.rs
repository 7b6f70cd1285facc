//! Turns the output and the reports of the cell process into Jupyter's messages.

use super::{CurrentCell, Phase, Session};
use crate::failure::{Failure, Kept, LOST_ALL};
use crate::locate::{ExecutedCell, describe_location};
use crate::side_channel::{CellEvent, Responder};
use crate::wire::{Message, text};
use anyhow::Result;
use lambda_workbook::notebook::channel::frame::Frame;
use serde_json::{Map, Value, json};

/// How many bytes of the end of a cell's standard error are kept, to tell why its
/// process ended.
const STDERR_TAIL: usize = 2_000;

impl Session {
    /// Handles an event of the cell process.
    pub(super) async fn handle_cell_event(&mut self, event: CellEvent) -> Result<()> {
        match event {
            CellEvent::Connected { .. } => {}
            CellEvent::Exited { .. } => self.handle_cell_process_exit().await?,
            CellEvent::Text { name, text } => {
                self.publish_printed_content(false).await?;
                if let (Some(current), "stderr") = (&mut self.current, name) {
                    current.keep_stderr_tail(&text);
                }
                self.publish_stream(name, &text).await?;
            }
            // Several parts of different types are one output. A type that comes again
            // begins the next output.
            CellEvent::Content { mime, body } => {
                if self.printed_content.contains_key(&mime) {
                    self.publish_printed_content(false).await?;
                }
                let value = match mime.ends_with("json") {
                    true => serde_json::from_str(&body).unwrap_or_else(|_| json!(body)),
                    false => json!(body),
                };
                self.printed_content.insert(mime, value);
            }
            CellEvent::Request(frame, responder) => {
                self.handle_cell_request(frame, responder).await?;
            }
        }
        Ok(())
    }

    /// Handles a request of the cell process and responds to it. The process waits for
    /// the response.
    async fn handle_cell_request(&mut self, frame: Frame, responder: Responder) -> Result<()> {
        let head = frame.head;
        let mut response = json!({});
        match text(&head["kind"]) {
            // Outputs: any message for iopub, or the cell's result.
            "publish" => {
                self.publish_printed_content(false).await?;
                let kind = text(&head["type"]).to_owned();
                self.track_comm(&kind, &head["content"]);
                if let Some(mut message) = self.output(&kind, head["content"].clone()) {
                    message.metadata = head["metadata"].clone();
                    message.buffers = frame.buffers;
                    self.outbox.send(message).await;
                }
            }
            "result" => {
                self.publish_printed_content(false).await?;
                self.publish_result(head["data"].clone()).await?;
            }
            // Progress: a cell began or ended, or a comm message was handled.
            "started" => self.start_running(text(&head["cell"])).await,
            "finished" => self.publish_printed_content(true).await?,
            "handled" => self.comm_handled = Some(head["heard"] == true),
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
                self.publish_stream("stderr", &note).await?;
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
        Ok(())
    }

    /// Notes that the current cell, compiled to this function, begins to run. An
    /// interrupt that came during the compilation reaches the cell now.
    async fn start_running(&mut self, function: &str) {
        let Some(current) = &mut self.current else {
            return;
        };
        current.phase = Phase::Running;
        let cell = ExecutedCell {
            function: function.to_owned(),
            code: current.code.clone(),
            count: self.execution_count,
        };
        let interrupted = current.interrupted;
        self.executed_cells.push(cell);
        if interrupted {
            self.interrupt_cell_process();
        }
    }

    /// Adds an error to the current cell.
    fn add_failure(&mut self, failure: Failure) {
        if let Some(current) = &mut self.current {
            current.failures.push(failure);
        }
    }

    /// Describes the location of a panic, such as " at line 3 of this cell".
    fn describe_location(&self, report: &Value) -> String {
        let current = self.current.as_ref().map(|_| self.execution_count);
        match &self.engine.running {
            Some(evcxr) => describe_location(report, &self.executed_cells, current, &evcxr.place),
            None => String::new(),
        }
    }

    /// Creates an iopub message with the right parent: the request of the current cell;
    /// for a comm message of a widget, the front end's message that the widget handles;
    /// else the request of the last cell. Returns `None` before the first cell.
    pub(super) fn output(&self, kind: &str, content: Value) -> Option<Message> {
        let parent = match (&self.current, &self.comm_request) {
            (Some(current), _) => &current.request,
            (None, Some(request)) if kind.starts_with("comm_") => request,
            (None, _) => self.last_request.as_ref()?,
        };
        Some(parent.child(kind, content))
    }

    /// Publishes a message of this kind, with the parent that [`Session::output`] chooses.
    pub(super) async fn publish_output(&mut self, kind: &str, content: Value) -> Result<()> {
        if let Some(message) = self.output(kind, content) {
            self.outbox.send(message).await;
        }
        Ok(())
    }

    /// Publishes printed text; `name` is `stdout` or `stderr`.
    pub(super) async fn publish_stream(&mut self, name: &str, text: &str) -> Result<()> {
        self.publish_output("stream", json!({"name": name, "text": text}))
            .await
    }

    /// Publishes the result of the current cell, a MIME bundle. Between cells it becomes an
    /// ordinary output; for a silent cell it is dropped.
    pub(super) async fn publish_result(&mut self, data: Value) -> Result<()> {
        let Some(current) = &mut self.current else {
            return self
                .publish_output("display_data", json!({"data": data, "metadata": {}}))
                .await;
        };
        if let Some(plain) = data["text/plain"].as_str() {
            self.history.set_output(plain);
        }
        if current.request.content["silent"] == true {
            return Ok(());
        }
        let content =
            json!({"data": data, "metadata": {}, "execution_count": self.execution_count});
        self.publish_output("execute_result", content).await
    }

    /// Publishes the rich content that was printed in evcxr's format, if there is any.
    /// When it is the `last` output of the cell, it is the cell's result.
    async fn publish_printed_content(&mut self, last: bool) -> Result<()> {
        if self.printed_content.is_empty() {
            return Ok(());
        }
        let data = Value::Object(std::mem::take(&mut self.printed_content));
        match last {
            true => self.publish_result(data).await,
            false => {
                let content = json!({"data": data, "metadata": {}});
                self.publish_output("display_data", content).await
            }
        }
    }

    /// Forgets what lived in the cell process, which has exited: unfinished rich content
    /// and the widgets. When no cell runs, the reader gets a note.
    async fn handle_cell_process_exit(&mut self) -> Result<()> {
        self.printed_content = Map::new();
        for comm in std::mem::take(&mut self.comms).into_keys() {
            self.publish_output("comm_close", json!({"comm_id": comm, "data": {}}))
                .await?;
        }
        if self.current.is_none() {
            self.cell_process_lost = true;
            let note = format!("The cell process ended while no cell ran. {LOST_ALL}\n");
            self.publish_stream("stderr", &note).await?;
        }
        Ok(())
    }

    /// Sends the `input_request` of a cell to the front end and keeps the responder until
    /// the reader has answered. Responds with an error when the reader cannot be asked.
    async fn request_input(&mut self, question: Value, responder: Responder) -> Result<()> {
        let content = json!({"prompt": question["prompt"], "password": question["password"]});
        let reason = match &self.current {
            None => "input is only possible while a cell runs",
            Some(current) if current.request.content["allow_stdin"] != true => {
                "this front end has no prompt for input"
            }
            Some(_) if self.input_request.is_some() => "another call of input waits for its answer",
            Some(current) => {
                let request = current.request.reply("input_request", content);
                self.send_stdin(request).await;
                self.input_request = Some(responder);
                return Ok(());
            }
        };
        responder.respond(json!({"error": reason}));
        Ok(())
    }

    /// Passes the reader's answer to the `input` call that waits for it.
    pub(super) fn handle_input_reply(&mut self, reply: &Message) {
        if let Some(responder) = self.input_request.take() {
            responder.respond(json!({"value": text(&reply.content["value"])}));
        }
    }
}

impl CurrentCell {
    /// Appends text to the kept end of standard error and drops what is too much.
    fn keep_stderr_tail(&mut self, text: &str) {
        self.stderr_tail.push_str(text);
        if let Some(surplus) = self.stderr_tail.len().checked_sub(STDERR_TAIL) {
            let cut = (surplus..).find(|at| self.stderr_tail.is_char_boundary(*at));
            self.stderr_tail.drain(..cut.unwrap_or(surplus));
        }
    }
}

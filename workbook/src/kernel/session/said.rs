//! What the cells' process prints and says, as messages of Jupyter.

use super::{Current, Phase, Session};
use crate::kernel::failure::{Failure, Kept, LOST_ALL};
use crate::kernel::locate::{RanCell, place_of};
use crate::kernel::side_channel::{Answer, Event};
use crate::kernel::wire::{Message, text};
use anyhow::Result;
use lambda_workbook::notebook::channel::frame::Frame;
use serde_json::{Map, Value, json};

/// How much of a cell's last words on standard error is kept, to tell why its
/// process ended.
const LAST_WORDS: usize = 2_000;

impl Session {
    /// Takes what happened in the cells' process.
    pub(super) async fn take(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Came { .. } => {}
            Event::Gone { .. } => self.cells_gone().await?,
            Event::Text { name, text } => {
                self.show_content(false).await?;
                if let (Some(current), "stderr") = (&mut self.current, name) {
                    current.keep_last_words(&text);
                }
                self.publish_stream(name, &text).await?;
            }
            Event::Content { mime, body } => {
                if self.content.contains_key(&mime) {
                    self.show_content(false).await?;
                }
                let value = match mime.ends_with("json") {
                    true => serde_json::from_str(&body).unwrap_or_else(|_| json!(body)),
                    false => json!(body),
                };
                self.content.insert(mime, value);
            }
            Event::Said(frame, answer) => self.hear(frame, answer).await?,
        }
        Ok(())
    }

    async fn hear(&mut self, frame: Frame, answer: Answer) -> Result<()> {
        let head = frame.head;
        let mut reply = json!({});
        match text(&head["kind"]) {
            "publish" => {
                self.show_content(false).await?;
                let kind = text(&head["type"]).to_owned();
                self.note_comm(&kind, &head["content"]);
                if let Some(mut message) = self.output(&kind, head["content"].clone()) {
                    message.metadata = head["metadata"].clone();
                    message.buffers = frame.buffers;
                    self.outbox.send(message).await;
                }
            }
            "result" => {
                self.show_content(false).await?;
                self.publish_result(head["data"].clone()).await?;
            }
            "started" => self.started(text(&head["cell"])).await,
            "finished" => self.show_content(true).await?,
            "handled" => self.handled = Some(head["heard"] == true),
            "describe panic" => {
                let place = self.place_of(&head);
                reply = json!({"text": format!("panicked{place}: {}", text(&head["message"]))});
            }
            "panic" if head["cell"] != true => {
                let thread = head["thread"].as_str().unwrap_or("without a name");
                let place = self.place_of(&head);
                let note = format!(
                    "thread {thread} panicked{place}: {}\n",
                    text(&head["message"])
                );
                self.publish_stream("stderr", &note).await?;
            }
            "panic" => {
                let place = self.place_of(&head);
                self.fail(Failure::panic(text(&head["message"]), &place));
            }
            "question mark" => {
                let failure = Failure::question_mark(text(&head["type"]), text(&head["message"]));
                self.fail(failure);
            }
            "interrupted" => self.fail(Failure::interrupted(Kept::Earlier)),
            "question" => return self.ask_reader(head, answer).await,
            other => eprintln!("the cells' process said `{other}`, which means nothing here"),
        }
        answer.give(reply);
        Ok(())
    }

    async fn started(&mut self, function: &str) {
        let Some(current) = &mut self.current else {
            return;
        };
        current.phase = Phase::Runs;
        let ran = RanCell {
            function: function.to_owned(),
            code: current.code.clone(),
            count: self.execution_count,
        };
        let late = current.interrupted;
        self.ran.push(ran);
        if late {
            self.interrupt_cells();
        }
    }

    fn fail(&mut self, failure: Failure) {
        if let Some(current) = &mut self.current {
            current.failures.push(failure);
        }
    }

    fn place_of(&self, report: &Value) -> String {
        let now = self.current.as_ref().map(|_| self.execution_count);
        match &self.engine.running {
            Some(running) => place_of(report, &self.ran, now, &running.place),
            None => String::new(),
        }
    }

    /// A message for front ends, caused by the cell that runs or ran last; what
    /// widgets say to their front end, by its message that they are at work on.
    pub(super) fn output(&self, kind: &str, content: Value) -> Option<Message> {
        let parent = match (&self.current, &self.event) {
            (Some(current), _) => &current.request,
            (None, Some(event)) if kind.starts_with("comm_") => event,
            (None, _) => self.last_request.as_ref()?,
        };
        Some(parent.child(kind, content))
    }

    pub(super) async fn publish_output(&mut self, kind: &str, content: Value) -> Result<()> {
        if let Some(message) = self.output(kind, content) {
            self.outbox.send(message).await;
        }
        Ok(())
    }

    pub(super) async fn publish_stream(&mut self, name: &str, text: &str) -> Result<()> {
        self.publish_output("stream", json!({"name": name, "text": text}))
            .await
    }

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

    /// Shows rich content that was printed in evcxr's form: as the cell's result
    /// when nothing follows it.
    async fn show_content(&mut self, last: bool) -> Result<()> {
        if self.content.is_empty() {
            return Ok(());
        }
        let data = Value::Object(std::mem::take(&mut self.content));
        match last {
            true => self.publish_result(data).await,
            false => {
                let content = json!({"data": data, "metadata": {}});
                self.publish_output("display_data", content).await
            }
        }
    }

    /// The cells' process has ended, and with it all that lived there.
    async fn cells_gone(&mut self) -> Result<()> {
        self.content = Map::new();
        for comm in std::mem::take(&mut self.comms).into_keys() {
            self.publish_output("comm_close", json!({"comm_id": comm, "data": {}}))
                .await?;
        }
        if self.current.is_none() {
            self.cells_stale = true;
            let note = format!("The process of the cells ended while no cell ran. {LOST_ALL}\n");
            self.publish_stream("stderr", &note).await?;
        }
        Ok(())
    }

    /// Hands a cell's question to the reader.
    async fn ask_reader(&mut self, question: Value, answer: Answer) -> Result<()> {
        let content = json!({"prompt": question["prompt"], "password": question["password"]});
        let why = match &self.current {
            None => "no cell runs",
            Some(current) if current.request.content["allow_stdin"] != true => {
                "this front end has no prompt"
            }
            Some(_) if self.question.is_some() => "another question waits for its answer",
            Some(current) => {
                let asked = current.request.reply("input_request", content);
                self.send_stdin(asked).await;
                self.question = Some(answer);
                return Ok(());
            }
        };
        answer.give(json!({"error": why}));
        Ok(())
    }

    /// The reader has answered.
    pub(super) fn answered(&mut self, reply: &Message) {
        if let Some(question) = self.question.take() {
            question.give(json!({"value": text(&reply.content["value"])}));
        }
    }
}

impl Current {
    fn keep_last_words(&mut self, text: &str) {
        self.printed.push_str(text);
        if let Some(surplus) = self.printed.len().checked_sub(LAST_WORDS) {
            let cut = (surplus..).find(|at| self.printed.is_char_boundary(*at));
            self.printed.drain(..cut.unwrap_or(surplus));
        }
    }
}

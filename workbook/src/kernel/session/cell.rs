//! Running a cell: from the request to the reply.

use super::Session;
use crate::kernel::annotate;
use crate::kernel::backend::{Event, Types};
use crate::kernel::engine::Running;
use crate::kernel::reports::{Failure, Report};
use crate::kernel::wire::{Message, text};
use anyhow::Result;
use serde_json::{Value, json};
use zeromq::SocketSend;

/// What became of a cell.
enum Ran {
    Ok,
    Error(Failure),
    /// Jupyter asked to end.
    Shutdown,
}

fn error_content(failure: &Failure) -> Value {
    json!({"ename": failure.name, "evalue": failure.value, "traceback": failure.traceback})
}

impl Session {
    /// Runs one cell; true when Jupyter asked to end meanwhile.
    pub(super) async fn execute(&mut self, request: &Message) -> Result<bool> {
        let code = text(&request.content["code"]).to_owned();
        let silent = request.content["silent"] == true;
        let counts = !silent && request.content["store_history"] != false;
        if counts {
            self.execution_count += 1;
        }
        if !silent {
            let content = json!({"code": code, "execution_count": self.execution_count});
            self.publish(request, "execute_input", content).await?;
        }
        self.last_request = Some(request.clone());
        let ran = match self.engine.get().await {
            Ok(_) => {
                if let Some(notice) = self.engine.notice.take() {
                    let content = json!({"name": "stderr", "text": format!("{notice}\n")});
                    self.publish(request, "stream", content).await?;
                }
                self.run_cell(request, &code).await
            }
            Err(error) => Ran::Error(Failure::new("KernelError", format!("{error:#}"))),
        };
        match ran {
            Ran::Ok => {
                let content = json!({
                    "status": "ok",
                    "execution_count": self.execution_count,
                    "payload": [],
                    "user_expressions": {},
                });
                self.reply(request, "execute_reply", content).await?;
            }
            Ran::Error(failure) => {
                let mut content = error_content(&failure);
                self.publish(request, "error", content.clone()).await?;
                content["status"] = json!("error");
                content["execution_count"] = json!(self.execution_count);
                self.reply(request, "execute_reply", content).await?;
                if request.content["stop_on_error"] != false {
                    self.abort_waiting().await?;
                }
            }
            Ran::Shutdown => return Ok(true),
        }
        Ok(false)
    }

    /// After an error, the cells that already wait are not run.
    async fn abort_waiting(&mut self) -> Result<()> {
        let mut others = Vec::new();
        while let Ok(waiting) = self.shell_requests.try_recv() {
            if waiting.kind() == "execute_request" {
                self.status(&waiting, "busy").await?;
                let content = json!({"status": "aborted", "execution_count": self.execution_count});
                self.reply(&waiting, "execute_reply", content).await?;
                self.status(&waiting, "idle").await?;
            } else {
                others.push(waiting);
            }
        }
        for request in others {
            Box::pin(self.answer_shell(request)).await?;
        }
        Ok(())
    }

    async fn run_cell(&mut self, request: &Message, code: &str) -> Ran {
        match self.try_cell(request, code).await {
            Ok(ran) => ran,
            Err(error) => {
                // evcxr itself has gone; the next cell gets a new one.
                self.engine.running = None;
                Ran::Error(Failure::new(
                    "KernelDied",
                    format!(
                        "{error:#}\nAll variables and items are lost; the next cell starts afresh."
                    ),
                ))
            }
        }
    }

    async fn try_cell(&mut self, request: &Message, code: &str) -> Result<Ran> {
        let Running { place, backend, .. } = self.engine.running()?;
        let types = if annotate::needs_types(code) {
            backend.types(code, place).await?
        } else {
            Types::default()
        };
        let sent = if types.correct {
            annotate::annotate(code, &types.types)
        } else {
            code.to_owned()
        };
        let content = json!({
            "code": sent,
            "silent": false,
            "store_history": true,
            "user_expressions": {},
            "allow_stdin": request.content["allow_stdin"],
            "stop_on_error": true,
        });
        let id = backend.request("execute_request", content).await?;
        let (mut replied, mut idle) = (false, false);
        let mut failures: Vec<Failure> = Vec::new();
        while !(replied && idle) {
            let running = self.engine.running()?;
            tokio::select! {
                event = running.backend.event() => match event? {
                    Event::Published(message) => {
                        let ours = message.parent_id() == id;
                        match message.kind() {
                            "status" if ours => idle |= message.content["execution_state"] == "idle",
                            "error" if ours => failures.push(failure(&message, &types)),
                            "execute_result" if ours => self.pass_result(request, message).await?,
                            "stream" => self.publish(request, "stream", message.content).await?,
                            _ => {}
                        }
                    }
                    Event::Reply(message) => replied |= message.parent_id() == id,
                    Event::Question(question) => self.ask_reader(request, question).await?,
                },
                Some(control) = self.control_requests.recv() => {
                    if self.answer_control(control).await? {
                        return Ok(Ran::Shutdown);
                    }
                }
            }
        }
        let running = self.engine.running()?;
        for report in running.reports.take(code, &running.place) {
            match report {
                Report::Failure(failure) => failures.push(failure),
                Report::Note(note) => {
                    let content = json!({"name": "stderr", "text": note});
                    self.publish(request, "stream", content).await?;
                }
            }
        }
        Ok(match join(failures) {
            Some(failure) => Ran::Error(failure),
            None => Ran::Ok,
        })
    }

    async fn pass_result(&mut self, request: &Message, message: Message) -> Result<()> {
        let mut content = message.content;
        content["execution_count"] = json!(self.execution_count);
        if request.content["silent"] != true {
            self.publish(request, "execute_result", content).await?;
        }
        Ok(())
    }

    /// Hands a cell's question to the reader, and the answer back.
    async fn ask_reader(&mut self, request: &Message, question: Message) -> Result<()> {
        let asked = request.reply("input_request", question.content.clone());
        self.stdin.send(asked.encode(&self.signer)).await?;
        let answer = tokio::select! {
            Some(answer) = self.stdin_replies.recv() => text(&answer.content["value"]).to_owned(),
            Some(control) = self.control_requests.recv() => {
                self.answer_control(control).await?;
                String::new()
            }
        };
        if let Some(running) = self.engine.running.as_mut() {
            running.backend.answer(&question, &answer).await?;
        }
        Ok(())
    }

    /// A thread of a cell may print after the cell has ended.
    pub(super) async fn pass_late_output(&mut self, message: Message) -> Result<()> {
        if let ("stream", Some(request)) = (message.kind(), &self.last_request) {
            self.publish(request, "stream", message.content).await?;
        }
        Ok(())
    }
}

/// evcxr publishes an error for each of rustc's; Jupyter knows one a cell.
fn join(failures: Vec<Failure>) -> Option<Failure> {
    let more = failures.len().saturating_sub(1);
    let mut failures = failures.into_iter();
    let mut first = failures.next()?;
    for failure in failures {
        first.traceback.push(String::new());
        first.traceback.extend(failure.traceback);
    }
    if more > 0 {
        first.value += &format!(" (and {more} more)");
    }
    Some(first)
}

fn failure(message: &Message, types: &Types) -> Failure {
    let value = text(&message.content["evalue"]);
    let lines = message.content["traceback"].as_array();
    let traceback: Vec<String> = lines
        .into_iter()
        .flatten()
        .map(|line| text(line).to_owned())
        .collect();
    if let Some(variable) = value
        .strip_prefix("Couldn't automatically determine type of variable `")
        .and_then(|rest| rest.split('`').next())
        && let Some(name) = types.types.get(variable)
    {
        return Failure::new(
            "CompileError",
            format!(
                "The variable `{variable}` cannot outlive this cell: its type, `{name}`, has no name that later cells could write.\n\
                 Collect it (`.collect::<Vec<_>>()`), box it (`let {variable}: Box<dyn ...> = Box::new(...)`), or use it inside braces in this cell."
            ),
        );
    }
    let name =
        if value.starts_with("Subprocess terminated") || value.contains("Subprocess terminated") {
            "CellProcessDied"
        } else {
            "CompileError"
        };
    Failure {
        name: name.to_owned(),
        value: value.to_owned(),
        traceback,
    }
}

//! Running a cell: from the request to the reply.

use super::{Current, Happened, Phase, Session};
use crate::kernel::annotate;
use crate::kernel::backend::{Checked, Event};
use crate::kernel::failure::{Failure, Kept};
use crate::kernel::locate::RanCell;
use crate::kernel::wire::{Message, text};
use anyhow::{Result, bail};
use serde_json::json;

/// What became of a cell.
enum Ran {
    Ok,
    Error(Failure),
    /// Jupyter asked to end.
    Shutdown,
}

/// What ends an exchange with evcxr.
#[derive(Clone, Copy)]
pub(super) enum Until<'a> {
    /// The reply to this request.
    Reply(&'a str),
    /// The reply to this request, and all its output.
    ReplyAndIdle(&'a str),
    /// The end of this comm.
    Close(&'a str),
}

impl Session {
    /// Runs one cell; true when Jupyter asked to end meanwhile.
    pub(super) async fn execute(&mut self, request: &Message) -> Result<bool> {
        let code = text(&request.content["code"]).to_owned();
        let silent = request.content["silent"] == true;
        let counts = !silent && request.content["store_history"] != false;
        if counts {
            self.execution_count += 1;
            self.history.add(self.execution_count, &code);
        }
        if !silent {
            let content = json!({"code": code, "execution_count": self.execution_count});
            self.publish(request, "execute_input", content).await;
        }
        self.last_request = Some(request.clone());
        self.current = Some(Current::new(request.clone(), code));
        let ran = self.run_cell().await;
        let current = self.current.take();
        self.kill_at = None;
        if let Some(question) = self.question.take() {
            question.give(json!({"error": "the cell has ended"}));
        }
        let interrupted = current.is_some_and(|current| current.interrupted);
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
                let mut content = failure.content();
                self.publish(request, "error", content.clone()).await;
                content["status"] = json!("error");
                content["execution_count"] = json!(self.execution_count);
                self.reply(request, "execute_reply", content).await?;
                if interrupted || request.content["stop_on_error"] != false {
                    self.abort_waiting().await?;
                }
            }
            Ran::Shutdown => return Ok(true),
        }
        Ok(false)
    }

    /// After an error, the cells that already wait are not run.
    async fn abort_waiting(&mut self) -> Result<()> {
        while let Ok(request) = self.shell_requests.try_recv() {
            self.waiting.push_back(request);
        }
        for request in std::mem::take(&mut self.waiting) {
            if request.kind() != "execute_request" {
                self.waiting.push_back(request);
                continue;
            }
            self.status(&request, "busy").await;
            let content = json!({"status": "aborted", "execution_count": self.execution_count});
            self.reply(&request, "execute_reply", content).await?;
            self.status(&request, "idle").await;
        }
        Ok(())
    }

    async fn run_cell(&mut self) -> Ran {
        match self.ready().await {
            Ok(true) => return Ran::Shutdown,
            Ok(false) => {}
            Err(error) => return Ran::Error(Failure::new("KernelError", format!("{error:#}"))),
        }
        match self.try_cell().await {
            Ok(ran) => ran,
            Err(error) => {
                // evcxr itself has gone; the next cell gets a new one.
                self.engine.running = None;
                Ran::Error(Failure::new(
                    "KernelDied",
                    format!(
                        "{error:#}\nLost: all variables and items; the next cell starts afresh."
                    ),
                ))
            }
        }
    }

    /// Waits until evcxr runs; true when Jupyter asked to end meanwhile.
    pub(super) async fn ready(&mut self) -> Result<bool> {
        while self.engine.running.is_none() {
            tokio::select! {
                started = self.engine.start_or_wait() => started?,
                Some(request) = self.control_requests.recv() => {
                    if self.answer_control(request).await? {
                        return Ok(true);
                    }
                }
            }
        }
        if let Some(notice) = self.engine.notice.take() {
            self.publish_stream("stderr", &format!("{notice}\n"))
                .await?;
        }
        Ok(false)
    }

    async fn try_cell(&mut self) -> Result<Ran> {
        let Some(current) = &self.current else {
            bail!("no cell");
        };
        let (code, allow_stdin) = (
            current.code.clone(),
            current.request.content["allow_stdin"].clone(),
        );
        let mut checked = None;
        if annotate::needs_types(&code) {
            match self.check(&code, true).await? {
                Some(answer) => checked = Some(answer),
                None => return Ok(Ran::Shutdown),
            }
        }
        if self.was_interrupted() {
            return Ok(Ran::Error(Failure::interrupted(Kept::Everything)));
        }
        let sent = match &checked {
            Some(checked) if checked.correct() => annotate::annotate(&code, &checked.types),
            _ => code.clone(),
        };
        let content = json!({
            "code": sent,
            "silent": false,
            "store_history": true,
            "user_expressions": {},
            "allow_stdin": allow_stdin,
            "stop_on_error": true,
        });
        let running = self.engine.running()?;
        let id = running.backend.request("execute_request", content).await?;
        if self.exchange(Until::ReplyAndIdle(&id)).await? {
            return Ok(Ran::Shutdown);
        }
        let Some(failure) = self.failure() else {
            return Ok(Ran::Ok);
        };
        if failure.name != "CompileError" {
            return Ok(Ran::Error(failure));
        }
        // rustc's own report says it better. Asked for types, it does not come to
        // what is borrowed wrongly, so it may have to be asked again.
        let mut checked = checked.unwrap_or_default();
        if checked.correct() {
            match self.check(&code, false).await? {
                Some(again) => checked.diagnostics = again.diagnostics,
                None => return Ok(Ran::Shutdown),
            }
        }
        let cell = RanCell {
            function: String::new(),
            code,
            count: self.execution_count,
        };
        Ok(Ran::Error(
            failure.in_rustcs_words(&cell, &self.ran, &checked),
        ))
    }

    /// Asks rustc what it thinks of a cell; `None` when Jupyter asked to end
    /// meanwhile.
    async fn check(&mut self, code: &str, types: bool) -> Result<Option<Checked>> {
        let running = self.engine.running()?;
        let comm = running
            .backend
            .ask_for_check(code, types, &running.place)
            .await?;
        if self.exchange(Until::Close(&comm)).await? {
            return Ok(None);
        }
        Ok(Some(Checked::read(&self.engine.running()?.place)?))
    }

    fn was_interrupted(&self) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|current| current.interrupted)
    }

    /// What the cell failed of.
    fn failure(&mut self) -> Option<Failure> {
        let current = self.current.as_mut()?;
        let failure = Failure::join(std::mem::take(&mut current.failures))?;
        Some(match (current.interrupted, current.phase) {
            (true, Phase::Compiles) => Failure::interrupted(Kept::Everything),
            (true, Phase::Runs) if failure.name == "CellProcessDied" => {
                Failure::interrupted(Kept::Items)
            }
            _ => failure,
        })
    }

    /// Attends to everything until evcxr is done with something; true when
    /// Jupyter asked to end meanwhile.
    pub(super) async fn exchange(&mut self, until: Until<'_>) -> Result<bool> {
        let (mut replied, mut idle) = (false, false);
        loop {
            match (self.happens().await, until) {
                (Happened::Evcxr(Event::Reply(message)), Until::Reply(id)) => {
                    if message.parent_id() == id {
                        return Ok(false);
                    }
                }
                (Happened::Evcxr(Event::Reply(message)), Until::ReplyAndIdle(id)) => {
                    replied |= message.parent_id() == id;
                }
                (Happened::Evcxr(Event::Published(message)), Until::Close(comm)) => {
                    if message.kind() == "comm_close" && message.content["comm_id"] == comm {
                        return Ok(false);
                    }
                }
                (Happened::Evcxr(Event::Published(message)), Until::ReplyAndIdle(id)) => {
                    if message.kind() == "status" && message.parent_id() == id {
                        idle |= message.content["execution_state"] == "idle";
                    } else {
                        self.take_published(message, id).await?;
                    }
                }
                (Happened::Evcxr(_), _) => {}
                (Happened::EvcxrEnded(error), _) => return Err(error),
                (happened, _) => {
                    if self.attend(happened).await? {
                        return Ok(true);
                    }
                }
            }
            if replied && idle {
                return Ok(false);
            }
        }
    }

    /// Passes on what evcxr itself says of a cell: compile errors, and the answers
    /// to its own commands such as `:vars`.
    async fn take_published(&mut self, message: Message, id: &str) -> Result<()> {
        let ours = message.parent_id() == id;
        match message.kind() {
            "error" if ours => {
                if let Some(current) = &mut self.current {
                    let failure =
                        Failure::from_evcxr(&message, self.execution_count, &current.printed);
                    current.failures.push(failure);
                }
            }
            "execute_result" if ours => {
                self.publish_result(message.content["data"].clone()).await?;
            }
            "stream" => {
                let content = message.content;
                self.publish_stream(text(&content["name"]), text(&content["text"]))
                    .await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Has evcxr start a new process for cells, since the last one ended while
    /// evcxr was not looking. True when Jupyter asked to end meanwhile.
    pub(super) async fn renew_cells(&mut self) -> Result<bool> {
        self.cells_stale = false;
        let content = json!({"code": ":restart", "silent": true, "store_history": false,
            "user_expressions": {}, "allow_stdin": false, "stop_on_error": true});
        let Ok(running) = self.engine.running() else {
            return Ok(false);
        };
        let id = running.backend.request("execute_request", content).await?;
        self.exchange(Until::Reply(&id)).await
    }
}

impl Current {
    fn new(request: Message, code: String) -> Current {
        Current {
            request,
            code,
            phase: Phase::Compiles,
            interrupted: false,
            failures: Vec::new(),
            printed: String::new(),
        }
    }
}

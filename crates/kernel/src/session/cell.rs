//! Execution of a cell: from the `execute_request` to the `execute_reply`.
//!
//! A cell goes through evcxr in up to three exchanges:
//! 1. When the cell binds variables without writing their types, rustc is asked for
//!    those types, and they are written into the cell.
//! 2. evcxr compiles and runs the cell.
//! 3. When the cell does not compile, rustc is asked for its own report.

use super::{CurrentCell, Phase, Session, SessionEvent};
use crate::annotate;
use crate::backend::EvcxrMessage;
use crate::check::CheckReport;
use crate::failure::{Failure, Kept};
use crate::locate::ExecutedCell;
use crate::wire::{Message, text};
use anyhow::{Result, bail};
use serde_json::json;

/// How the execution of a cell ended.
enum CellOutcome {
    /// The cell ran to its end.
    Ok,
    /// The cell does not compile, panicked, met an error at a `?`, was interrupted, or
    /// lost its process.
    Error(Failure),
    /// Jupyter asked for a shutdown while the cell was executed.
    Shutdown,
}

/// The message of evcxr that ends an exchange.
#[derive(Clone, Copy)]
pub(super) enum Until<'a> {
    /// The reply to the request with this id.
    Reply(&'a str),
    /// The reply to the request with this id, and the "idle" after its last output.
    ReplyAndIdle(&'a str),
    /// The `comm_close` of the comm with this id.
    CommClose(&'a str),
}

impl Session {
    /// Executes one cell and replies. Returns true when Jupyter has asked for a shutdown
    /// meanwhile.
    pub(super) async fn handle_execute_request(&mut self, request: &Message) -> Result<bool> {
        // Count the cell and show its input, as far as the request wants that.
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

        // Execute it.
        self.last_request = Some(request.clone());
        self.current = Some(CurrentCell::new(request.clone(), code));
        let outcome = self.execute_cell().await;

        // Clear what belonged to this cell alone.
        let current = self.current.take();
        self.kill_at = None;
        if let Some(responder) = self.input_request.take() {
            responder.respond(json!({"error": "the cell has ended"}));
        }
        let interrupted = current.is_some_and(|current| current.interrupted);

        // Reply.
        match outcome {
            CellOutcome::Ok => {
                let content = json!({
                    "status": "ok",
                    "execution_count": self.execution_count,
                    "payload": [],
                    "user_expressions": {},
                });
                self.reply(request, "execute_reply", content).await?;
            }
            CellOutcome::Error(failure) => {
                let mut content = failure.content();
                self.publish(request, "error", content.clone()).await;
                content["status"] = json!("error");
                content["execution_count"] = json!(self.execution_count);
                self.reply(request, "execute_reply", content).await?;
                if interrupted || request.content["stop_on_error"] != false {
                    self.abort_pending_cells().await?;
                }
            }
            CellOutcome::Shutdown => return Ok(true),
        }
        Ok(false)
    }

    /// Replies "aborted" to the cells that are already waiting, as Jupyter's protocol
    /// wants it after an error. Other requests stay in the queue.
    async fn abort_pending_cells(&mut self) -> Result<()> {
        while let Ok(request) = self.shell_requests.try_recv() {
            self.pending_requests.push_back(request);
        }
        for request in std::mem::take(&mut self.pending_requests) {
            if request.kind() != "execute_request" {
                self.pending_requests.push_back(request);
                continue;
            }
            self.publish_status(&request, "busy").await;
            let content = json!({"status": "aborted", "execution_count": self.execution_count});
            self.reply(&request, "execute_reply", content).await?;
            self.publish_status(&request, "idle").await;
        }
        Ok(())
    }

    /// Executes the current cell. Errors of the kernel itself become errors of the cell.
    async fn execute_cell(&mut self) -> CellOutcome {
        match self.wait_for_evcxr().await {
            Ok(true) => return CellOutcome::Shutdown,
            Ok(false) => {}
            Err(error) => {
                return CellOutcome::Error(Failure::new("KernelError", format!("{error:#}")));
            }
        }
        match self.try_execute_cell().await {
            Ok(outcome) => outcome,
            Err(error) => {
                // evcxr itself has exited. The next cell starts it again.
                self.engine.running = None;
                CellOutcome::Error(Failure::new(
                    "KernelDied",
                    format!(
                        "{error:#}\nLost: all variables and items; the next cell starts afresh."
                    ),
                ))
            }
        }
    }

    /// Waits until evcxr runs, and starts it if necessary. Returns true when Jupyter has
    /// asked for a shutdown meanwhile.
    ///
    /// # Errors
    /// Returns an error when evcxr cannot be started.
    pub(super) async fn wait_for_evcxr(&mut self) -> Result<bool> {
        while self.engine.running.is_none() {
            tokio::select! {
                started = self.engine.start_or_wait() => started?,
                Some(request) = self.control_requests.recv() => {
                    if self.handle_control_request(request).await? {
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

    /// Executes the current cell on a running evcxr.
    ///
    /// # Errors
    /// Returns an error when evcxr exits. An error of the cell is a
    /// [`CellOutcome::Error`].
    async fn try_execute_cell(&mut self) -> Result<CellOutcome> {
        let Some(current) = &self.current else {
            bail!("no cell is being executed");
        };
        let (code, allow_stdin) = (
            current.code.clone(),
            current.request.content["allow_stdin"].clone(),
        );

        // Ask rustc for the types of variables that the cell binds without writing them.
        let mut checked = None;
        if annotate::needs_types(&code) {
            match self.check(&code, true).await? {
                Some(report) => checked = Some(report),
                None => return Ok(CellOutcome::Shutdown),
            }
        }
        if self.was_interrupted() {
            return Ok(CellOutcome::Error(Failure::interrupted(Kept::Everything)));
        }

        // Have evcxr compile and run the cell, with the types written into it.
        let annotated = match &checked {
            Some(checked) if checked.passed() => annotate::annotate(&code, &checked.types),
            _ => code.clone(),
        };
        let content = json!({
            "code": annotated,
            "silent": false,
            "store_history": true,
            "user_expressions": {},
            "allow_stdin": allow_stdin,
            "stop_on_error": true,
        });
        let evcxr = self.engine.running()?;
        let id = evcxr.backend.request("execute_request", content).await?;
        if self.exchange(Until::ReplyAndIdle(&id)).await? {
            return Ok(CellOutcome::Shutdown);
        }
        let Some(failure) = self.take_failure() else {
            return Ok(CellOutcome::Ok);
        };
        if failure.name != "CompileError" {
            return Ok(CellOutcome::Error(failure));
        }

        // Replace evcxr's report of a compile error by rustc's own. When rustc is asked
        // for types it stops before borrow checking, so a cell that passed must be
        // checked once more.
        let mut checked = checked.unwrap_or_default();
        if checked.passed() {
            match self.check(&code, false).await? {
                Some(again) => checked.diagnostics = again.diagnostics,
                None => return Ok(CellOutcome::Shutdown),
            }
        }
        let cell = ExecutedCell {
            function: String::new(),
            code,
            count: self.execution_count,
        };
        Ok(CellOutcome::Error(checked.explain(
            failure,
            &cell,
            &self.executed_cells,
        )))
    }

    /// Has rustc check a cell, with the types of its variables if `types` is true.
    /// Returns `None` when Jupyter has asked for a shutdown meanwhile.
    async fn check(&mut self, code: &str, types: bool) -> Result<Option<CheckReport>> {
        let evcxr = self.engine.running()?;
        let comm = evcxr
            .backend
            .request_check(code, types, &evcxr.place)
            .await?;
        if self.exchange(Until::CommClose(&comm)).await? {
            return Ok(None);
        }
        Ok(Some(CheckReport::read(&self.engine.running()?.place)?))
    }

    /// Returns whether the reader has interrupted the current cell.
    fn was_interrupted(&self) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|current| current.interrupted)
    }

    /// Takes the errors that were reported for the current cell, joined into one;
    /// `None` when there are none. After an interrupt, an error that the interrupt
    /// itself caused becomes "Interrupted".
    fn take_failure(&mut self) -> Option<Failure> {
        let current = self.current.as_mut()?;
        let failure = Failure::join(std::mem::take(&mut current.failures))?;
        Some(match (current.interrupted, current.phase) {
            (true, Phase::Compiling) => Failure::interrupted(Kept::Everything),
            (true, Phase::Running) if failure.name == "CellProcessDied" => {
                Failure::interrupted(Kept::Items)
            }
            _ => failure,
        })
    }

    /// Handles all events until evcxr sends the message that ends the exchange. Returns
    /// true when Jupyter has asked for a shutdown before that.
    ///
    /// # Errors
    /// Returns an error when evcxr exits.
    pub(super) async fn exchange(&mut self, until: Until<'_>) -> Result<bool> {
        let (mut replied, mut idle) = (false, false);
        loop {
            match (self.next_event().await, until) {
                // Messages that end the exchange, or bring its end nearer.
                (SessionEvent::Evcxr(EvcxrMessage::Reply(message)), Until::Reply(id)) => {
                    if message.parent_id() == id {
                        return Ok(false);
                    }
                }
                (SessionEvent::Evcxr(EvcxrMessage::Reply(message)), Until::ReplyAndIdle(id)) => {
                    replied |= message.parent_id() == id;
                }
                (SessionEvent::Evcxr(EvcxrMessage::Published(message)), Until::CommClose(comm)) => {
                    if message.kind() == "comm_close" && message.content["comm_id"] == comm {
                        return Ok(false);
                    }
                }
                (
                    SessionEvent::Evcxr(EvcxrMessage::Published(message)),
                    Until::ReplyAndIdle(id),
                ) => {
                    if message.kind() == "status" && message.parent_id() == id {
                        idle |= message.content["execution_state"] == "idle";
                    } else {
                        self.handle_published(message, id).await?;
                    }
                }
                // Everything else.
                (SessionEvent::Evcxr(_), _) => {}
                (SessionEvent::EvcxrExited(error), _) => return Err(error),
                (event, _) => {
                    if self.handle_event(event).await? {
                        return Ok(true);
                    }
                }
            }
            if replied && idle {
                return Ok(false);
            }
        }
    }

    /// Handles an iopub message of evcxr about the request with this id: compile errors,
    /// and the output of evcxr's own commands such as `:vars`.
    async fn handle_published(&mut self, message: Message, id: &str) -> Result<()> {
        let of_this_request = message.parent_id() == id;
        match message.kind() {
            "error" if of_this_request => {
                if let Some(current) = &mut self.current {
                    let failure =
                        Failure::from_evcxr(&message, self.execution_count, &current.stderr_tail);
                    current.failures.push(failure);
                }
            }
            "execute_result" if of_this_request => {
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

    /// Has evcxr start a new cell process after the last one ended while no cell ran.
    /// Returns true when Jupyter has asked for a shutdown meanwhile.
    pub(super) async fn restart_cell_process(&mut self) -> Result<bool> {
        self.cell_process_lost = false;
        let content = json!({"code": ":restart", "silent": true, "store_history": false,
            "user_expressions": {}, "allow_stdin": false, "stop_on_error": true});
        let Ok(evcxr) = self.engine.running() else {
            return Ok(false);
        };
        let id = evcxr.backend.request("execute_request", content).await?;
        self.exchange(Until::Reply(&id)).await
    }
}

impl CurrentCell {
    /// Creates the state of a cell whose execution begins.
    fn new(request: Message, code: String) -> CurrentCell {
        CurrentCell {
            request,
            code,
            phase: Phase::Compiling,
            interrupted: false,
            failures: Vec::new(),
            stderr_tail: String::new(),
        }
    }
}

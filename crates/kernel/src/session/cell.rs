//! Execution of a cell: from the `execute_request` to the `execute_reply`.
//!
//! A cell goes through evcxr in up to three exchanges:
//! 1. When the cell binds variables without writing their types, rustc is asked for
//!    those types, and they are written into the cell.
//! 2. evcxr compiles and runs the cell.
//! 3. When the cell does not compile, rustc is asked for its own report.

use super::state::CurrentCell;
use super::{Session, SessionEvent, Stop, Work};
use crate::annotate;
use crate::backend::EvcxrMessage;
use crate::check::CheckReport;
use crate::failure::{Failure, Kept};
use crate::wire::{Message, text};
use serde_json::json;

/// How the execution of a cell ended.
enum CellOutcome {
    /// The cell ran to its end.
    Ok,
    /// The cell does not compile, panicked, met an error at a `?`, was interrupted, or
    /// lost its process.
    Error(Failure),
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
    /// Executes one cell and replies.
    ///
    /// # Errors
    /// Returns only a shutdown. Errors of the kernel itself become errors of the cell.
    pub(super) async fn handle_execute_request(&mut self, request: &Message) -> Work<()> {
        // Count the cell and show its input, as far as the request wants that.
        let code = text(&request.content["code"]);
        let silent = request.content["silent"] == true;
        let counts = !silent && request.content["store_history"] != false;
        if counts {
            self.history.add(code);
        }
        if !silent {
            let content = json!({"code": code, "execution_count": self.history.count()});
            self.sockets
                .publish(request.child("execute_input", content))
                .await;
        }

        // Execute it.
        self.last_request = Some(request.clone());
        self.state.begin_cell(request.clone(), code.to_owned());
        let outcome = self.execute_cell(request, code).await;
        let mut cell = self.state.end_cell();
        if let Some(responder) = cell.as_mut().and_then(CurrentCell::take_input) {
            responder.respond(json!({"error": "the cell has ended"}));
        }

        // Reply.
        match outcome? {
            CellOutcome::Ok => {
                let content = json!({
                    "status": "ok",
                    "execution_count": self.history.count(),
                    "payload": [],
                    "user_expressions": {},
                });
                self.sockets.reply(request, "execute_reply", content).await;
            }
            CellOutcome::Error(failure) => {
                let mut content = failure.content();
                self.sockets
                    .publish(request.child("error", content.clone()))
                    .await;
                content["status"] = json!("error");
                content["execution_count"] = json!(self.history.count());
                self.sockets.reply(request, "execute_reply", content).await;
                let interrupted = cell.is_some_and(|cell| cell.was_interrupted());
                if interrupted || request.content["stop_on_error"] != false {
                    self.abort_pending_cells().await;
                }
            }
        }
        Ok(())
    }

    /// Replies "aborted" to the cells that are already waiting, as Jupyter's protocol
    /// wants it after an error. Other requests stay in the queue.
    async fn abort_pending_cells(&mut self) {
        let content = json!({"status": "aborted", "execution_count": self.history.count()});
        for request in self.inbox.take_cells() {
            self.sockets.publish_status(&request, "busy").await;
            self.sockets
                .reply(&request, "execute_reply", content.clone())
                .await;
            self.sockets.publish_status(&request, "idle").await;
        }
    }

    /// Executes the current cell. Errors of the kernel itself become errors of the cell.
    async fn execute_cell(&mut self, request: &Message, code: &str) -> Work<CellOutcome> {
        match self.wait_for_evcxr().await {
            Ok(()) => {}
            Err(Stop::Shutdown) => return Err(Stop::Shutdown),
            Err(Stop::Error(error)) => {
                let failure = Failure::new("KernelError", format!("{error:#}"));
                return Ok(CellOutcome::Error(failure));
            }
        }
        match self.try_execute_cell(request, code).await {
            Err(Stop::Error(error)) => {
                // evcxr itself has exited. The next cell starts it again.
                self.engine.exited();
                Ok(CellOutcome::Error(Failure::new(
                    "KernelDied",
                    format!(
                        "{error:#}\nLost: all variables and items; the next cell starts afresh."
                    ),
                )))
            }
            outcome => outcome,
        }
    }

    /// Waits until evcxr runs, and starts it if necessary.
    ///
    /// # Errors
    /// Returns an error when evcxr cannot be started.
    pub(super) async fn wait_for_evcxr(&mut self) -> Work<()> {
        let notice = loop {
            tokio::select! {
                started = self.engine.start_or_wait() => break started?,
                Some(request) = self.inbox.control.recv() => {
                    self.handle_control_request(request).await?;
                }
            }
        };
        if let Some(notice) = notice {
            self.publish_stream("stderr", &format!("{notice}\n")).await;
        }
        Ok(())
    }

    /// Executes the current cell on a running evcxr.
    ///
    /// # Errors
    /// Returns an error when evcxr exits. An error of the cell is a
    /// [`CellOutcome::Error`].
    async fn try_execute_cell(&mut self, request: &Message, code: &str) -> Work<CellOutcome> {
        // Ask rustc for the types of variables that the cell binds without writing them.
        let mut checked = None;
        if annotate::needs_types(code) {
            checked = Some(self.check(code, true).await?);
        }
        if self.state.cell().is_some_and(CurrentCell::was_interrupted) {
            return Ok(CellOutcome::Error(Failure::interrupted(Kept::Everything)));
        }

        // Have evcxr compile and run the cell, with the types written into it.
        let annotated = match &checked {
            Some(checked) if checked.passed() => annotate::annotate(code, &checked.types),
            _ => code.to_owned(),
        };
        let content = json!({
            "code": annotated,
            "silent": false,
            "store_history": true,
            "user_expressions": {},
            "allow_stdin": request.content["allow_stdin"],
            "stop_on_error": true,
        });
        let evcxr = self.engine.running()?;
        let id = evcxr.backend.request("execute_request", content).await?;
        self.exchange(Until::ReplyAndIdle(&id)).await?;
        let failure = self.state.cell_mut().and_then(CurrentCell::take_failure);
        let Some(failure) = failure else {
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
            checked.diagnostics = self.check(code, false).await?.diagnostics;
        }
        let cell = self.history.describe("", code);
        let failure = checked.explain(failure, &cell, self.history.executed());
        Ok(CellOutcome::Error(failure))
    }

    /// Has rustc check a cell, with the types of its variables if `types` is true.
    async fn check(&mut self, code: &str, types: bool) -> Work<CheckReport> {
        let evcxr = self.engine.running()?;
        let comm = evcxr
            .backend
            .request_check(code, types, &evcxr.place)
            .await?;
        self.exchange(Until::CommClose(&comm)).await?;
        Ok(CheckReport::read(&self.engine.running()?.place)?)
    }

    /// Handles all events until evcxr sends the message that ends the exchange.
    ///
    /// # Errors
    /// Returns an error when evcxr exits.
    pub(super) async fn exchange(&mut self, until: Until<'_>) -> Work<()> {
        let (mut replied, mut idle) = (false, false);
        loop {
            match (self.next_event().await, until) {
                // Messages that end the exchange, or bring its end nearer.
                (SessionEvent::Evcxr(EvcxrMessage::Reply(message)), Until::Reply(id)) => {
                    if message.parent_id() == id {
                        return Ok(());
                    }
                }
                (SessionEvent::Evcxr(EvcxrMessage::Reply(message)), Until::ReplyAndIdle(id)) => {
                    replied |= message.parent_id() == id;
                }
                (SessionEvent::Evcxr(EvcxrMessage::Published(message)), Until::CommClose(comm)) => {
                    if message.kind() == "comm_close" && message.content["comm_id"] == comm {
                        return Ok(());
                    }
                }
                (
                    SessionEvent::Evcxr(EvcxrMessage::Published(message)),
                    Until::ReplyAndIdle(id),
                ) => {
                    if message.kind() == "status" && message.parent_id() == id {
                        idle |= message.content["execution_state"] == "idle";
                    } else {
                        self.handle_published(message, id).await;
                    }
                }
                // Everything else.
                (SessionEvent::Evcxr(_), _) => {}
                (SessionEvent::EvcxrExited(error), _) => return Err(Stop::Error(error)),
                (event, _) => self.handle_event(event).await?,
            }
            if replied && idle {
                return Ok(());
            }
        }
    }

    /// Handles an iopub message of evcxr about the request with this id: compile errors,
    /// and the output of evcxr's own commands such as `:vars`.
    async fn handle_published(&mut self, message: Message, id: &str) {
        let of_this_request = message.parent_id() == id;
        match message.kind() {
            "error" if of_this_request => {
                if let Some(cell) = self.state.cell_mut() {
                    let count = self.history.count();
                    let failure = Failure::from_evcxr(&message, count, cell.stderr_tail());
                    cell.add_failure(failure);
                }
            }
            "execute_result" if of_this_request => {
                self.publish_result(message.content["data"].clone()).await;
            }
            "stream" => {
                let content = message.content;
                self.publish_stream(text(&content["name"]), text(&content["text"]))
                    .await;
            }
            _ => {}
        }
    }

    /// Has evcxr start a new cell process if the last one was lost. Does nothing when evcxr
    /// does not run: the next cell starts both.
    pub(super) async fn restart_lost_process(&mut self) -> Work<()> {
        if !self.state.begin_restart() {
            return Ok(());
        }
        let work = self.restart_cell_process().await;
        self.state.end_restart();
        work
    }

    /// Has evcxr start a new cell process.
    async fn restart_cell_process(&mut self) -> Work<()> {
        let content = json!({"code": ":restart", "silent": true, "store_history": false,
            "user_expressions": {}, "allow_stdin": false, "stop_on_error": true});
        let Some(evcxr) = self.engine.get_mut() else {
            return Ok(());
        };
        let id = evcxr.backend.request("execute_request", content).await?;
        self.exchange(Until::Reply(&id)).await
    }
}

//! The kernel session of one notebook: Jupyter on one side, evcxr on the other.
//!
//! A session owns Jupyter's five sockets (shell, control, stdin, iopub and
//! heartbeat). It handles the requests on the shell socket one after the other, as
//! Jupyter's protocol requires, and the requests on the control socket at any time.
//!
//! The session itself writes every reply and every iopub message, with the request
//! of Jupyter as the parent. It does not forward evcxr's own busy and idle messages
//! or its execution counts, because one cell may need several exchanges with evcxr.
//!
//! Two state machines tell what is possible at a moment: `state` for the session (idle,
//! executing a cell, ...), with the diagram of its transitions, and [`Engine`] for evcxr.
//!
//! The other submodules follow the kinds of messages:
//! - `cell`: `execute_request`.
//! - `output`: what the cell process prints and reports.
//! - `comms`: widget messages.
//! - `control`: interrupt and shutdown.
//! - `help`: completion and documentation.
//! - `history`: the executed cells, and `history_request`.
//! - `sockets`: the queues of requests, and the sending ends of the sockets.
//! - `outbox`: the queue in front of the iopub socket.

use super::backend::EvcxrMessage;
use super::complete::Completer;
use super::engine::Engine;
use super::parse::{Completeness, completeness};
use super::place::Built;
use super::side_channel::CellEvent;
use super::wire::{ConnectionFile, Message, text};
use anyhow::Result;
use comms::Comms;
use history::History;
use output::PrintedContent;
use serde_json::{Value, json};
use sockets::{Inbox, Sockets};
use state::State;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

mod cell;
mod comms;
mod control;
mod help;
mod history;
mod outbox;
mod output;
mod sockets;
mod state;

/// Serves one notebook until Jupyter asks for a shutdown.
///
/// `held` are requests that an earlier process received on the same connection; they
/// are handled first.
///
/// # Errors
/// Returns an error when a socket or a handler of signals cannot be opened. Errors of
/// cells are reported to the notebook instead, and evcxr is started again when it exits.
pub async fn serve(connection: &ConnectionFile, built: Built, held: Vec<Message>) -> Result<()> {
    let (inbox, sockets) = sockets::open(connection, held).await?;
    let session = Session {
        state: State::Idle,
        engine: Engine::start(built),
        inbox,
        sockets,
        history: History::default(),
        comms: Comms::default(),
        printed_content: PrintedContent::default(),
        last_request: None,
        completer: None,
    };
    session.run().await
}

/// The kernel of one notebook.
struct Session {
    /// What the session does now.
    state: State,
    /// evcxr, and whether it runs.
    engine: Engine,
    /// The requests that wait.
    inbox: Inbox,
    /// Where replies and iopub messages leave.
    sockets: Sockets,
    /// The executed cells.
    history: History,
    /// The open comms.
    comms: Comms,
    /// The rich content that the cell process has printed in part.
    printed_content: PrintedContent,
    /// The last `execute_request`. Output that arrives after the end of a cell, for
    /// example from a thread, has this request as its parent.
    last_request: Option<Message>,
    /// The completion process; `None` until the first completion request.
    completer: Option<Completer>,
}

/// Why the session stops what it does before the end.
#[derive(Debug)]
enum Stop {
    /// Jupyter has asked for a shutdown.
    Shutdown,
    /// An error occurred, most often that evcxr has exited.
    Error(anyhow::Error),
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Stop {
        Stop::Error(error)
    }
}

/// The result of work that a shutdown or an error may stop.
type Work<T> = Result<T, Stop>;

/// An event that a session handles, apart from requests on the shell socket.
enum SessionEvent {
    /// A request on the control socket.
    Control(Message),
    /// An event of the cell process.
    Cell(CellEvent),
    /// A message of evcxr.
    Evcxr(EvcxrMessage),
    /// evcxr has exited.
    EvcxrExited(anyhow::Error),
    /// The reader has answered an `input` call.
    InputReply(Message),
    /// An interrupted cell has not stopped in time.
    InterruptTimeout,
}

impl Session {
    /// Handles requests and events until the session ends: on a shutdown request, on
    /// SIGTERM, or when the process that started the kernel has gone.
    async fn run(mut self) -> Result<()> {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        // Ctrl-C in a terminal reaches this process too. Only Jupyter decides what it
        // means, so it is ignored here: this replaces the default, which ends the process.
        // Nothing may wait for the signal beside a step, because that would drop the step,
        // and with it the reply to a cell.
        let _ignored = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
        let parent_pid = std::os::unix::process::parent_id();

        // Replace a cell process that was lost, then handle one request or event.
        loop {
            let mut work = self.restart_lost_process().await;
            if work.is_ok() {
                work = tokio::select! {
                    work = self.step() => work,
                    _ = terminate.recv() => Err(Stop::Shutdown),
                    () = orphaned(parent_pid) => Err(Stop::Shutdown),
                };
            }
            match work {
                Ok(()) => {}
                Err(Stop::Shutdown) => break,
                Err(Stop::Error(error)) => {
                    // No cell is executed, so no cell fails: the next one starts evcxr again.
                    eprintln!("evcxr is started again by the next cell: {error:#}");
                    self.engine.exited();
                }
            }
        }

        // Stop evcxr, then give the background tasks time to send the last replies.
        self.engine.stop().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(())
    }

    /// Handles one request or one event.
    ///
    /// # Errors
    /// Returns an error when evcxr has exited.
    async fn step(&mut self) -> Work<()> {
        if let Some(request) = self.inbox.take_pending() {
            return self.handle_shell_request(request).await;
        }
        // Wait for either. No code runs between requests, so no time to kill it is set.
        let Inbox {
            shell,
            control,
            stdin_replies,
            ..
        } = &mut self.inbox;
        tokio::select! {
            biased;
            event = next_event(control, &mut self.engine, stdin_replies, None) => {
                self.handle_event(event).await
            }
            Some(request) = shell.recv() => self.handle_shell_request(request).await,
        }
    }

    /// Waits for the next event while a request is handled.
    async fn next_event(&mut self) -> SessionEvent {
        next_event(
            &mut self.inbox.control,
            &mut self.engine,
            &mut self.inbox.stdin_replies,
            self.state.kill_at(),
        )
        .await
    }

    /// Handles an event that may come at any time.
    ///
    /// # Errors
    /// Returns an error when evcxr has exited.
    async fn handle_event(&mut self, event: SessionEvent) -> Work<()> {
        match event {
            SessionEvent::Control(request) => self.handle_control_request(request).await?,
            SessionEvent::Cell(event) => self.handle_cell_event(event).await,
            SessionEvent::InputReply(reply) => self.handle_input_reply(&reply),
            SessionEvent::InterruptTimeout => {
                // evcxr kills the cell process and starts a new one.
                self.state.kill();
                if let Some(evcxr) = self.engine.get_mut() {
                    evcxr.backend.interrupt().await?;
                }
            }
            SessionEvent::Evcxr(_) => {}
            SessionEvent::EvcxrExited(error) => return Err(Stop::Error(error)),
        }
        Ok(())
    }

    /// Handles a request on the shell socket, between its `busy` and its `idle`.
    async fn handle_shell_request(&mut self, request: Message) -> Work<()> {
        self.sockets.publish_status(&request, "busy").await;
        let work = self.dispatch(&request).await;
        self.sockets.publish_status(&request, "idle").await;
        work
    }

    /// Handles a request on the shell socket according to its kind.
    async fn dispatch(&mut self, request: &Message) -> Work<()> {
        let (kind, content) = match request.kind() {
            // Requests with a handler of their own.
            "execute_request" => return self.handle_execute_request(request).await,
            "complete_request" => return self.handle_complete_request(request).await,
            "inspect_request" => return self.handle_inspect_request(request).await,
            "comm_open" | "comm_msg" | "comm_close" => {
                return self.handle_comm_message(request).await;
            }
            "shutdown_request" => {
                let content = shutdown_content(request);
                self.sockets.reply(request, "shutdown_reply", content).await;
                return Err(Stop::Shutdown);
            }
            // Requests whose answer is known at once.
            "kernel_info_request" => ("kernel_info_reply", kernel_info()),
            "is_complete_request" => (
                "is_complete_reply",
                is_complete_content(text(&request.content["code"])),
            ),
            "history_request" => ("history_reply", self.history.content(&request.content)),
            "comm_info_request" => ("comm_info_reply", self.comms.content(&request.content)),
            other => {
                eprintln!("unknown request on the shell socket: `{other}`");
                return Ok(());
            }
        };
        self.sockets.reply(request, kind, content).await;
        Ok(())
    }
}

/// Waits for the next event from the control socket, evcxr, the cell process, the stdin
/// socket or the interrupt timer. What does not exist yet never becomes ready.
async fn next_event(
    control: &mut mpsc::UnboundedReceiver<Message>,
    engine: &mut Engine,
    stdin_replies: &mut mpsc::UnboundedReceiver<Message>,
    kill_at: Option<Instant>,
) -> SessionEvent {
    // Turn each optional source into a future.
    let (cells, backend) = match engine.get_mut() {
        Some(evcxr) => (Some(&mut evcxr.cells), Some(&mut evcxr.backend)),
        None => (None, None),
    };
    let cell_event = async {
        match cells {
            Some(cells) => cells.event().await,
            None => std::future::pending().await,
        }
    };
    let evcxr_message = async {
        match backend {
            Some(backend) => backend.next_message().await,
            None => std::future::pending().await,
        }
    };
    let interrupt_timeout = async {
        match kill_at {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    };

    // The order matters. A cell that floods its output must not delay an interrupt,
    // and the output of a cell must be handled before evcxr's message that it ended.
    tokio::select! {
        biased;
        Some(request) = control.recv() => SessionEvent::Control(request),
        () = interrupt_timeout => SessionEvent::InterruptTimeout,
        event = cell_event => SessionEvent::Cell(event),
        message = evcxr_message => match message {
            Ok(message) => SessionEvent::Evcxr(message),
            Err(error) => SessionEvent::EvcxrExited(error),
        },
        Some(reply) = stdin_replies.recv() => SessionEvent::InputReply(reply),
    }
}

/// Waits until the process that started the kernel has gone without a shutdown
/// request. Never returns for a kernel that was started by hand, without the variable
/// that Jupyter sets.
async fn orphaned(parent_pid: u32) {
    if std::env::var_os("JPY_PARENT_PID").is_none() {
        return std::future::pending().await;
    }
    // A process whose parent dies gets a new parent.
    while std::os::unix::process::parent_id() == parent_pid {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Returns the content of a `kernel_info_reply`.
fn kernel_info() -> Value {
    serde_json::from_str(launcher::KERNEL_INFO).expect("KERNEL_INFO is JSON; a test parses it")
}

/// Returns the content of the `shutdown_reply` to a request.
fn shutdown_content(request: &Message) -> Value {
    json!({"status": "ok", "restart": request.content["restart"] == true})
}

/// Returns the content of the `is_complete_reply` about a cell.
fn is_complete_content(code: &str) -> Value {
    match completeness(code) {
        Completeness::Complete => json!({"status": "complete"}),
        Completeness::Invalid => json!({"status": "invalid"}),
        Completeness::Incomplete { indent } => json!({"status": "incomplete", "indent": indent}),
    }
}

#[cfg(test)]
mod tests {
    use crate::wire::PROTOCOL_VERSION;

    #[test]
    fn kernel_info_agrees_with_the_package_and_the_protocol() {
        let info = super::kernel_info();
        assert_eq!(info["protocol_version"], PROTOCOL_VERSION);
        assert_eq!(info["implementation_version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(
            info["language_info"]["version"],
            env!("CARGO_PKG_RUST_VERSION")
        );
    }
}

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
//! The submodules follow the kinds of messages:
//! - `cell`: `execute_request`.
//! - `output`: what the cell process prints and reports.
//! - `comms`: widget messages.
//! - `control`: interrupt and shutdown.
//! - `help`: completion and documentation.
//! - `history`: `history_request`.
//! - `outbox`: the queue in front of the iopub socket.

use super::backend::EvcxrMessage;
use super::complete::Completer;
use super::engine::Engine;
use super::failure::Failure;
use super::locate::ExecutedCell;
use super::parse::{Completeness, completeness};
use super::place::Built;
use super::side_channel::{CellEvent, Responder};
#[cfg(test)]
use super::wire::PROTOCOL_VERSION;
use super::wire::{ConnectionFile, Message, Signer, text};
use anyhow::{Context, Result};
use history::History;
use outbox::Outbox;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use zeromq::{
    RepSocket, RouterRecvHalf, RouterSendHalf, RouterSocket, Socket, SocketRecv, SocketSend,
    XPubSocket,
};

mod cell;
mod comms;
mod control;
mod help;
mod history;
mod outbox;
mod output;

/// Serves one notebook until Jupyter asks for a shutdown.
///
/// `held` are requests that an earlier process received on the same connection; they
/// are handled first.
///
/// # Errors
/// Returns an error when a socket cannot be opened or evcxr cannot be stopped.
/// Errors of cells are reported to the notebook instead.
pub async fn serve(connection: &ConnectionFile, built: Built, held: Vec<Message>) -> Result<()> {
    // Open Jupyter's five sockets. The heartbeat only echoes.
    let signer = connection.signer();
    let (shell, shell_requests) = router(connection, connection.shell_port).await?;
    let (control, control_requests) = router(connection, connection.control_port).await?;
    let (stdin, stdin_replies) = router(connection, connection.stdin_port).await?;
    let mut iopub = XPubSocket::new();
    bind(&mut iopub, connection, connection.iopub_port).await?;
    let mut heartbeat = RepSocket::new();
    bind(&mut heartbeat, connection, connection.hb_port).await?;
    tokio::spawn(async move {
        while let Ok(beat) = heartbeat.recv().await {
            let _ = heartbeat.send(beat).await;
        }
    });

    // Held requests mean that this kernel replaces a waiting one: its clients need
    // some time to connect to the new sockets.
    let reconnect_deadline = match held.is_empty() {
        true => Instant::now(),
        false => Instant::now() + outbox::RECONNECT,
    };

    // Start evcxr in the background and handle requests.
    let session = Session {
        engine: Engine::start(built),
        shell,
        control,
        stdin,
        // A front end that subscribed to the waiting kernel must have subscribed to
        // this one before the first message is published.
        outbox: Outbox::new(iopub, signer.clone(), !held.is_empty()),
        shell_requests: receive(shell_requests, signer.clone()),
        pending_requests: held.into(),
        control_requests: receive(control_requests, signer.clone()),
        stdin_replies: receive(stdin_replies, signer.clone()),
        signer,
        execution_count: 0,
        history: History::default(),
        completer: None,
        current: None,
        last_request: None,
        executed_cells: Vec::new(),
        printed_content: Map::new(),
        comms: BTreeMap::new(),
        cell_process_lost: false,
        comm_request: None,
        comm_handled: None,
        input_request: None,
        kill_at: None,
        parent_pid: std::os::unix::process::parent_id(),
        reconnect_deadline,
    };
    session.run().await
}

/// Binds a ZeroMQ socket to one of the ports of the connection file.
async fn bind(socket: &mut impl Socket, connection: &ConnectionFile, port: u16) -> Result<()> {
    let endpoint = connection.endpoint(port);
    socket
        .bind(&endpoint)
        .await
        .with_context(|| format!("cannot listen on {endpoint}"))?;
    Ok(())
}

/// Opens a ROUTER socket and returns its sending and its receiving half.
async fn router(
    connection: &ConnectionFile,
    port: u16,
) -> Result<(RouterSendHalf, RouterRecvHalf)> {
    let mut socket = RouterSocket::new();
    bind(&mut socket, connection, port).await?;
    Ok(socket.split())
}

/// Decodes the messages of a socket in the background. A message that cannot be
/// decoded or has a wrong signature is logged and dropped.
fn receive(mut socket: RouterRecvHalf, signer: Signer) -> mpsc::UnboundedReceiver<Message> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok(frames) = socket.recv().await {
            match Message::decode(frames, &signer) {
                Ok(message) => {
                    if sender.send(message).is_err() {
                        return;
                    }
                }
                Err(error) => eprintln!("message dropped: {error:#}"),
            }
        }
    });
    receiver
}

/// The cell that is being executed.
struct CurrentCell {
    /// The `execute_request` of Jupyter.
    request: Message,
    /// The code as the reader wrote it.
    code: String,
    /// How far the execution has come; it decides how an interrupt stops the cell.
    phase: Phase,
    /// Whether the reader has interrupted the cell.
    interrupted: bool,
    /// The errors reported so far.
    failures: Vec<Failure>,
    /// The last bytes that the cell printed to standard error. They tell why the cell
    /// process ended, for example by a stack overflow.
    stderr_tail: String,
}

/// The phase of a cell's execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// rustc compiles the cell.
    Compiling,
    /// The compiled cell runs in the cell process.
    Running,
}

/// The state of one notebook's kernel.
struct Session {
    engine: Engine,
    shell: RouterSendHalf,
    control: RouterSendHalf,
    stdin: RouterSendHalf,
    outbox: Outbox,
    shell_requests: mpsc::UnboundedReceiver<Message>,
    /// Requests that were taken from `shell_requests` or were held by the waiting
    /// kernel, and that are not handled yet.
    pending_requests: VecDeque<Message>,
    control_requests: mpsc::UnboundedReceiver<Message>,
    stdin_replies: mpsc::UnboundedReceiver<Message>,
    signer: Signer,
    /// The number of the last counted cell, as Jupyter shows it; 0 before the first.
    execution_count: u64,
    history: History,
    /// The completion process; `None` until the first completion request.
    completer: Option<Completer>,
    /// The cell that is being executed, if any.
    current: Option<CurrentCell>,
    /// The last `execute_request`. Output that arrives after the end of a cell, for
    /// example from a thread, has this request as its parent.
    last_request: Option<Message>,
    /// The cells that ran, in order. Panics are traced to their lines.
    executed_cells: Vec<ExecutedCell>,
    /// A MIME bundle that the cell prints in evcxr's format, one part after the other.
    printed_content: Map<String, Value>,
    /// The open comms: comm id to target name.
    comms: BTreeMap<String, String>,
    /// Whether the cell process ended while no cell ran. evcxr does not notice that,
    /// so it must be told to start a new process.
    cell_process_lost: bool,
    /// The comm message of a front end that the widgets are handling now.
    comm_request: Option<Message>,
    /// Set when the widgets have handled `comm_request`: true when a handler was
    /// registered, false when there was none. `None` before that.
    comm_handled: Option<bool>,
    /// The responder of an `input` call that waits for the reader's answer.
    input_request: Option<Responder>,
    /// When the cell process is killed if an interrupted cell has not stopped.
    kill_at: Option<Instant>,
    /// The id of the process that started this kernel.
    parent_pid: u32,
    /// Until this time a reply whose client is not connected is sent again.
    reconnect_deadline: Instant,
}

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
        // Ctrl-C in the terminal of JupyterLab reaches this process too. Only Jupyter
        // decides what it means, so it is ignored here.
        let mut interrupt =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
        let parent_pid = self.parent_pid;
        loop {
            if self.cell_process_lost && self.restart_cell_process().await? {
                break;
            }
            let shutdown = tokio::select! {
                shutdown = self.step() => shutdown?,
                _ = interrupt.recv() => false,
                _ = terminate.recv() => true,
                () = orphaned(parent_pid) => true,
            };
            if shutdown {
                break;
            }
        }

        // Stop evcxr, then give the background tasks time to send the last replies.
        if let Some(evcxr) = self.engine.running.take() {
            evcxr.backend.stop().await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(())
    }

    /// Handles one request or one event. Returns true when the session must end.
    async fn step(&mut self) -> Result<bool> {
        if let Some(request) = self.pending_requests.pop_front() {
            return self.handle_shell_request(request).await;
        }
        let Session {
            shell_requests,
            control_requests,
            stdin_replies,
            engine,
            kill_at,
            ..
        } = self;
        tokio::select! {
            biased;
            event = next_event(control_requests, engine, stdin_replies, *kill_at) => match event {
                // No cell runs, so no request fails: the next cell starts evcxr
                // again.
                SessionEvent::EvcxrExited(_) => {
                    self.engine.running = None;
                    Ok(false)
                }
                event => self.handle_event(event).await,
            },
            Some(request) = shell_requests.recv() => self.handle_shell_request(request).await,
            else => Ok(true),
        }
    }

    /// Waits for the next event while a cell or a widget's closure runs.
    async fn next_event(&mut self) -> SessionEvent {
        next_event(
            &mut self.control_requests,
            &mut self.engine,
            &mut self.stdin_replies,
            self.kill_at,
        )
        .await
    }

    /// Handles an event that may come at any time. Returns true when Jupyter has asked
    /// for a shutdown.
    ///
    /// # Errors
    /// Returns an error when evcxr has exited.
    async fn handle_event(&mut self, event: SessionEvent) -> Result<bool> {
        match event {
            SessionEvent::Control(request) => return self.handle_control_request(request).await,
            SessionEvent::Cell(event) => self.handle_cell_event(event).await?,
            SessionEvent::InputReply(reply) => self.handle_input_reply(&reply),
            SessionEvent::InterruptTimeout => {
                // evcxr kills the cell process and starts a new one.
                self.kill_at = None;
                if let Ok(evcxr) = self.engine.running() {
                    evcxr.backend.interrupt().await?;
                }
            }
            SessionEvent::Evcxr(_) => {}
            SessionEvent::EvcxrExited(error) => return Err(error),
        }
        Ok(false)
    }

    /// Returns the id of the cell process; `None` while there is none.
    fn cell_process_id(&self) -> Option<i32> {
        self.engine.running.as_ref()?.cells.pid
    }

    /// Publishes a message on iopub with `parent` as its parent.
    async fn publish(&mut self, parent: &Message, kind: &str, content: Value) {
        self.outbox.send(parent.child(kind, content)).await;
    }

    /// Publishes the kernel's status: `busy` or `idle`.
    async fn publish_status(&mut self, parent: &Message, state: &str) {
        self.publish(parent, "status", json!({"execution_state": state}))
            .await;
    }

    /// Sends a reply on the shell socket. A client that is not connected any more gets
    /// no reply; that is logged and no error.
    async fn reply(&mut self, request: &Message, kind: &str, content: Value) -> Result<()> {
        let reply = request.reply(kind, content).encode(&self.signer);
        // A client of the waiting kernel may not have connected to this one yet.
        let mut sent = self.shell.send(reply.clone()).await;
        while sent.is_err() && Instant::now() < self.reconnect_deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
            sent = self.shell.send(reply.clone()).await;
        }
        if let Err(error) = sent {
            eprintln!("cannot send a {kind}: {error}");
        }
        Ok(())
    }

    /// Sends an `input_request` on the stdin socket.
    async fn send_stdin(&mut self, request: Message) {
        if let Err(error) = self.stdin.send(request.encode(&self.signer)).await {
            eprintln!("cannot send an input_request: {error}");
        }
    }

    /// Handles a request on the shell socket, between its `busy` and its `idle`.
    /// Returns true when Jupyter has asked for a shutdown.
    async fn handle_shell_request(&mut self, request: Message) -> Result<bool> {
        self.publish_status(&request, "busy").await;
        let mut shutdown = false;
        match request.kind() {
            // Requests with a short reply.
            "kernel_info_request" => {
                self.reply(&request, "kernel_info_reply", kernel_info())
                    .await?;
            }
            "shutdown_request" => {
                let content =
                    json!({"status": "ok", "restart": request.content["restart"] == true});
                self.reply(&request, "shutdown_reply", content).await?;
                shutdown = true;
            }
            "is_complete_request" => {
                let content = match completeness(text(&request.content["code"])) {
                    Completeness::Complete => json!({"status": "complete"}),
                    Completeness::Invalid => json!({"status": "invalid"}),
                    Completeness::Incomplete { indent } => {
                        json!({"status": "incomplete", "indent": indent})
                    }
                };
                self.reply(&request, "is_complete_reply", content).await?;
            }
            // Requests with a handler of their own.
            "execute_request" => shutdown = self.handle_execute_request(&request).await?,
            "complete_request" => shutdown = self.handle_complete_request(&request).await?,
            "inspect_request" => shutdown = self.handle_inspect_request(&request).await?,
            "history_request" => self.handle_history_request(&request).await?,
            "comm_info_request" => self.handle_comm_info_request(&request).await?,
            "comm_open" | "comm_msg" | "comm_close" => {
                shutdown = self.handle_comm_message(&request).await?;
            }
            other => eprintln!("unknown request on the shell socket: `{other}`"),
        }
        self.publish_status(&request, "idle").await;
        Ok(shutdown)
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
    let (cells, backend) = match &mut engine.running {
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

#[cfg(test)]
mod tests {
    #[test]
    fn kernel_info_agrees_with_the_package_and_the_protocol() {
        let info = super::kernel_info();
        assert_eq!(info["protocol_version"], super::PROTOCOL_VERSION);
        assert_eq!(info["implementation_version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(
            info["language_info"]["version"],
            env!("CARGO_PKG_RUST_VERSION")
        );
    }
}

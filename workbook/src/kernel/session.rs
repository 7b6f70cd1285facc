//! One notebook's conversation: Jupyter on one side, evcxr on the other.
//!
//! Requests on the shell socket are worked off one by one, as Jupyter asks.
//! Every reply and every message on iopub is made here, with the parent that
//! Jupyter sent; evcxr's own busy, idle and counters stay behind the curtain,
//! because one cell may take several exchanges with it.

use super::backend::Event;
use super::complete::Completer;
use super::engine::Engine;
use super::failure::Failure;
use super::locate::RanCell;
use super::parse::{Completeness, completeness};
use super::place::Built;
use super::side_channel::{self, Answer};
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
mod said;

/// Serves one notebook until Jupyter says shutdown, the `held` requests first.
///
/// # Errors
/// When the sockets cannot be opened. What goes wrong later is told in the
/// notebook.
pub async fn serve(connection: &ConnectionFile, built: Built, held: Vec<Message>) -> Result<()> {
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

    let reconnected_by = match held.is_empty() {
        true => Instant::now(),
        false => Instant::now() + outbox::RECONNECT,
    };
    let session = Session {
        engine: Engine::start(built),
        shell,
        control,
        stdin,
        // Front ends that had subscribed to the waiting kernel must find this one
        // before it says anything.
        outbox: Outbox::new(iopub, signer.clone(), !held.is_empty()),
        shell_requests: receive(shell_requests, signer.clone()),
        waiting: held.into(),
        control_requests: receive(control_requests, signer.clone()),
        stdin_replies: receive(stdin_replies, signer.clone()),
        signer,
        execution_count: 0,
        history: History::default(),
        completer: None,
        current: None,
        last_request: None,
        ran: Vec::new(),
        content: Map::new(),
        comms: BTreeMap::new(),
        cells_stale: false,
        event: None,
        handled: None,
        question: None,
        kill_at: None,
        parent: std::os::unix::process::parent_id(),
        reconnected_by,
    };
    session.run().await
}

async fn bind(socket: &mut impl Socket, connection: &ConnectionFile, port: u16) -> Result<()> {
    let endpoint = connection.endpoint(port);
    socket
        .bind(&endpoint)
        .await
        .with_context(|| format!("cannot listen on {endpoint}"))?;
    Ok(())
}

async fn router(
    connection: &ConnectionFile,
    port: u16,
) -> Result<(RouterSendHalf, RouterRecvHalf)> {
    let mut socket = RouterSocket::new();
    bind(&mut socket, connection, port).await?;
    Ok(socket.split())
}

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
                Err(error) => eprintln!("refused: {error:#}"),
            }
        }
    });
    receiver
}

/// The cell that is being run.
struct Current {
    request: Message,
    code: String,
    phase: Phase,
    /// Whether the reader wants it to stop.
    interrupted: bool,
    failures: Vec<Failure>,
    /// The end of what it printed on standard error.
    printed: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Compiles,
    Runs,
}

struct Session {
    engine: Engine,
    shell: RouterSendHalf,
    control: RouterSendHalf,
    stdin: RouterSendHalf,
    outbox: Outbox,
    shell_requests: mpsc::UnboundedReceiver<Message>,
    /// Requests that were received and not yet answered.
    waiting: VecDeque<Message>,
    control_requests: mpsc::UnboundedReceiver<Message>,
    stdin_replies: mpsc::UnboundedReceiver<Message>,
    signer: Signer,
    execution_count: u64,
    history: History,
    /// Started at the first Tab.
    completer: Option<Completer>,
    current: Option<Current>,
    /// Late output belongs to the request that ran last.
    last_request: Option<Message>,
    /// Where panics may point to.
    ran: Vec<RanCell>,
    /// Rich content that was printed in evcxr's form, until it is complete.
    content: Map<String, Value>,
    /// Open comms by id, with their targets.
    comms: BTreeMap<String, String>,
    /// Whether it ended without evcxr's knowledge.
    cells_stale: bool,
    /// The front end's message that widgets are at work on.
    event: Option<Message>,
    /// Set when the widgets are done with a message: whether it was for any.
    handled: Option<bool>,
    /// A question that the reader has not answered yet.
    question: Option<Answer>,
    /// When an interrupted cell's process is ended.
    kill_at: Option<Instant>,
    /// The process that started us.
    parent: u32,
    /// Until when the clients of held requests may take to find this kernel.
    reconnected_by: Instant,
}

/// What a session waits for, beside requests on the shell socket.
enum Happened {
    Control(Message),
    Cells(side_channel::Event),
    Evcxr(Event),
    EvcxrEnded(anyhow::Error),
    Answered(Message),
    TimeIsUp,
}

impl Session {
    async fn run(mut self) -> Result<()> {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        // Ctrl-C in the terminal of JupyterLab is Jupyter's to answer.
        let mut interrupt =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
        let parent = self.parent;
        loop {
            if self.cells_stale && self.renew_cells().await? {
                break;
            }
            let over = tokio::select! {
                turn = self.turn() => turn?,
                _ = interrupt.recv() => false,
                _ = terminate.recv() => true,
                () = orphaned(parent) => true,
            };
            if over {
                break;
            }
        }
        if let Some(running) = self.engine.running.take() {
            running.backend.stop().await;
        }
        // The last replies are still on their way out.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(())
    }

    /// Answers one request, or attends to one other thing; true when the
    /// conversation is over.
    async fn turn(&mut self) -> Result<bool> {
        if let Some(request) = self.waiting.pop_front() {
            return self.answer_shell(request).await;
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
            happened = happens(control_requests, engine, stdin_replies, *kill_at) => match happened {
                Happened::EvcxrEnded(_) => {
                    self.engine.running = None;
                    Ok(false)
                }
                happened => self.attend(happened).await,
            },
            Some(request) = shell_requests.recv() => self.answer_shell(request).await,
            else => Ok(true),
        }
    }

    /// The next thing to happen while a cell or a closure runs.
    async fn happens(&mut self) -> Happened {
        happens(
            &mut self.control_requests,
            &mut self.engine,
            &mut self.stdin_replies,
            self.kill_at,
        )
        .await
    }

    /// Attends to what may happen at any time; true when the conversation is over.
    async fn attend(&mut self, happened: Happened) -> Result<bool> {
        match happened {
            Happened::Control(request) => return self.answer_control(request).await,
            Happened::Cells(event) => self.take(event).await?,
            Happened::Answered(reply) => self.answered(&reply),
            Happened::TimeIsUp => {
                self.kill_at = None;
                if let Ok(running) = self.engine.running() {
                    running.backend.interrupt().await?;
                }
            }
            Happened::Evcxr(_) => {}
            Happened::EvcxrEnded(error) => return Err(error),
        }
        Ok(false)
    }

    /// The process of the cells, while it is there.
    fn cells_pid(&self) -> Option<i32> {
        self.engine.running.as_ref()?.cells.pid
    }

    async fn publish(&mut self, parent: &Message, kind: &str, content: Value) {
        self.outbox.send(parent.child(kind, content)).await;
    }

    async fn status(&mut self, parent: &Message, state: &str) {
        self.publish(parent, "status", json!({"execution_state": state}))
            .await;
    }

    async fn reply(&mut self, request: &Message, kind: &str, content: Value) -> Result<()> {
        let reply = request.reply(kind, content).encode(&self.signer);
        // A client of the kernel whose place this one took may still be on its way.
        let mut sent = self.shell.send(reply.clone()).await;
        while sent.is_err() && Instant::now() < self.reconnected_by {
            tokio::time::sleep(Duration::from_millis(20)).await;
            sent = self.shell.send(reply.clone()).await;
        }
        if let Err(error) = sent {
            eprintln!("cannot reply: {error}"); // the client has gone
        }
        Ok(())
    }

    async fn send_stdin(&mut self, request: Message) {
        if let Err(error) = self.stdin.send(request.encode(&self.signer)).await {
            eprintln!("cannot ask: {error}");
        }
    }

    /// True when the conversation is over.
    async fn answer_shell(&mut self, request: Message) -> Result<bool> {
        self.status(&request, "busy").await;
        let mut over = false;
        match request.kind() {
            "execute_request" => over = self.execute(&request).await?,
            "kernel_info_request" => {
                self.reply(&request, "kernel_info_reply", kernel_info())
                    .await?
            }
            "shutdown_request" => {
                let content =
                    json!({"status": "ok", "restart": request.content["restart"] == true});
                self.reply(&request, "shutdown_reply", content).await?;
                over = true;
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
            "complete_request" => over = self.complete(&request).await?,
            "inspect_request" => over = self.inspect(&request).await?,
            "history_request" => self.tell_history(&request).await?,
            "comm_info_request" => self.tell_comms(&request).await?,
            "comm_open" | "comm_msg" | "comm_close" => over = self.comm(&request).await?,
            other => eprintln!("unknown request `{other}`"),
        }
        self.status(&request, "idle").await;
        Ok(over)
    }
}

async fn happens(
    control: &mut mpsc::UnboundedReceiver<Message>,
    engine: &mut Engine,
    answers: &mut mpsc::UnboundedReceiver<Message>,
    kill_at: Option<Instant>,
) -> Happened {
    let (cells, evcxr) = match &mut engine.running {
        Some(running) => (Some(&mut running.cells), Some(&mut running.backend)),
        None => (None, None),
    };
    let cells = async {
        match cells {
            Some(cells) => cells.event().await,
            None => std::future::pending().await,
        }
    };
    let evcxr = async {
        match evcxr {
            Some(evcxr) => evcxr.event().await,
            None => std::future::pending().await,
        }
    };
    let time_is_up = async {
        match kill_at {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    };
    // In this order: nothing that floods keeps what matters more from being
    // heard, and what a cell said comes before evcxr's word that it ended.
    tokio::select! {
        biased;
        Some(request) = control.recv() => Happened::Control(request),
        () = time_is_up => Happened::TimeIsUp,
        event = cells => Happened::Cells(event),
        event = evcxr => match event {
            Ok(event) => Happened::Evcxr(event),
            Err(error) => Happened::EvcxrEnded(error),
        },
        Some(answer) = answers.recv() => Happened::Answered(answer),
    }
}

/// Resolves when Jupyter has gone without a word.
async fn orphaned(parent: u32) {
    if std::env::var_os("JPY_PARENT_PID").is_none() {
        return std::future::pending().await; // started by hand
    }
    while std::os::unix::process::parent_id() == parent {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn kernel_info() -> Value {
    serde_json::from_str(launcher::KERNEL_INFO).expect("a constant that a test reads")
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_the_kernel_says_of_itself_is_true() {
        let info = super::kernel_info();
        assert_eq!(info["protocol_version"], super::PROTOCOL_VERSION);
        assert_eq!(info["implementation_version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(
            info["language_info"]["version"],
            env!("CARGO_PKG_RUST_VERSION")
        );
    }
}

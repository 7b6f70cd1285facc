//! One notebook's conversation: Jupyter on one side, evcxr on the other.
//!
//! Requests on the shell socket are worked off one by one, as Jupyter asks.
//! Every reply and every message on iopub is made here, with the parent that
//! Jupyter sent; evcxr's own busy, idle and counters stay behind the curtain,
//! because one cell may take several exchanges with it.

use super::backend::Event;
use super::complete::Completer;
use super::engine::Engine;
use super::place::Built;
use super::wire::{ConnectionFile, Message, PROTOCOL_VERSION, Signer};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc;
use zeromq::{
    PubSocket, RepSocket, RouterRecvHalf, RouterSendHalf, RouterSocket, Socket, SocketRecv,
    SocketSend,
};

mod cell;
mod help;

/// Serves one notebook until Jupyter says shutdown.
///
/// # Errors
/// When the sockets cannot be opened. What goes wrong later is told in the
/// notebook.
pub async fn serve(connection: &ConnectionFile, built: Built) -> Result<()> {
    let signer = connection.signer();
    let (shell, shell_requests) = router(connection, connection.shell_port).await?;
    let (control, control_requests) = router(connection, connection.control_port).await?;
    let (stdin, stdin_replies) = router(connection, connection.stdin_port).await?;
    let mut iopub = PubSocket::new();
    bind(&mut iopub, connection, connection.iopub_port).await?;
    let mut heartbeat = RepSocket::new();
    bind(&mut heartbeat, connection, connection.hb_port).await?;
    tokio::spawn(async move {
        while let Ok(beat) = heartbeat.recv().await {
            let _ = heartbeat.send(beat).await;
        }
    });

    let session = Session {
        engine: Engine::start(built),
        shell,
        control,
        stdin,
        iopub: publisher(iopub, signer.clone()),
        shell_requests: receive(shell_requests, signer.clone()),
        control_requests: receive(control_requests, signer.clone()),
        stdin_replies: receive(stdin_replies, signer.clone()),
        signer,
        execution_count: 0,
        completer: None,
        last_request: None,
        parent: std::os::unix::process::parent_id(),
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

fn publisher(mut socket: PubSocket, signer: Signer) -> mpsc::Sender<Message> {
    let (sender, mut messages) = mpsc::channel::<Message>(256);
    tokio::spawn(async move {
        while let Some(message) = messages.recv().await {
            if let Err(error) = socket.send(message.encode(&signer)).await {
                eprintln!("cannot publish: {error}");
            }
        }
    });
    sender
}

struct Session {
    engine: Engine,
    shell: RouterSendHalf,
    control: RouterSendHalf,
    stdin: RouterSendHalf,
    iopub: mpsc::Sender<Message>,
    shell_requests: mpsc::UnboundedReceiver<Message>,
    control_requests: mpsc::UnboundedReceiver<Message>,
    stdin_replies: mpsc::UnboundedReceiver<Message>,
    signer: Signer,
    execution_count: u64,
    /// Started at the first Tab.
    completer: Option<Completer>,
    /// Late output belongs to the request that ran last.
    last_request: Option<Message>,
    /// The process that started us.
    parent: u32,
}

impl Session {
    async fn run(mut self) -> Result<()> {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        // Ctrl-C in the terminal of JupyterLab is Jupyter's to answer.
        let mut interrupt =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
        loop {
            let idle_event = async {
                match self.engine.running.as_mut() {
                    Some(running) => running.backend.event().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(message) = self.control_requests.recv() => {
                    if self.answer_control(message).await? {
                        break;
                    }
                }
                Some(message) = self.shell_requests.recv() => {
                    if self.answer_shell(message).await? {
                        break;
                    }
                }
                event = idle_event => match event {
                    Ok(Event::Published(message)) => self.pass_late_output(message).await?,
                    Ok(_) => {}
                    Err(_) => self.engine.running = None,
                },
                _ = interrupt.recv() => {}
                _ = terminate.recv() => break,
                () = orphaned(self.parent) => break,
            }
        }
        if let Some(running) = self.engine.running.take() {
            running.backend.stop().await;
        }
        // The last replies are still on their way out.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(())
    }

    async fn publish(&self, parent: &Message, kind: &str, content: Value) -> Result<()> {
        self.iopub.send(parent.child(kind, content)).await?;
        Ok(())
    }

    async fn status(&self, parent: &Message, state: &str) -> Result<()> {
        self.publish(parent, "status", json!({"execution_state": state}))
            .await
    }

    async fn reply(&mut self, request: &Message, kind: &str, content: Value) -> Result<()> {
        let reply = request.reply(kind, content).encode(&self.signer);
        if let Err(error) = self.shell.send(reply).await {
            eprintln!("cannot reply: {error}"); // the client has gone
        }
        Ok(())
    }

    /// True when the conversation is over.
    async fn answer_control(&mut self, request: Message) -> Result<bool> {
        self.status(&request, "busy").await?;
        let (kind, content, over) = match request.kind() {
            "kernel_info_request" => ("kernel_info_reply", kernel_info(), false),
            "interrupt_request" => {
                if let Some(running) = self.engine.running.as_mut() {
                    running.backend.interrupt().await?;
                }
                ("interrupt_reply", json!({"status": "ok"}), false)
            }
            "shutdown_request" => {
                let restart = request.content["restart"] == true;
                (
                    "shutdown_reply",
                    json!({"status": "ok", "restart": restart}),
                    true,
                )
            }
            other => {
                eprintln!("unknown control request `{other}`");
                self.status(&request, "idle").await?;
                return Ok(false);
            }
        };
        let reply = request.reply(kind, content.clone()).encode(&self.signer);
        if let Err(error) = self.control.send(reply).await {
            eprintln!("cannot reply: {error}");
        }
        if over {
            self.publish(&request, kind, content).await?;
        }
        self.status(&request, "idle").await?;
        Ok(over)
    }

    /// True when the conversation is over.
    async fn answer_shell(&mut self, request: Message) -> Result<bool> {
        self.status(&request, "busy").await?;
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
                let content = json!({"status": "unknown"});
                self.reply(&request, "is_complete_reply", content).await?;
            }
            "complete_request" => self.complete(&request).await?,
            "inspect_request" => self.inspect(&request).await?,
            "comm_info_request" => {
                let content = json!({"status": "ok", "comms": {}});
                self.reply(&request, "comm_info_reply", content).await?;
            }
            "history_request" => {
                let content = json!({"status": "ok", "history": []});
                self.reply(&request, "history_reply", content).await?;
            }
            "comm_open" => {
                let content = json!({"comm_id": request.content["comm_id"], "data": {}});
                self.publish(&request, "comm_close", content).await?;
            }
            _ => {}
        }
        self.status(&request, "idle").await?;
        Ok(over)
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
    json!({
        "status": "ok",
        "protocol_version": PROTOCOL_VERSION,
        "implementation": "lambda-workbook",
        "implementation_version": env!("CARGO_PKG_VERSION"),
        "banner": "Lambda Workbook: Rust cells by evcxr, on a prebuilt support crate",
        "language_info": {
            "name": "rust",
            "version": env!("CARGO_PKG_RUST_VERSION"),
            "mimetype": "text/rust",
            "file_extension": ".rs",
            "pygments_lexer": "rust",
            "codemirror_mode": "rust",
            "nbconvert_exporter": "script",
        },
        "help_links": [
            {"text": "The Rust standard library", "url": "https://doc.rust-lang.org/std/"},
            {"text": "Polars", "url": "https://docs.rs/polars/latest/polars/"},
        ],
        "supported_features": [],
    })
}

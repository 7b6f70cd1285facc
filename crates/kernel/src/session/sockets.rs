//! Jupyter's five sockets: the requests that arrive, and the messages that leave.
//!
//! - `shell`: requests of front ends, handled one after the other.
//! - `control`: interrupt and shutdown, handled at any time.
//! - `stdin`: the kernel's questions to the reader.
//! - `iopub`: everything that the kernel publishes to all front ends.
//! - heartbeat: echoes.

use super::outbox::{self, Outbox};
use crate::wire::{ConnectionFile, Message, Signer};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use zeromq::{
    RepSocket, RouterRecvHalf, RouterSendHalf, RouterSocket, Socket, SocketRecv, SocketSend,
    XPubSocket,
};

/// The messages of Jupyter that are not handled yet, a queue for each socket.
pub(super) struct Inbox {
    /// Requests on the shell socket, as they arrive.
    pub shell: mpsc::UnboundedReceiver<Message>,
    /// Requests that were taken from `shell` or were held by the waiting kernel. They are
    /// handled before those that are still in `shell`.
    pending: VecDeque<Message>,
    pub control: mpsc::UnboundedReceiver<Message>,
    pub stdin_replies: mpsc::UnboundedReceiver<Message>,
}

/// The sending ends of the sockets.
pub(super) struct Sockets {
    shell: RouterSendHalf,
    control: RouterSendHalf,
    stdin: RouterSendHalf,
    iopub: Outbox,
    signer: Signer,
    /// Until this time a reply whose client is not connected is sent again.
    reconnect_deadline: Instant,
}

/// Opens the sockets. `held` are the first requests of the inbox.
///
/// # Errors
/// Returns an error when a socket cannot be opened.
pub(super) async fn open(
    connection: &ConnectionFile,
    held: Vec<Message>,
) -> Result<(Inbox, Sockets)> {
    // Open the sockets. The heartbeat only echoes.
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

    // Decode what arrives in the background.
    let sockets = Sockets {
        shell,
        control,
        stdin,
        // A front end that subscribed to the waiting kernel must have subscribed to
        // this one before the first message is published.
        iopub: Outbox::new(iopub, signer.clone(), !held.is_empty()),
        signer: signer.clone(),
        reconnect_deadline,
    };
    let inbox = Inbox {
        shell: receive(shell_requests, signer.clone()),
        pending: held.into(),
        control: receive(control_requests, signer.clone()),
        stdin_replies: receive(stdin_replies, signer),
    };
    Ok((inbox, sockets))
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

impl Inbox {
    /// Takes the first pending request, if there is one.
    pub fn take_pending(&mut self) -> Option<Message> {
        self.pending.pop_front()
    }

    /// Moves all requests that have arrived on the shell socket to the pending ones.
    fn collect(&mut self) {
        while let Ok(request) = self.shell.try_recv() {
            self.pending.push_back(request);
        }
    }

    /// Takes the cells that wait to be executed. Other requests stay in the queue, in
    /// their order.
    pub fn take_cells(&mut self) -> Vec<Message> {
        self.collect();
        let (cells, others) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition::<Vec<_>, _>(|request| request.kind() == "execute_request");
        self.pending = others.into();
        cells
    }

    /// Takes requests from the front of the queue as long as they fit.
    pub fn take_while(&mut self, fits: impl Fn(&Message) -> bool) -> Vec<Message> {
        self.collect();
        let mut taken = Vec::new();
        while let Some(next) = self.pending.pop_front_if(|next| fits(next)) {
            taken.push(next);
        }
        taken
    }
}

impl Sockets {
    /// Publishes a message on iopub.
    pub async fn publish(&mut self, message: Message) {
        self.iopub.send(message).await;
    }

    /// Publishes the kernel's status: `busy` or `idle`.
    pub async fn publish_status(&mut self, parent: &Message, status: &str) {
        let content = json!({"execution_state": status});
        self.publish(parent.child("status", content)).await;
    }

    /// Sends a reply on the shell socket. A client that is not connected any more gets
    /// no reply; that is logged and no error.
    pub async fn reply(&mut self, request: &Message, kind: &str, content: Value) {
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
    }

    /// Sends a reply on the control socket. A client that is not connected any more gets
    /// no reply; that is logged and no error.
    pub async fn reply_on_control(&mut self, request: &Message, kind: &str, content: Value) {
        let reply = request.reply(kind, content).encode(&self.signer);
        if let Err(error) = self.control.send(reply).await {
            eprintln!("cannot send a {kind}: {error}");
        }
    }

    /// Sends an `input_request` on the stdin socket.
    pub async fn send_input_request(&mut self, request: Message) {
        if let Err(error) = self.stdin.send(request.encode(&self.signer)).await {
            eprintln!("cannot send an input_request: {error}");
        }
    }
}

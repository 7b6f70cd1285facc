//! What front ends are sent on iopub.

use crate::kernel::wire::{Message, Signer};
use serde_json::json;
use std::time::Duration;
use tokio::sync::mpsc;
use zeromq::{SocketRecv, SocketSend, XPubSocket, ZmqMessage};

/// How long a front end may stop reading before its messages are dropped, as
/// ZeroMQ drops them when its queue is full.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a front end may take to find a kernel that took another one's place:
/// ZeroMQ tries ten times a second.
pub(super) const RECONNECT: Duration = Duration::from_secs(3);

/// Sends messages in their order; when front ends read slowly, so does the cell
/// print.
pub(super) struct Outbox {
    queue: mpsc::Sender<Message>,
    /// Messages dropped since the front ends stopped reading.
    dropped: usize,
}

impl Outbox {
    /// With `listened`, nothing is sent before somebody listens, or for three seconds.
    pub fn new(mut socket: XPubSocket, signer: Signer, listened: bool) -> Outbox {
        let (queue, mut messages) = mpsc::channel::<Message>(64);
        tokio::spawn(async move {
            if listened
                && let Ok(Ok(asked)) = tokio::time::timeout(RECONNECT, socket.recv()).await
                && let Some(message) = welcome(asked)
                && let Err(error) = socket.send(message.encode(&signer)).await
            {
                eprintln!("cannot publish: {error}");
            }
            loop {
                let message = tokio::select! {
                    message = messages.recv() => message,
                    // An error here is a front end that has gone.
                    asked = socket.recv() => match asked.ok().and_then(welcome) {
                        Some(message) => Some(message),
                        None => continue,
                    },
                };
                let Some(message) = message else { return };
                if let Err(error) = socket.send(message.encode(&signer)).await {
                    eprintln!("cannot publish: {error}");
                }
            }
        });
        Outbox { queue, dropped: 0 }
    }

    pub async fn send(&mut self, message: Message) {
        let patience = if self.dropped == 0 {
            PATIENCE
        } else {
            Duration::ZERO
        };
        match self.queue.send_timeout(message, patience).await {
            Ok(()) if self.dropped > 0 => {
                eprintln!(
                    "front ends read again; {} messages were dropped",
                    self.dropped
                );
                self.dropped = 0;
            }
            Ok(()) => {}
            Err(_) => {
                if self.dropped == 0 {
                    eprintln!("no front end reads; messages are dropped");
                }
                self.dropped += 1;
            }
        }
    }
}

/// What a front end is told once its subscription counts, so that it need not
/// guess when it hears all; none when it ended a subscription.
fn welcome(asked: ZmqMessage) -> Option<Message> {
    let topic = asked.get(0)?.strip_prefix(&[1])?;
    let subscription = String::from_utf8_lossy(topic);
    let content = json!({"subscription": subscription});
    let mut message = Message::request("iopub_welcome", "", content);
    message.identities = vec![topic.to_vec()];
    Some(message)
}

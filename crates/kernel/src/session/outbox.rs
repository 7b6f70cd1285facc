//! The queue in front of the iopub socket.

use crate::wire::{Message, Signer};
use serde_json::json;
use std::time::Duration;
use tokio::sync::mpsc;
use zeromq::{SocketRecv, SocketSend, XPubSocket, ZmqMessage};

/// How long a full queue may block the session before messages are dropped, as ZeroMQ
/// drops them when its own queue is full.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// How long front ends may take to connect to a kernel that replaces the waiting one.
/// ZeroMQ tries to reconnect ten times a second.
pub(super) const RECONNECT: Duration = Duration::from_secs(3);

/// Sends messages on iopub in order.
///
/// The queue is short: when front ends read slowly, the session waits, and so does the
/// cell that prints.
pub(super) struct Outbox {
    queue: mpsc::Sender<Message>,
    /// How many messages were dropped since the front ends stopped reading; 0 while they
    /// read.
    dropped: usize,
}

impl Outbox {
    /// Starts the task that sends messages.
    ///
    /// If `wait_for_subscriber` is true, nothing is sent before a front end has
    /// subscribed or [`RECONNECT`] has passed.
    pub fn new(mut socket: XPubSocket, signer: Signer, wait_for_subscriber: bool) -> Outbox {
        let (queue, mut messages) = mpsc::channel::<Message>(64);
        tokio::spawn(async move {
            // Wait for the first subscription.
            if wait_for_subscriber
                && let Ok(Ok(subscription)) = tokio::time::timeout(RECONNECT, socket.recv()).await
                && let Some(message) = welcome(subscription)
                && let Err(error) = socket.send(message.encode(&signer)).await
            {
                eprintln!("cannot publish: {error}");
            }

            // Send the queue, and welcome each new subscriber.
            loop {
                let message = tokio::select! {
                    message = messages.recv() => message,
                    // An error here means that a front end has disconnected.
                    subscription = socket.recv() => match subscription.ok().and_then(welcome) {
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

    /// Queues a message. Waits up to [`SEND_TIMEOUT`] while the queue is full, then drops
    /// messages without waiting until there is room again. Drops are logged.
    pub async fn send(&mut self, message: Message) {
        let timeout = if self.dropped == 0 {
            SEND_TIMEOUT
        } else {
            Duration::ZERO
        };
        match self.queue.send_timeout(message, timeout).await {
            Ok(()) if self.dropped > 0 => {
                eprintln!(
                    "front ends read iopub again; {} messages were dropped",
                    self.dropped
                );
                self.dropped = 0;
            }
            Ok(()) => {}
            Err(_) => {
                if self.dropped == 0 {
                    eprintln!("front ends do not read iopub; messages are dropped");
                }
                self.dropped += 1;
            }
        }
    }
}

/// Creates the `iopub_welcome` message that confirms a subscription: from then on the
/// front end receives every message. Returns `None` for an unsubscription.
///
/// An XPUB socket receives a subscription as the byte 1 followed by the topic.
fn welcome(subscription: ZmqMessage) -> Option<Message> {
    let topic = subscription.get(0)?.strip_prefix(&[1])?;
    let name = String::from_utf8_lossy(topic);
    let content = json!({"subscription": name});
    let mut message = Message::request("iopub_welcome", "", content);
    message.identities = vec![topic.to_vec()];
    Some(message)
}

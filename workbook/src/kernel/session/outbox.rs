//! What front ends are sent on iopub.

use crate::kernel::wire::{Message, Signer};
use std::time::Duration;
use tokio::sync::mpsc;
use zeromq::{PubSocket, SocketSend};

/// How long a front end may stop reading before its messages are dropped, as
/// ZeroMQ drops them when its queue is full.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends messages in their order; when front ends read slowly, so does the cell
/// print.
pub(super) struct Outbox {
    queue: mpsc::Sender<Message>,
    /// Messages dropped since the front ends stopped reading.
    dropped: usize,
}

impl Outbox {
    pub fn new(mut socket: PubSocket, signer: Signer) -> Outbox {
        let (queue, mut messages) = mpsc::channel::<Message>(64);
        tokio::spawn(async move {
            while let Some(message) = messages.recv().await {
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

//! What is asked on the control socket, which is heard while a cell runs.

use super::{Phase, Session, kernel_info};
use crate::kernel::wire::Message;
use anyhow::Result;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;
use zeromq::SocketSend;

/// How long an interrupted cell has to stop by itself.
const GRACE: Duration = Duration::from_millis(300);

impl Session {
    /// True when the conversation is over.
    pub(super) async fn answer_control(&mut self, request: Message) -> Result<bool> {
        self.status(&request, "busy").await;
        let (kind, content, over) = match request.kind() {
            "kernel_info_request" => ("kernel_info_reply", kernel_info(), false),
            "interrupt_request" => {
                self.interrupt();
                ("interrupt_reply", json!({"status": "ok"}), false)
            }
            "shutdown_request" => {
                let content =
                    json!({"status": "ok", "restart": request.content["restart"] == true});
                ("shutdown_reply", content, true)
            }
            other => {
                eprintln!("unknown control request `{other}`");
                self.status(&request, "idle").await;
                return Ok(false);
            }
        };
        self.send_control(&request, kind, content.clone()).await;
        if over {
            self.publish(&request, kind, content).await;
        }
        self.status(&request, "idle").await;
        Ok(over)
    }

    async fn send_control(&mut self, request: &Message, kind: &str, content: Value) {
        let reply = request.reply(kind, content).encode(&self.signer);
        if let Err(error) = self.control.send(reply).await {
            eprintln!("cannot reply: {error}"); // the client has gone
        }
    }

    /// Stops the cell, or the closure of a widget, that runs.
    fn interrupt(&mut self) {
        match &mut self.current {
            Some(current) => {
                current.interrupted = true;
                match current.phase {
                    Phase::Compiles => self.stop_compiler(),
                    Phase::Runs => self.interrupt_cells(),
                }
            }
            None if self.event.is_some() => self.interrupt_cells(),
            None => {}
        }
    }

    /// Asks the cells' process to stop the cell, and has it killed if it does not.
    pub(super) fn interrupt_cells(&mut self) {
        if let Some(pid) = self.cells_pid() {
            // SAFETY: a signal to the cells' process, which handles it.
            unsafe { libc::kill(pid, libc::SIGINT) };
        }
        self.kill_at = Some(Instant::now() + GRACE);
        // A reader who interrupts does not answer.
        if let Some(question) = self.question.take() {
            question.give(json!({"error": "interrupted"}));
        }
    }

    fn stop_compiler(&mut self) {
        let Ok(running) = self.engine.running() else {
            return;
        };
        let id = std::fs::read_to_string(running.place.compiler()).unwrap_or_default();
        let id: Option<i32> = id.parse().ok().filter(|id| *id > 0);
        // The file outlives the process, and the number may be another's by now.
        if let Some(id) = id.filter(|id| is_of_toolchain(*id)) {
            // SAFETY: a signal to a compiler that this kernel started.
            unsafe { libc::kill(id, libc::SIGKILL) };
        }
    }
}

fn is_of_toolchain(id: i32) -> bool {
    let name = std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
    ["rustc", "cargo"].contains(&name.trim())
}

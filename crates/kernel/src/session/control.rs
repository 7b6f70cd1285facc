//! The control socket: interrupt and shutdown. Its requests are handled while a cell
//! runs.

use super::{Phase, Session, kernel_info};
use crate::wire::Message;
use anyhow::Result;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;
use zeromq::SocketSend;

/// How long an interrupted cell may take to stop before its process is killed.
const GRACE_PERIOD: Duration = Duration::from_millis(300);

impl Session {
    /// Handles a request on the control socket. Returns true when Jupyter has asked for a
    /// shutdown.
    pub(super) async fn handle_control_request(&mut self, request: Message) -> Result<bool> {
        self.publish_status(&request, "busy").await;
        let (kind, content, shutdown) = match request.kind() {
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
                eprintln!("unknown request on the control socket: `{other}`");
                self.publish_status(&request, "idle").await;
                return Ok(false);
            }
        };
        self.reply_on_control(&request, kind, content.clone()).await;
        // The protocol wants a shutdown on iopub too, for all other front ends.
        if shutdown {
            self.publish(&request, kind, content).await;
        }
        self.publish_status(&request, "idle").await;
        Ok(shutdown)
    }

    /// Sends a reply on the control socket. A client that is not connected any more gets
    /// no reply; that is logged and no error.
    async fn reply_on_control(&mut self, request: &Message, kind: &str, content: Value) {
        let reply = request.reply(kind, content).encode(&self.signer);
        if let Err(error) = self.control.send(reply).await {
            eprintln!("cannot send a {kind}: {error}");
        }
    }

    /// Interrupts the cell or the widget's closure that runs; does nothing otherwise.
    fn interrupt(&mut self) {
        match &mut self.current {
            Some(current) => {
                current.interrupted = true;
                match current.phase {
                    Phase::Compiling => self.kill_compiler(),
                    Phase::Running => self.interrupt_cell_process(),
                }
            }
            None if self.comm_request.is_some() => self.interrupt_cell_process(),
            None => {}
        }
    }

    /// Asks the cell process to stop the running cell, and sets the time at which the
    /// process is killed if it has not stopped by then.
    pub(super) fn interrupt_cell_process(&mut self) {
        if let Some(pid) = self.cell_process_id() {
            // SAFETY: kill only sends a signal; the cell process has a handler for it.
            unsafe { libc::kill(pid, libc::SIGINT) };
        }
        self.kill_at = Some(Instant::now() + GRACE_PERIOD);
        // A cell that waits for the reader's input can only stop after a response.
        if let Some(responder) = self.input_request.take() {
            responder.respond(json!({"error": "interrupted"}));
        }
    }

    /// Kills the rustc or cargo that compiles the current cell.
    fn kill_compiler(&mut self) {
        let Ok(evcxr) = self.engine.running() else {
            return;
        };
        let id = std::fs::read_to_string(evcxr.place.compiler()).unwrap_or_default();
        let id: Option<i32> = id.parse().ok().filter(|id| *id > 0);
        // The file remains after the compiler has exited, and the system may have given
        // the id to another process since.
        if let Some(id) = id.filter(|id| is_compiler(*id)) {
            // SAFETY: kill only sends a signal, to a compiler that this kernel started.
            unsafe { libc::kill(id, libc::SIGKILL) };
        }
    }
}

/// Returns whether the process with this id is a rustc or a cargo.
fn is_compiler(id: i32) -> bool {
    let name = std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
    ["rustc", "cargo"].contains(&name.trim())
}

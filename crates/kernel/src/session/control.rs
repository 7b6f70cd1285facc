//! The control socket: interrupt and shutdown. Its requests are handled while a cell
//! runs.

use super::state::Target;
use super::{Session, Stop, Work, kernel_info, shutdown_content};
use crate::side_channel::Responder;
use crate::wire::Message;
use serde_json::json;
use tokio::time::Instant;

impl Session {
    /// Handles a request on the control socket.
    pub(super) async fn handle_control_request(&mut self, request: Message) -> Work<()> {
        // Handle it and find the reply.
        self.sockets.publish_status(&request, "busy").await;
        let (kind, content) = match request.kind() {
            "kernel_info_request" => ("kernel_info_reply", kernel_info()),
            "interrupt_request" => {
                if let Some(target) = self.state.interrupt(Instant::now()) {
                    self.stop_target(target);
                }
                ("interrupt_reply", json!({"status": "ok"}))
            }
            "shutdown_request" => ("shutdown_reply", shutdown_content(&request)),
            other => {
                eprintln!("unknown request on the control socket: `{other}`");
                self.sockets.publish_status(&request, "idle").await;
                return Ok(());
            }
        };

        // Reply. The protocol wants a shutdown on iopub too, for all other front ends.
        let shutdown = kind == "shutdown_reply";
        self.sockets
            .reply_on_control(&request, kind, content.clone())
            .await;
        if shutdown {
            self.sockets.publish(request.child(kind, content)).await;
        }
        self.sockets.publish_status(&request, "idle").await;
        match shutdown {
            true => Err(Stop::Shutdown),
            false => Ok(()),
        }
    }

    /// Stops what an interrupt must stop.
    pub(super) fn stop_target(&mut self, target: Target) {
        match target {
            Target::Compiler => self.kill_compiler(),
            Target::CellProcess(input) => self.interrupt_cell_process(input),
        }
    }

    /// Asks the cell process to stop the code that runs. `input` is the responder of the
    /// `input` call in which the code waits.
    fn interrupt_cell_process(&self, input: Option<Responder>) {
        if let Some(pid) = self.engine.cell_process_id() {
            // SAFETY: kill only sends a signal; the cell process has a handler for it.
            unsafe { libc::kill(pid, libc::SIGINT) };
        }
        if let Some(responder) = input {
            responder.respond(json!({"error": "interrupted"}));
        }
    }

    /// Kills the rustc or cargo that compiles the current cell.
    fn kill_compiler(&self) {
        let Some(evcxr) = self.engine.get() else {
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

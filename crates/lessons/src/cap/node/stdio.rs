//! A node as a program: lines of JSON in, lines of JSON out, as Maelstrom runs it.
use super::{Handler, NodeMessage, NodeState, Numbers, json};
use std::fs::{self, File};
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Time between two ticks of a node under Maelstrom.
const TICK: Duration = Duration::from_millis(200);

/// Why a node stopped.
#[derive(Debug, thiserror::Error)]
pub enum NodeIoError {
    /// A line is no message.
    #[error("line {line} is no message: {error}; a message has src, dest and body")]
    Line {
        /// The number of the line, from 1.
        line: usize,
        /// What JSON says about it.
        error: serde_json::Error,
    },
    /// A message came before the node knew its id.
    #[error("line {line}: `{kind}` came before `init`, so the node does not know its id")]
    NotInitialised {
        /// The number of the line, from 1.
        line: usize,
        /// The type of the message.
        kind: String,
    },
    /// A stream or the file of the disk cannot be read or written.
    #[error("{what}: {error}")]
    Io {
        /// What failed.
        what: String,
        /// Why.
        error: io::Error,
    },
}

/// Runs a node on standard input and output until the input ends. `disk` is a file for what
/// survives a crash; without one, a restarted node begins with an empty disk.
///
/// This is the whole program that Maelstrom needs:
///
/// ```no_run
/// use lambda_workbook::cap::node::{NodeMessage, NodeState, json, serve};
/// fn echo(node: &mut NodeState, message: &NodeMessage) {
///     if message.kind() == "echo" {
///         node.reply(message, "echo_ok", json!({ "echo": message.body["echo"] }));
///     }
/// }
/// fn main() -> Result<(), lambda_workbook::cap::node::NodeIoError> {
///     serve(echo, None)
/// }
/// ```
///
/// # Errors
/// A line that is no message, or a stream or file that fails.
pub fn serve(handler: Handler, disk: Option<&Path>) -> Result<(), NodeIoError> {
    let (lines, incoming) = channel();
    // A thread of its own waits for input, so that the clock ticks meanwhile. It ends with the
    // process.
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    let mut program = Program::new(handler, disk);
    let mut out = io::stdout().lock();
    let mut next_tick = Instant::now() + TICK;
    loop {
        match incoming.recv_timeout(next_tick.saturating_duration_since(Instant::now())) {
            Ok(line) => program.line(&line.map_err(broken("standard input"))?, &mut out)?,
            Err(RecvTimeoutError::Timeout) => {
                next_tick += TICK;
                program.tick(&mut out)?;
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

/// Runs a node on lines that are all there, with a tick after each; for tests and examples.
///
/// ```
/// use lambda_workbook::cap::node::{Workload, model, serve_lines};
/// let lines = r#"{"src":"c0","dest":"n1","body":{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1"]}}
/// {"src":"c1","dest":"n1","body":{"type":"echo","msg_id":2,"echo":"hello"}}"#;
/// let mut out = Vec::new();
/// serve_lines(model(Workload::Echo), None, lines.as_bytes(), &mut out)?;
/// let out = String::from_utf8_lossy(&out);
/// assert!(out.contains(r#""type":"init_ok""#) && out.contains(r#""echo":"hello""#));
/// # Ok::<(), lambda_workbook::cap::node::NodeIoError>(())
/// ```
///
/// # Errors
/// A line that is no message, or a stream or file that fails.
pub fn serve_lines(
    handler: Handler,
    disk: Option<&Path>,
    input: impl BufRead,
    out: &mut dyn Write,
) -> Result<(), NodeIoError> {
    let mut program = Program::new(handler, disk);
    for line in input.lines() {
        program.line(&line.map_err(broken("the input"))?, out)?;
        program.tick(out)?;
    }
    Ok(())
}

struct Program<'a> {
    handler: Handler,
    disk: Option<&'a Path>,
    node: Option<NodeState>,
    lines: usize,
}

impl<'a> Program<'a> {
    fn new(handler: Handler, disk: Option<&'a Path>) -> Self {
        Program {
            handler,
            disk,
            node: None,
            lines: 0,
        }
    }

    fn line(&mut self, line: &str, out: &mut dyn Write) -> Result<(), NodeIoError> {
        self.lines += 1;
        let number = self.lines;
        if line.trim().is_empty() {
            return Ok(());
        }
        let message: NodeMessage =
            serde_json::from_str(line).map_err(|error| NodeIoError::Line {
                line: number,
                error,
            })?;
        if message.kind() == "init" {
            return self.init(&message, out);
        }
        let Some(node) = &mut self.node else {
            let kind = message.kind().to_owned();
            return Err(NodeIoError::NotInitialised { line: number, kind });
        };
        (self.handler)(node, &message);
        self.flush(out)
    }

    /// Learns who it is, and reads what an earlier process left on the disk.
    fn init(&mut self, message: &NodeMessage, out: &mut dyn Write) -> Result<(), NodeIoError> {
        let nodes = message.body["node_ids"].as_array().into_iter().flatten();
        let nodes: Vec<&str> = nodes.filter_map(|id| id.as_str()).collect();
        let mut node = NodeState::new(message.body["node_id"].as_str().unwrap_or("n1"), nodes);
        if let Some(path) = self.disk.filter(|path| path.exists()) {
            let what = format!("reading {}", path.display());
            let text = fs::read(path).map_err(broken(&what))?;
            let numbers: Result<Numbers, _> = serde_json::from_slice(&text);
            node.disk = numbers.map_err(|error| broken(&what)(error.into()))?;
        }
        node.reply(message, "init_ok", json!({}));
        self.node = Some(node);
        self.flush(out)
    }

    fn tick(&mut self, out: &mut dyn Write) -> Result<(), NodeIoError> {
        let Some(node) = &mut self.node else {
            return Ok(());
        };
        let id = node.id.clone();
        let message = NodeMessage {
            src: id.clone(),
            dest: id,
            body: json!({ "type": "tick" }),
        };
        (self.handler)(node, &message);
        self.flush(out)
    }

    /// Writes the disk, and then sends: what was answered survives a crash.
    fn flush(&mut self, out: &mut dyn Write) -> Result<(), NodeIoError> {
        let Some(node) = &mut self.node else {
            return Ok(());
        };
        let sent = node.take_sent();
        if let Some(path) = self.disk {
            let what = format!("writing {}", path.display());
            write_atomically(path, &node.disk).map_err(broken(&what))?;
        }
        for message in sent {
            let line = serde_json::to_string(&message).map_err(|error| error.into());
            let written = line.and_then(|line| writeln!(out, "{line}"));
            written.map_err(broken("the output"))?;
        }
        out.flush().map_err(broken("the output"))
    }
}

/// Replaces the file of the disk: a crash leaves the old one or the new one.
fn write_atomically(path: &Path, disk: &Numbers) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(&serde_json::to_vec(disk)?)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

fn broken(what: &str) -> impl FnOnce(io::Error) -> NodeIoError {
    let what = what.to_owned();
    move |error| NodeIoError::Io { what, error }
}

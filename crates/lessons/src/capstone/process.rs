//! A node in a process of its own, which is killed as `kill -9` does it.
//!
//! Orders go to its standard input and replies come from its standard output, one
//! JSON text a line. The first line is its configuration.
use super::error::{CapstoneError, Result};
use super::host::Host;
use super::node::{Node, NodeConfig};
use super::order::{NodeReply, Order};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// What a node's process does: obeys until its input ends.
///
/// # Errors
/// Input that nobody here wrote, or output that nobody reads. A node that refuses an
/// order says so in its reply.
pub fn serve(folder: &Path, input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut lines = input.lines();
    let Some(first) = lines.next() else {
        return Ok(());
    };
    let config: NodeConfig = serde_json::from_str(&first?)?;
    let mut node = Node::open(folder, config);
    for line in lines {
        let order: Order = serde_json::from_str(&line?)?;
        let obeyed = match &mut node {
            Ok(node) => node.obey(&order).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let reply = obeyed.unwrap_or_else(NodeReply::Refused);
        let mut line = serde_json::to_vec(&reply)?;
        line.push(b'\n');
        output.write_all(&line)?;
        output.flush()?;
    }
    Ok(())
}

/// A node in a child process.
pub struct Process {
    /// Makes the command that calls [`serve`].
    command: Box<dyn FnMut() -> Command + Send>,
    config: NodeConfig,
    running: Option<Running>,
    /// How long after the next order the process is killed.
    kill_after: Option<Duration>,
}

struct Running {
    child: Child,
    orders: ChildStdin,
    replies: BufReader<ChildStdout>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> CapstoneError {
    move |source| CapstoneError::Process { doing, source }
}

impl Process {
    /// Starts a node by a command.
    pub fn start(
        config: NodeConfig,
        command: impl FnMut() -> Command + Send + 'static,
    ) -> Result<Self> {
        let mut process = Self {
            command: Box::new(command),
            config,
            running: None,
            kill_after: None,
        };
        process.restart()?;
        Ok(process)
    }
}

impl Running {
    fn write(&mut self, line: &impl serde::Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.orders.write_all(&text)
    }

    /// The reply; none if there was no whole line.
    fn reply(&mut self) -> io::Result<Option<NodeReply>> {
        let mut line = String::new();
        self.replies.read_line(&mut line)?;
        match line.ends_with('\n') {
            true => Ok(Some(serde_json::from_str(&line)?)),
            false => Ok(None),
        }
    }
}

impl Host for Process {
    fn tell(&mut self, order: &Order) -> Result<Option<NodeReply>> {
        let Some(running) = &mut self.running else {
            return Ok(None);
        };
        running.write(order).map_err(failed("speaking to"))?;
        let Some(after) = self.kill_after.take() else {
            let reply = running.reply().map_err(failed("listening to"))?;
            let ended = || io::Error::other("it ended by itself");
            return match reply {
                Some(reply) => Ok(Some(reply)),
                None => Err(failed("running")(ended())),
            };
        };
        std::thread::park_timeout(after);
        running.child.kill().map_err(failed("killing"))?;
        running.child.wait().map_err(failed("killing"))?;
        // A reply before the kill is an acknowledgement, and must hold.
        let reply = running.reply().map_err(failed("listening to"))?;
        self.running = None;
        Ok(reply)
    }

    fn restart(&mut self) -> Result<()> {
        self.running = None;
        let mut command = (self.command)();
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(failed("starting"))?;
        let (orders, replies) = (child.stdin.take(), child.stdout.take());
        let (Some(orders), Some(replies)) = (orders, replies) else {
            return Err(failed("starting")(io::Error::other("it has no pipes")));
        };
        let replies = BufReader::new(replies);
        let mut running = Running {
            child,
            orders,
            replies,
        };
        running.write(&self.config).map_err(failed("speaking to"))?;
        self.running = Some(running);
        Ok(())
    }

    fn plan_crash(&mut self, draw: u64, long: bool) {
        let longest = if long { 60_000 } else { 6_000 };
        self.kill_after = Some(Duration::from_micros(draw % longest));
    }
}

//! The side channel: what a cell tells the kernel besides its printed text.
//!
//! evcxr knows one rich output a cell, sent when the cell ends, and tells
//! Jupyter "ok" when a cell panicked. So this crate, which every cell links,
//! talks to the kernel itself, over a local socket that the environment names.
//! Each message waits until the kernel has taken it, and the kernel takes what
//! was printed before it first: outputs stay in the order of the program, and a
//! slow reader slows the cell and fills no memory.
//!
//! Without that socket (another Rust kernel, a test) [`publish`] says false, and
//! callers fall back to static output.
//!
//! | direction | messages |
//! |---|---|
//! | to the kernel | Jupyter's own for iopub ([`publish`]), [`result`], panics, failed `?`, questions ([`ask`]) |
//! | from the kernel | what widgets in the front end say ([`on_comm`]), by [`super::cells`] |

use frame::Frame;
use serde_json::{Value, json};
use std::cell::Cell;
use std::fmt::Arguments;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

pub mod frame;
pub mod panics;

/// The environment variable that names the kernel's socket.
pub const SOCKET: &str = "LAMBDA_WORKBOOK_CHANNEL";

static CHANNEL: OnceLock<Option<Mutex<UnixStream>>> = OnceLock::new();
/// The name of the cell that runs; see [`current_cell`].
static CURRENT: Mutex<String> = Mutex::new(String::new());

/// Opens the channel and has panics reported on it. Later calls do nothing.
///
/// Called by [`super::cells`], on the thread that runs the cells.
pub(super) fn start() -> bool {
    let open = CHANNEL
        .get_or_init(|| connect("say").ok().map(Mutex::new))
        .is_some();
    if open {
        panics::hook();
    }
    open
}

/// A connection to the kernel for one purpose.
pub(super) fn connect(role: &str) -> io::Result<UnixStream> {
    let path = std::env::var_os(SOCKET).ok_or(io::ErrorKind::NotFound)?;
    let mut stream = UnixStream::connect(path)?;
    let hello = json!({"kind": "hello", "role": role, "pid": std::process::id()});
    stream.write_all(&Frame::new(hello).to_bytes())?;
    Ok(stream)
}

/// Whether a kernel listens.
///
/// ```
/// assert!(!lambda_workbook::notebook::channel::connected(), "not in a test");
/// ```
pub fn connected() -> bool {
    matches!(CHANNEL.get(), Some(Some(_)))
}

/// Says something and waits for the answer; `None` where nobody listens.
pub(crate) fn tell(head: Value, buffers: &[Vec<u8>]) -> Option<Value> {
    let channel = CHANNEL.get()?.as_ref()?;
    // The kernel shows printed text that came before, and it takes it from the
    // pipe: nothing may wait in this process.
    let _ = io::stdout().flush();
    let frame = Frame {
        head,
        buffers: buffers.to_vec(),
    };
    exchange(&mut locked(channel), &frame).ok()
}

fn exchange(stream: &mut UnixStream, frame: &Frame) -> io::Result<Value> {
    stream.write_all(&frame.to_bytes())?;
    Ok(Frame::read(stream)?.head)
}

/// A lock that a panic elsewhere does not take away.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Publishes a message to every front end: `kind` is Jupyter's name for it, such
/// as `display_data` or `comm_msg`, with Jupyter's own content.
///
/// Returns when the kernel has taken it; false where no kernel listens. May be
/// called on any thread.
pub fn publish(kind: &str, content: Value, metadata: Value, buffers: &[Vec<u8>]) -> bool {
    panics::stop_if_interrupted();
    let message = json!({
        "kind": "publish", "type": kind, "content": content, "metadata": metadata,
    });
    tell(message, buffers).is_some()
}

/// Gives the value of the cell's last expression, by MIME type.
pub fn result(data: Value, metadata: Value) -> bool {
    panics::stop_if_interrupted();
    let message = json!({"kind": "result", "data": data, "metadata": metadata});
    tell(message, &[]).is_some()
}

/// Ends a cell whose `?` met an error, as an error in Jupyter's sense.
///
/// `type_name` is the error's type, with its path. The kernel writes the call
/// into each cell.
pub fn question_mark(type_name: &str, error: Arguments<'_>) {
    let report = json!({
        "kind": "question mark",
        "type": type_name,
        "message": panics::cut(error.to_string()),
    });
    if tell(report, &[]).is_none() {
        eprintln!("{error}");
    }
}

/// Asks the reader for a line of text and waits for it.
///
/// On a connection of its own: other threads go on talking meanwhile.
///
/// # Errors
/// When nobody can be asked: no kernel, or a front end without a prompt.
pub(crate) fn ask(prompt: &str, password: bool) -> io::Result<String> {
    let _ = io::stdout().flush();
    let mut stream = connect("ask").map_err(|_| io::Error::other("no kernel that could ask"))?;
    let question = json!({"kind": "question", "prompt": prompt, "password": password});
    let answer = exchange(&mut stream, &Frame::new(question))?;
    match (answer["value"].as_str(), answer["error"].as_str()) {
        (Some(value), _) => Ok(value.to_owned()),
        (None, why) => Err(io::Error::other(why.unwrap_or("no answer").to_owned())),
    }
}

/// What came from a front end for a widget.
#[derive(Clone, Debug)]
pub struct CommEvent {
    /// `comm_open`, `comm_msg` or `comm_close`.
    pub kind: String,
    /// Jupyter's content of the message.
    pub content: Value,
    /// Binary attachments.
    pub buffers: Vec<Vec<u8>>,
}

thread_local! {
    static ON_COMM: Cell<Option<fn(CommEvent)>> = const { Cell::new(None) };
}

/// Sets who hears what front ends say to widgets. Called on the thread that runs
/// the cells, it is called there, while no cell runs.
pub fn on_comm(handler: fn(CommEvent)) {
    ON_COMM.set(Some(handler));
}

/// Hands an event on; false where nobody hears.
pub(super) fn comm_event(event: CommEvent) -> bool {
    match ON_COMM.get() {
        Some(handler) => {
            handler(event);
            true
        }
        None => false,
    }
}

/// The name of the cell that runs, for [`in_cell`]; empty outside a cell.
pub fn current_cell() -> String {
    locked(&CURRENT).clone()
}

/// Runs `call` as a part of the cell of that name, so that a panic in it is
/// traced to the line of that cell: a closure outlives its cell.
pub fn in_cell<T>(name: &str, call: impl FnOnce() -> T) -> T {
    struct Back(String);
    impl Drop for Back {
        fn drop(&mut self) {
            *locked(&CURRENT) = std::mem::take(&mut self.0);
        }
    }
    let _back = Back(std::mem::replace(&mut *locked(&CURRENT), name.to_owned()));
    call()
}

/// Says a word of evcxr's protocol to evcxr, past the cell's printed text. The
/// kernel writes the call into each cell, in place of evcxr's `println!`.
pub fn to_evcxr(line: &str) {
    super::cells::to_evcxr(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_kernel_nothing_is_sent() {
        assert!(tell(json!({}), &[]).is_none());
        assert!(!publish("display_data", json!({}), json!({}), &[]));
        assert!(ask("name?", false).is_err());
    }

    #[test]
    fn a_call_belongs_to_its_cell_and_to_no_other() {
        assert_eq!(current_cell(), "");
        let inside = in_cell("seven", || {
            let _ = std::panic::catch_unwind(|| in_cell("eight", || panic!("x")));
            current_cell()
        });
        assert_eq!((inside.as_str(), current_cell().as_str()), ("seven", ""));
    }
}

//! The side channel: the connection between the cell process and the kernel.
//!
//! evcxr allows one rich output for each cell, sent when the cell ends, and it reports "ok" to
//! Jupyter when a cell has panicked. Therefore this crate, which every cell links, talks to
//! the kernel itself, over a Unix socket whose path is in the environment.
//!
//! A cell waits until the kernel has handled each message, and the kernel first handles what
//! was printed before it. So outputs stay in the order of the program. A slow front end slows
//! the cell down instead of filling the memory.
//!
//! Without that socket, in another Rust kernel or in a test, [`publish`] returns false and
//! callers fall back to static output.
//!
//! | direction | messages |
//! |---|---|
//! | to the kernel | Jupyter's messages for iopub ([`publish`]), the cell's [`result`], panics, errors at a `?`, requests for input ([`request_input`]) |
//! | from the kernel | messages of front ends to widgets ([`on_comm`]), read by [`super::cells`] |

use frame::Frame;
use serde_json::{Value, json};
use std::cell::Cell;
use std::fmt::Arguments;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

pub mod frame;
pub mod panics;

/// The environment variable with the path of the kernel's socket.
pub const SOCKET: &str = "LAMBDA_WORKBOOK_CHANNEL";

/// The main connection; `None` without a kernel, and not set before [`start`].
static CHANNEL: OnceLock<Option<Mutex<UnixStream>>> = OnceLock::new();
/// The name of the running cell; see [`current_cell`].
static CURRENT_CELL: Mutex<String> = Mutex::new(String::new());

/// Opens the main connection and reports panics on it from now on. Later calls do nothing.
/// Returns whether a kernel is connected.
///
/// [`super::cells`] calls this on the thread that runs the cells.
pub(super) fn start() -> bool {
    let open = CHANNEL
        .get_or_init(|| connect("say").ok().map(Mutex::new))
        .is_some();
    if open {
        panics::install_hook();
    }
    open
}

/// Opens a connection to the kernel. The role tells what it is for: `say` for requests, `ask`
/// for one request for input, `hear` for messages from the kernel.
pub(super) fn connect(role: &str) -> io::Result<UnixStream> {
    let path = std::env::var_os(SOCKET).ok_or(io::ErrorKind::NotFound)?;
    let mut stream = UnixStream::connect(path)?;
    let hello = json!({"kind": "hello", "role": role, "pid": std::process::id()});
    stream.write_all(&Frame::new(hello).to_bytes())?;
    Ok(stream)
}

/// Returns whether a kernel is connected.
///
/// ```
/// assert!(!lambda_workbook::notebook::channel::connected(), "not in a test");
/// ```
pub fn connected() -> bool {
    matches!(CHANNEL.get(), Some(Some(_)))
}

/// Sends a request to the kernel and waits for its response. Returns `None` without a kernel,
/// or when the connection has broken.
pub(crate) fn request(head: Value, buffers: &[Vec<u8>]) -> Option<Value> {
    let channel = CHANNEL.get()?.as_ref()?;
    // The kernel reads what was printed before this from the pipe, so it must not be in a
    // buffer of this process any more.
    let _ = io::stdout().flush();
    let frame = Frame {
        head,
        buffers: buffers.to_vec(),
    };
    exchange(&mut locked(channel), &frame).ok()
}

/// Writes a frame and reads the response to it.
fn exchange(stream: &mut UnixStream, frame: &Frame) -> io::Result<Value> {
    stream.write_all(&frame.to_bytes())?;
    Ok(Frame::read(stream)?.head)
}

/// Locks a mutex, also after a panic of another thread that held it.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Publishes a message on iopub, to all front ends. `kind` is Jupyter's message type, such as
/// `display_data` or `comm_msg`, and the content is what Jupyter defines for that type.
///
/// Returns true when the kernel has handled the message, and false without a kernel. May be
/// called on any thread.
pub fn publish(kind: &str, content: Value, metadata: Value, buffers: &[Vec<u8>]) -> bool {
    panics::stop_if_interrupted();
    let message = json!({
        "kind": "publish", "type": kind, "content": content, "metadata": metadata,
    });
    request(message, buffers).is_some()
}

/// Publishes the result of the cell, a MIME bundle of the value of its last expression.
/// Returns false without a kernel.
pub fn result(data: Value, metadata: Value) -> bool {
    panics::stop_if_interrupted();
    let message = json!({"kind": "result", "data": data, "metadata": metadata});
    request(message, &[]).is_some()
}

/// Reports the error with which a `?` ended the cell, so that Jupyter shows it as an error.
///
/// `type_name` is the full path of the error's type. The kernel writes this call into each
/// cell.
pub fn question_mark(type_name: &str, error: Arguments<'_>) {
    let report = json!({
        "kind": "question mark",
        "type": type_name,
        "message": panics::truncate(error.to_string()),
    });
    if request(report, &[]).is_none() {
        eprintln!("{error}");
    }
}

/// Asks the reader for a line of text and waits for it. With `password` the line is not shown
/// while it is typed.
///
/// This uses a connection of its own, so that other threads can send requests meanwhile.
///
/// # Errors
/// Returns an error when the reader cannot be asked: without a kernel, while no cell runs, or
/// in a front end without a prompt.
pub(crate) fn request_input(prompt: &str, password: bool) -> io::Result<String> {
    let _ = io::stdout().flush();
    let mut stream = connect("ask")
        .map_err(|_| io::Error::other("cannot ask for input: no kernel is connected"))?;
    let question = json!({"kind": "question", "prompt": prompt, "password": password});
    let answer = exchange(&mut stream, &Frame::new(question))?;
    match (answer["value"].as_str(), answer["error"].as_str()) {
        (Some(value), _) => Ok(value.to_owned()),
        (None, reason) => Err(io::Error::other(
            reason.unwrap_or("the kernel gave no answer").to_owned(),
        )),
    }
}

/// A comm message of a front end to a widget.
#[derive(Clone, Debug)]
pub struct CommEvent {
    /// `comm_open`, `comm_msg` or `comm_close`.
    pub kind: String,
    /// The content of the message, as Jupyter defines it.
    pub content: Value,
    /// The binary buffers.
    pub buffers: Vec<Vec<u8>>,
}

thread_local! {
    /// The handler of this thread; see [`on_comm`].
    static ON_COMM: Cell<Option<fn(CommEvent)>> = const { Cell::new(None) };
}

/// Sets the handler for comm messages of front ends. It must be set on the thread that runs
/// the cells and is called on that thread, while no cell runs.
pub fn on_comm(handler: fn(CommEvent)) {
    ON_COMM.set(Some(handler));
}

/// Calls the handler with an event. Returns false when no handler is set.
pub(super) fn dispatch_comm_event(event: CommEvent) -> bool {
    match ON_COMM.get() {
        Some(handler) => {
            handler(event);
            true
        }
        None => false,
    }
}

/// Returns the name of the running cell, for [`in_cell`]; empty outside of cells.
pub fn current_cell() -> String {
    locked(&CURRENT_CELL).clone()
}

/// Runs `call` as a part of the cell with this name, so that a panic in it is traced to the
/// line of that cell. This is for closures, which may run after the end of their cell.
pub fn in_cell<T>(name: &str, call: impl FnOnce() -> T) -> T {
    /// Restores the former name, also after a panic.
    struct Restore(String);
    impl Drop for Restore {
        fn drop(&mut self) {
            *locked(&CURRENT_CELL) = std::mem::take(&mut self.0);
        }
    }
    let _restore = Restore(std::mem::replace(
        &mut *locked(&CURRENT_CELL),
        name.to_owned(),
    ));
    call()
}

/// Sends a line of evcxr's protocol to evcxr, apart from the text that the cell prints. The
/// kernel writes this call into each cell in the place of evcxr's `println!`.
pub fn to_evcxr(line: &str) {
    super::cells::to_evcxr(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_kernel_nothing_is_sent() {
        assert!(request(json!({}), &[]).is_none());
        assert!(!publish("display_data", json!({}), json!({}), &[]));
        assert!(request_input("name?", false).is_err());
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

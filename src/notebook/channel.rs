//! The side channel: what a cell tells the kernel besides its output.
//!
//! evcxr ends a cell that panicked, or whose `?` met an error, like any other
//! cell: Jupyter hears "ok". So this crate, which every cell links, reports
//! both to the kernel by a datagram on a local socket that the environment
//! names. A datagram is in the kernel's hands before the cell goes on, so that
//! no report can come after the cell's end. Without that socket (another Rust
//! kernel, a test) the same things are printed as usual.
//!
//! The kernel makes each cell call [`start`] when its code is loaded.

use serde_json::{Value, json};
use std::fmt::Arguments;
use std::os::unix::net::UnixDatagram;
use std::panic::PanicHookInfo;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::ThreadId;

/// The environment variable that names the kernel's socket.
pub const SOCKET: &str = "LAMBDA_WORKBOOK_CHANNEL";

/// The most that one report says; a datagram holds about 200 KB.
const LIMIT: usize = 60_000;

static CHANNEL: OnceLock<Option<UnixDatagram>> = OnceLock::new();
/// The thread that cells run on. Its name is no help: the standard library of
/// the cells is not the one that started the process.
static CELLS: OnceLock<ThreadId> = OnceLock::new();
/// The last panic on that thread. Only when it reaches the cell's end is it an
/// error: a check, or the reader, may catch it.
static LAST_PANIC: Mutex<Option<Value>> = Mutex::new(None);

/// Opens the channel and has panics reported on it. Later calls do nothing.
///
/// Must first be called on the thread that runs the cells.
pub extern "C" fn start() {
    CELLS.get_or_init(|| std::thread::current().id());
    if CHANNEL.get().is_none() && CHANNEL.get_or_init(open).is_some() {
        std::panic::set_hook(Box::new(report_panic));
    }
}

fn open() -> Option<UnixDatagram> {
    let path = std::env::var_os(SOCKET)?;
    let socket = UnixDatagram::unbound().ok()?;
    socket.connect(path).ok()?;
    Some(socket)
}

/// Sends a report; false where there is nobody to send it to.
fn send(report: &Value) -> bool {
    let Some(Some(socket)) = CHANNEL.get() else {
        return false;
    };
    socket.send(report.to_string().as_bytes()).is_ok()
}

/// Ends a cell whose `?` met an error, as an error in Jupyter's sense.
///
/// `type_name` is the error's type, with its path.
pub fn question_mark(type_name: &str, error: Arguments<'_>) {
    let report = json!({
        "kind": "question mark",
        "type": type_name,
        "message": cut(error.to_string()),
    });
    if !send(&report) {
        eprintln!("{error}");
    }
}

/// Ends a cell that panicked. The kernel has evcxr call this where it catches
/// the panic.
pub fn panicked() {
    let last = LAST_PANIC
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    send(&last.unwrap_or_else(|| json!({"kind": "panic", "message": "", "cell": true})));
}

fn report_panic(info: &PanicHookInfo<'_>) {
    let message = cut(info
        .payload_as_str()
        .unwrap_or("(a value that is no text)")
        .to_owned());
    let thread = std::thread::current();
    let in_cell = CELLS.get() == Some(&thread.id());
    let place = info.location();
    let report = json!({
        "kind": "panic",
        "message": message,
        "thread": thread.name(),
        "cell": in_cell,
        "file": place.map(|place| place.file()),
        "line": place.map(|place| place.line()),
        "column": place.map(|place| place.column()),
    });
    if in_cell {
        *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
    } else {
        send(&report);
    }
}

fn cut(mut text: String) -> String {
    if text.len() > LIMIT {
        let mut end = LIMIT;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let left_out = text.len() - end;
        text.truncate(end);
        text += &format!("... ({left_out} bytes more)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_reports_are_cut_between_characters() {
        let text = cut("é".repeat(LIMIT));
        assert!(text.len() < LIMIT + 40);
        assert!(text.ends_with("bytes more)"));
        assert_eq!(cut("short".into()), "short");
    }

    #[test]
    fn without_a_kernel_nothing_is_sent() {
        assert!(!send(&json!({})));
    }
}

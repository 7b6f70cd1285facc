//! Reports panics of cells to the kernel, and stops a cell after an interrupt.

use super::{current_cell, locked, request};
use serde_json::{Value, json};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, OnceLock};
use std::thread::ThreadId;

/// The maximal length of an error's message, in bytes.
const LIMIT: usize = 60_000;

/// The thread that runs cells. It cannot be recognised by its name, because the cells have
/// another copy of the standard library than the program that started the process.
static CELL_THREAD: OnceLock<ThreadId> = OnceLock::new();
/// The report of the last panic on that thread. It becomes an error only when the panic ends
/// the cell: the check of an exercise, or the reader's own code, may catch it.
static LAST_PANIC: Mutex<Option<Value>> = Mutex::new(None);
/// Whether the reader has interrupted the running cell.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Reports panics from now on. The calling thread is the one that runs cells.
pub(super) fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        CELL_THREAD.get_or_init(|| std::thread::current().id());
        std::panic::set_hook(Box::new(report_panic));
    });
}

/// Returns whether the calling thread is the one that runs cells.
pub fn on_cells_thread() -> bool {
    CELL_THREAD.get() == Some(&std::thread::current().id())
}

/// Clears the panic and the interrupt of an earlier cell.
pub(crate) fn reset() {
    *locked(&LAST_PANIC) = None;
    INTERRUPTED.store(false, Ordering::Relaxed);
}

/// Makes the cell stop at its next call of [`stop_if_interrupted`]. May be called in a signal
/// handler.
pub(crate) fn interrupt() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Ends the cell by unwinding when the reader has interrupted it. Variables of earlier cells
/// are kept then; they are lost when the process must be killed.
///
/// Every output and [`super::super::progress()`] call this, and a long loop of your own may
/// call it too. On threads other than that of the cells it does nothing.
pub fn stop_if_interrupted() {
    if INTERRUPTED.load(Ordering::Relaxed) && on_cells_thread() && !std::thread::panicking() {
        INTERRUPTED.store(false, Ordering::Relaxed);
        *locked(&LAST_PANIC) = Some(json!({"kind": "interrupted"}));
        std::panic::resume_unwind(Box::new("interrupted"));
    }
}

/// Reports the panic that ended the cell. The kernel writes this call into each cell, at the
/// place where evcxr catches panics.
pub fn panicked() {
    let last = locked(&LAST_PANIC).take();
    let unknown = || json!({"kind": "panic", "message": "", "cell": true});
    if request(last.unwrap_or_else(unknown), &[]).is_none() {
        eprintln!("the cell panicked");
    }
    super::to_evcxr("EVCXR_PANIC_NOTIFICATION");
}

/// Describes the last panic on the thread of the cells, such as "panicked at line 3 of this
/// cell: no data", and clears it. Returns `None` when there was no panic. This is for code that
/// caught the panic and shows it.
///
/// The kernel is asked for the cell and the line. Without a kernel the description is the
/// message alone.
pub fn describe_last() -> Option<String> {
    let mut report = locked(&LAST_PANIC).take()?;
    if report["kind"] == "interrupted" {
        return Some("interrupted".to_owned());
    }
    report["kind"] = json!("describe panic");
    let response = request(report.clone(), &[]);
    let text = response
        .as_ref()
        .and_then(|response| response["text"].as_str());
    Some(text.unwrap_or_else(|| message(&report)).to_owned())
}

/// Returns the message of a panic from its report.
fn message(report: &Value) -> &str {
    report["message"].as_str().unwrap_or_default()
}

/// The panic hook. Keeps the report of a panic on the thread of the cells, where the panic may
/// be caught, and sends that of any other thread at once.
fn report_panic(info: &PanicHookInfo<'_>) {
    let message = truncate(
        info.payload_as_str()
            .unwrap_or("(a value that is no text)")
            .to_owned(),
    );
    let thread = std::thread::current();
    let in_cell = on_cells_thread();
    let location = info.location();
    let report = json!({
        "kind": "panic",
        "message": message,
        "thread": thread.name(),
        "cell": in_cell,
        "in": current_cell(),
        "file": location.map(|location| location.file()),
        "line": location.map(|location| location.line()),
        "column": location.map(|location| location.column()),
    });
    if in_cell {
        *locked(&LAST_PANIC) = Some(report);
    } else {
        request(report, &[]);
    }
}

/// Shortens a text to 60,000 bytes, at the boundary of a character, and appends the number of
/// bytes that are left out.
pub(super) fn truncate(mut text: String) -> String {
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
    fn long_messages_are_truncated_between_characters() {
        let text = truncate("é".repeat(LIMIT));
        assert!(text.len() < LIMIT + 40);
        assert!(text.ends_with("bytes more)"));
        assert_eq!(truncate("short".into()), "short");
    }
}

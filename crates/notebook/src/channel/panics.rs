//! Panics and interrupts of cells, as the kernel is told of them.

use super::{current_cell, locked, tell};
use serde_json::{Value, json};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, OnceLock};
use std::thread::ThreadId;

/// The most that one report says, in bytes.
const LIMIT: usize = 60_000;

/// The thread that cells run on. Its name is no help: the standard library of
/// the cells is not the one that started the process.
static CELLS: OnceLock<ThreadId> = OnceLock::new();
/// The last panic on that thread. Only when it reaches the cell's end is it an
/// error: a check, or the reader, may catch it.
static LAST_PANIC: Mutex<Option<Value>> = Mutex::new(None);
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Reports panics from now on, and takes this thread for the one that runs cells.
pub(super) fn hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        CELLS.get_or_init(|| std::thread::current().id());
        std::panic::set_hook(Box::new(report_panic));
    });
}

/// Whether the calling thread is the one that runs cells.
pub fn on_cells_thread() -> bool {
    CELLS.get() == Some(&std::thread::current().id())
}

/// Forgets what an earlier cell left.
pub(crate) fn forget() {
    *locked(&LAST_PANIC) = None;
    INTERRUPTED.store(false, Ordering::Relaxed);
}

/// Asks the cell to stop where it next can. Called in a signal handler.
pub(crate) fn interrupt() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Ends the cell here, by unwinding, when the reader has interrupted it: its
/// earlier variables are kept, which they are not when its process is ended.
///
/// Showing something and [`super::super::progress()`] do this; a long loop of
/// your own may call it. On other threads it does nothing.
pub fn stop_if_interrupted() {
    if INTERRUPTED.load(Ordering::Relaxed) && on_cells_thread() && !std::thread::panicking() {
        INTERRUPTED.store(false, Ordering::Relaxed);
        *locked(&LAST_PANIC) = Some(json!({"kind": "interrupted"}));
        std::panic::resume_unwind(Box::new("interrupted"));
    }
}

/// Ends a cell that panicked. The kernel has evcxr call this where it catches
/// the panic.
pub fn panicked() {
    let last = locked(&LAST_PANIC).take();
    let unknown = || json!({"kind": "panic", "message": "", "cell": true});
    if tell(last.unwrap_or_else(unknown), &[]).is_none() {
        eprintln!("the cell panicked");
    }
    super::to_evcxr("EVCXR_PANIC_NOTIFICATION");
}

/// The last panic on the cells' thread, in words with its place, for whoever
/// caught it and shows it.
///
/// The kernel knows which line of which cell it was.
pub fn describe_last() -> Option<String> {
    let mut report = locked(&LAST_PANIC).take()?;
    if report["kind"] == "interrupted" {
        return Some("interrupted".to_owned());
    }
    report["kind"] = json!("describe panic");
    let answer = tell(report.clone(), &[]);
    let text = answer.as_ref().and_then(|answer| answer["text"].as_str());
    Some(text.unwrap_or_else(|| message(&report)).to_owned())
}

fn message(report: &Value) -> &str {
    report["message"].as_str().unwrap_or_default()
}

fn report_panic(info: &PanicHookInfo<'_>) {
    let message = cut(info
        .payload_as_str()
        .unwrap_or("(a value that is no text)")
        .to_owned());
    let thread = std::thread::current();
    let in_cell = on_cells_thread();
    let place = info.location();
    let report = json!({
        "kind": "panic",
        "message": message,
        "thread": thread.name(),
        "cell": in_cell,
        "in": current_cell(),
        "file": place.map(|place| place.file()),
        "line": place.map(|place| place.line()),
        "column": place.map(|place| place.column()),
    });
    if in_cell {
        *locked(&LAST_PANIC) = Some(report);
    } else {
        tell(report, &[]);
    }
}

pub(super) fn cut(mut text: String) -> String {
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
}

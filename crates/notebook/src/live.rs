//! Output while a cell runs: shown, changed in place, cleared.
use super::emit::{frame, place, print};
use super::{Rich, channel};
use serde_json::json;
use show::AsRich;
use std::sync::atomic::{AtomicU64, Ordering};

/// Shows a value where the program is now, between what it prints before and
/// after, and gives a handle that changes it.
///
/// ```
/// use lambda_workbook::notebook::{display, Rich};
/// let status = display(Rich::text("0 of 3 shards"));
/// status.update(Rich::text("3 of 3 shards"));
/// assert_ne!(status.id(), display("another output").id());
/// ```
///
/// Without this project's kernel it prints the plain form, or in evcxr the rich
/// one, of which evcxr shows the last of a cell.
pub fn display(value: impl AsRich) -> DisplayHandle {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // Unique among kernels: a notebook may hold outputs of several.
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let handle = DisplayHandle {
        id: format!("{:016x}-{count}", run()),
    };
    handle.send("display_data", &value.as_rich());
    handle
}

/// A number of this process's own.
fn run() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    use std::sync::OnceLock;
    static RUN: OnceLock<u64> = OnceLock::new();
    // The standard library's hash keys are random in each process.
    *RUN.get_or_init(|| std::hash::RandomState::new().build_hasher().finish())
}

/// An output that can be changed after it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayHandle {
    id: String,
}

impl DisplayHandle {
    /// Shows `value` in place of what stands there, in every view of the output.
    pub fn update(&self, value: impl AsRich) {
        self.send("update_display_data", &value.as_rich());
    }

    /// Jupyter's display id.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn send(&self, kind: &str, rich: &Rich) {
        if !place(kind, rich, &self.id) {
            print(&frame(rich));
        }
    }
}

/// A cell may end in `display(x)`: it has been shown.
impl super::EvcxrDisplay for DisplayHandle {
    fn evcxr_display(&self) {}
}

/// Removes what the cell has shown and printed so far.
///
/// With `wait` it stays until the next output comes, so that nothing flickers.
pub fn clear_output(wait: bool) {
    channel::publish("clear_output", json!({"wait": wait}), json!({}), &[]);
}

/// Asks the reader for a line of text.
///
/// # Errors
/// Where nobody can be asked: `workbook run`, a front end without a prompt,
/// another kernel.
///
/// ```
/// assert!(lambda_workbook::notebook::input("Your name?").is_err(), "not in a test");
/// ```
pub fn input(prompt: &str) -> std::io::Result<String> {
    channel::ask(prompt, false)
}

/// Asks the reader for a line that is not shown while it is typed.
///
/// # Errors
/// As [`input`].
pub fn password(prompt: &str) -> std::io::Result<String> {
    channel::ask(prompt, true)
}

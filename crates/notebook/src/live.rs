//! Output while a cell runs: values that are shown, changed in place and cleared; and input.

use super::emit::{frame, print, publish_display};
use super::{Rich, channel};
use serde_json::json;
use show::AsRich;
use std::sync::atomic::{AtomicU64, Ordering};

/// Shows a value at once, between the text that the cell prints before and after it. Returns a
/// handle that changes the value later.
///
/// ```
/// use lambda_workbook::notebook::{display, Rich};
/// let status = display(Rich::text("0 of 3 shards"));
/// status.update(Rich::text("3 of 3 shards"));
/// assert_ne!(status.id(), display("another output").id());
/// ```
///
/// Without this project's kernel the value is printed in evcxr's format; evcxr shows only the
/// last such value of a cell.
pub fn display(value: impl AsRich) -> DisplayHandle {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // The id must be unique among kernels, because a notebook may hold outputs of several.
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let handle = DisplayHandle {
        id: format!("{:016x}-{count}", process_number()),
    };
    handle.send("display_data", &value.as_rich());
    handle
}

/// Returns a random number that is the same in the whole process.
fn process_number() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    use std::sync::OnceLock;
    static NUMBER: OnceLock<u64> = OnceLock::new();
    // The standard library's hash keys are random in each process.
    *NUMBER.get_or_init(|| std::hash::RandomState::new().build_hasher().finish())
}

/// An output that can be changed after it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayHandle {
    id: String,
}

impl DisplayHandle {
    /// Replaces the shown value by `value`, wherever a front end shows the output.
    pub fn update(&self, value: impl AsRich) {
        self.send("update_display_data", &value.as_rich());
    }

    /// Returns Jupyter's display id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Publishes the value, or prints it when it cannot be published.
    fn send(&self, kind: &str, rich: &Rich) {
        if !publish_display(kind, rich, &self.id) {
            print(&frame(rich));
        }
    }
}

/// Shows nothing for a cell that ends in `display(x)`, because `x` has already been shown.
impl super::EvcxrDisplay for DisplayHandle {
    fn evcxr_display(&self) {}
}

/// Removes everything that the cell has shown and printed so far.
///
/// With `wait` the outputs stay until the next one arrives, which avoids flicker.
pub fn clear_output(wait: bool) {
    channel::publish("clear_output", json!({"wait": wait}), json!({}), &[]);
}

/// Asks the reader for a line of text.
///
/// # Errors
/// Returns an error when the reader cannot be asked: in `workbook run`, in a front end without
/// a prompt, and in another kernel.
///
/// ```
/// assert!(lambda_workbook::notebook::input("Your name?").is_err(), "not in a test");
/// ```
pub fn input(prompt: &str) -> std::io::Result<String> {
    channel::request_input(prompt, false)
}

/// Asks the reader for a line that is not shown while it is typed.
///
/// # Errors
/// Returns an error in the same cases as [`input`].
pub fn password(prompt: &str) -> std::io::Result<String> {
    channel::request_input(prompt, true)
}

//! The one place where rich output leaves the process.
//!
//! To the kernel over the [`channel`], which puts it in its place among what is
//! printed. Another Rust kernel knows evcxr's form: on standard output, line by
//! line, a begin line with the MIME type, the content, an end line.
use super::widgets::drawing;
use super::{Rich, channel};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

const BEGIN: &str = "EVCXR_BEGIN_CONTENT ";
const END: &str = "EVCXR_END_CONTENT";

/// Shows the value of the cell's last expression. A statement has none.
pub fn emit(rich: &Rich) {
    if rich.parts().is_empty() {
        return;
    }
    if drawing() || !channel::result(bundle(rich), json!({})) {
        print(&frame(rich));
    }
}

/// Shows a value where the program is now: `kind` is `display_data` or
/// `update_display_data`, `id` names the output for later updates. False where it
/// must be printed instead.
pub(super) fn place(kind: &str, rich: &Rich, id: &str) -> bool {
    // In a closure under controls it is a part of the picture.
    if drawing() && kind == "display_data" {
        return false;
    }
    let content = json!({
        "data": bundle(rich), "metadata": {}, "transient": {"display_id": id},
    });
    channel::publish(kind, content, json!({}), &[])
}

/// Jupyter's MIME bundle: JSON forms as JSON, all others as text.
pub(super) fn bundle(rich: &Rich) -> Value {
    let entry = |(mime, body): &(String, String)| {
        let value = match mime.ends_with("json") {
            true => serde_json::from_str(body).unwrap_or_else(|_| json!(body)),
            false => json!(body),
        };
        (mime.clone(), value)
    };
    Value::Object(rich.parts().iter().map(entry).collect::<Map<_, _>>())
}

/// Writes where a kernel of another make reads.
pub(super) fn print(text: &str) {
    let mut out = io::stdout().lock();
    // A reader that has gone away is no reason to kill the reader's variables.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The bytes on standard output for a rich value, where evcxr reads them.
///
/// ```
/// use lambda_workbook::notebook::{emit::frame, Rich};
/// assert_eq!(frame(&Rich::text("4")), "EVCXR_BEGIN_CONTENT text/plain\n4\nEVCXR_END_CONTENT\n");
/// ```
pub fn frame(rich: &Rich) -> String {
    let mut out = String::new();
    for (mime, body) in rich.parts() {
        out.push_str(BEGIN);
        out.push_str(mime);
        out.push('\n');
        for line in body.lines() {
            out.push_str(line);
            // Content that holds the end line would end itself early.
            if line == END {
                out.push(' ');
            }
            out.push('\n');
        }
        out.push_str(END);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_cannot_end_itself() {
        let framed = frame(&Rich::text("a\nEVCXR_END_CONTENT\nb"));
        assert_eq!(framed.lines().filter(|line| *line == END).count(), 1);
        assert!(framed.ends_with("\nb\nEVCXR_END_CONTENT\n"));
    }

    #[test]
    fn every_part_has_its_frame() {
        let framed = frame(&Rich::text("t").html("<b>t</b>"));
        assert_eq!(framed.matches(BEGIN).count(), 2);
        assert_eq!(framed.matches(END).count(), 2);
    }

    #[test]
    fn json_goes_out_as_json_and_text_as_text() {
        let rich = Rich::text("1").with("application/vnd.x+json", r#"{"a": 1}"#);
        let bundle = bundle(&rich.with("application/json", "not json"));
        assert_eq!(
            bundle,
            json!({"text/plain": "1", "application/vnd.x+json": {"a": 1}, "application/json": "not json"})
        );
    }
}

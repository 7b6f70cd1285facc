//! Sends rich output to the kernel. Every rich output of a cell goes through this module.
//!
//! With this project's kernel it goes over the [`channel`], which keeps its order with
//! printed text. For other Rust kernels it is printed in evcxr's format: for each MIME type a
//! begin line with the type, the content, and an end line.

use super::widgets::drawing;
use super::{Rich, channel};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// The begin line of evcxr's format, before the MIME type.
const BEGIN: &str = "EVCXR_BEGIN_CONTENT ";
/// The end line of evcxr's format.
const END: &str = "EVCXR_END_CONTENT";

/// Shows the value of the cell's last expression. Does nothing for an empty value, such as that
/// of a statement.
pub fn emit(rich: &Rich) {
    if rich.parts().is_empty() {
        return;
    }
    if drawing() || !channel::result(bundle(rich), json!({})) {
        print(&frame(rich));
    }
}

/// Publishes an output while the cell runs. `kind` is `display_data` or `update_display_data`,
/// and `id` is the display id for later updates.
///
/// Returns false when the value must be printed instead: without this project's kernel, and in
/// the closure of a widget, whose printed text is a part of the picture that it draws.
pub(super) fn publish_display(kind: &str, rich: &Rich, id: &str) -> bool {
    if drawing() && kind == "display_data" {
        return false;
    }
    let content = json!({
        "data": bundle(rich), "metadata": {}, "transient": {"display_id": id},
    });
    channel::publish(kind, content, json!({}), &[])
}

/// Returns the value as Jupyter's MIME bundle, with JSON types as JSON and all others as text.
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

/// Prints text to standard output at once, for other Rust kernels.
pub(super) fn print(text: &str) {
    let mut out = io::stdout().lock();
    // An error means that the kernel has closed the pipe. A panic would end the cell, so it is
    // ignored.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Returns a rich value in evcxr's format, as it is printed to standard output.
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
            // A content line that equals the end line would end the content too early.
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
    fn a_content_line_cannot_be_the_end_line() {
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

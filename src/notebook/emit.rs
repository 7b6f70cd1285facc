//! The one place where rich output leaves the process.
//!
//! evcxr reads it from standard output, line by line: a begin line with the MIME
//! type, the content, an end line. Whatever else may carry it later takes over
//! here and nowhere else.
use super::Rich;
use std::io::{self, Write};

const BEGIN: &str = "EVCXR_BEGIN_CONTENT ";
const END: &str = "EVCXR_END_CONTENT";

/// Shows a rich value in the cell that runs.
pub fn emit(rich: &Rich) {
    let frame = frame(rich);
    let mut out = io::stdout().lock();
    // A reader that has gone away is no reason to kill the reader's variables.
    let _ = out.write_all(frame.as_bytes()).and_then(|()| out.flush());
}

/// The bytes on standard output for a rich value.
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
}

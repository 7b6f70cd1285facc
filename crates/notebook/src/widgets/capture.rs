//! Captures what a closure prints, so that it can be shown above the closure's result.
use crate::Rich;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, Write};

/// Number of printed bytes that are shown.
const LIMIT: usize = 4 << 20;

/// The line with which evcxr begins a form of a value, before its MIME type.
const BEGIN: &str = "EVCXR_BEGIN_CONTENT ";
/// The line with which it ends.
const END: &str = "EVCXR_END_CONTENT";

thread_local! {
    static DRAWING: Cell<bool> = const { Cell::new(false) };
}

/// Returns true while this thread runs the closure of an `interact`. What the closure shows is then
/// printed, so that it is captured with its other output.
pub(crate) fn drawing() -> bool {
    DRAWING.get()
}

/// Runs `code`, and returns its result and what it printed to standard output. If standard output
/// cannot be redirected, the second is empty and the text is printed as usual.
pub(super) fn captured<R>(code: impl FnOnce() -> R) -> (R, String) {
    let Ok(redirect) = Redirect::start() else {
        return (code(), String::new());
    };
    let before = DRAWING.replace(true);
    let result = code();
    DRAWING.set(before);
    (result, redirect.end().unwrap_or_default())
}

/// Splits captured output into its parts, in order: text, and the values that were shown in
/// evcxr's format, each with all its forms.
pub(super) fn parts(printed: &str) -> Vec<Rich> {
    let mut parts: Vec<Rich> = Vec::new();
    let mut text = String::new();
    let mut lines = printed.split_inclusive('\n');
    // The forms of a value follow each other, and the first of them is plain text.
    while let Some(line) = lines.next() {
        let Some(mime) = line.strip_prefix(BEGIN) else {
            text.push_str(line);
            continue;
        };
        let body = lines.by_ref().take_while(|line| line.trim_end() != END);
        let body: String = body.collect();
        let body = body.strip_suffix('\n').unwrap_or(&body);
        push_text(&mut parts, &mut text);
        match (mime.trim_end(), parts.last_mut()) {
            ("text/plain", _) | (_, None) => parts.push(Rich::text(body)),
            (mime, Some(part)) => *part = part.clone().with(mime, body),
        }
    }
    push_text(&mut parts, &mut text);
    parts
}

/// Adds the text so far as a part, unless it is empty.
fn push_text(parts: &mut Vec<Rich>, text: &mut String) {
    let printed = std::mem::take(text);
    let printed = printed.trim_end_matches('\n');
    if !printed.is_empty() {
        parts.push(Rich::text(printed));
    }
}

/// Returns the first [`LIMIT`] bytes of a file as text, and the number of bytes left out.
fn shown_of(file: &mut File) -> io::Result<String> {
    let length = file.seek(io::SeekFrom::End(0))?;
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(LIMIT as u64).read_to_end(&mut bytes)?;
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if let Some(left_out @ 1..) = length.checked_sub(LIMIT as u64) {
        text.push_str(&format!("\n... ({left_out} bytes more)\n"));
    }
    Ok(text)
}

#[cfg(not(test))]
mod stdout {
    use super::*;
    use rustix::io::dup;
    use rustix::stdio::dup2_stdout;
    use std::os::fd::OwnedFd;

    /// A redirection of standard output to a file, until [`end`](Self::end).
    pub struct Redirect {
        file: File,
        before: OwnedFd,
    }

    thread_local! {
        /// The file of the last redirection, which the next one uses again.
        static FILE: Cell<Option<File>> = const { Cell::new(None) };
    }

    impl Redirect {
        /// Begins to redirect standard output.
        pub fn start() -> io::Result<Redirect> {
            let mut file = match FILE.take() {
                Some(file) => file,
                None => tempfile::tempfile()?,
            };
            file.set_len(0)?;
            file.rewind()?;
            io::stdout().flush()?;
            let before = dup(io::stdout())?;
            dup2_stdout(&file)?;
            Ok(Redirect { file, before })
        }

        /// Restores standard output, and returns what was printed.
        pub fn end(self) -> io::Result<String> {
            let _ = io::stdout().flush();
            dup2_stdout(&self.before)?;
            let mut file = self.file;
            let text = shown_of(&mut file)?;
            FILE.set(Some(file));
            Ok(text)
        }
    }
}

/// In tests, other threads print to standard output too. So a test prints to a file of its own
/// thread instead.
#[cfg(test)]
pub(super) mod stdout {
    use super::*;
    use std::cell::RefCell;

    thread_local! {
        static PRINTED: RefCell<Vec<File>> = const { RefCell::new(Vec::new()) };
    }

    pub struct Redirect;

    impl Redirect {
        pub fn start() -> io::Result<Redirect> {
            PRINTED.with_borrow_mut(|files| files.push(tempfile::tempfile().unwrap()));
            Ok(Redirect)
        }

        pub fn end(self) -> io::Result<String> {
            shown_of(&mut PRINTED.with_borrow_mut(|files| files.pop().unwrap()))
        }
    }

    /// Prints text as the closure of a cell would.
    pub fn print(text: &str) {
        PRINTED.with_borrow_mut(|files| {
            let file = files.last_mut().expect("output is being captured");
            file.write_all(text.as_bytes()).unwrap();
        });
    }
}

use stdout::Redirect;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::frame;

    #[test]
    fn what_is_printed_and_shown_keeps_its_order() {
        let figure = Rich::text("[figure]").svg("<svg>\n</svg>");
        let table = Rich::text("1").html("<table/>");
        let printed = format!("one\ntwo\n{}{}three", frame(&figure), frame(&table));
        assert_eq!(
            parts(&printed),
            [Rich::text("one\ntwo"), figure, table, Rich::text("three")]
        );
    }

    #[test]
    fn printing_nothing_shows_nothing() {
        assert!(parts("").is_empty());
        assert!(parts("\n\n").is_empty());
    }

    #[test]
    fn much_output_is_cut_and_says_how_much() {
        let ((), text) = captured(|| stdout::print(&"x".repeat(LIMIT + 7)));
        assert!(text.ends_with("x\n... (7 bytes more)\n"));
    }
}

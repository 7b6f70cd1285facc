//! Printed text as bytes of a pipe, read as text and as evcxr's rich content.
//!
//! Crates that know evcxr print a begin line with a MIME type, the content and an
//! end line; so does evcxr itself for a last expression that only has `{:?}`.

const BEGIN: &str = "EVCXR_BEGIN_CONTENT ";
const END: &str = "EVCXR_END_CONTENT";

/// A piece of what was printed.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    Content { mime: String, body: String },
}

/// Reads one pipe.
#[derive(Default)]
pub struct Printed {
    /// Bytes of a character or of a begin line that are not all here yet.
    rest: Vec<u8>,
    /// The content that is being read.
    open: Option<(String, String)>,
    /// Whether the last text ended in the middle of a line.
    within_line: bool,
}

impl Printed {
    /// Reads more bytes.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Piece> {
        self.rest.extend_from_slice(bytes);
        let (text, rest) = split_characters(std::mem::take(&mut self.rest));
        self.rest = rest;
        let mut pieces = Vec::new();
        let mut plain = String::new();

        for line in text.split_inclusive('\n') {
            let whole = line.ends_with('\n');
            if !whole && self.may_be_a_mark(line) {
                // The rest of the line will tell.
                let mut held = line.as_bytes().to_vec();
                held.append(&mut self.rest);
                self.rest = held;
                break;
            }
            let bare = line.trim_end_matches(['\n', '\r']);
            let starts = !self.within_line;
            self.within_line = !whole;
            match (&mut self.open, bare.strip_prefix(BEGIN)) {
                (Some((mime, body)), _) if starts && bare == END => {
                    body.pop(); // the end of its last line
                    let (mime, body) = (std::mem::take(mime), std::mem::take(body));
                    self.open = None;
                    pieces.push(Piece::Content { mime, body });
                }
                (Some((_, body)), _) => body.push_str(line),
                (None, Some(mime)) if starts && whole => {
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    self.open = Some((mime.to_owned(), String::new()));
                }
                (None, _) => plain.push_str(line),
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        pieces
    }

    /// Whether a line that is not at its end could still become a begin or end.
    fn may_be_a_mark(&self, line: &str) -> bool {
        let mark = if self.open.is_some() { END } else { BEGIN };
        !self.within_line
            && (mark.starts_with(line) || line.starts_with(BEGIN) && self.open.is_none())
    }

    /// What is left when no more will come: a mark that never was one.
    pub fn finish(&mut self) -> Vec<Piece> {
        let mut text = String::new();
        if let Some((mime, body)) = self.open.take() {
            text += &format!("{BEGIN}{mime}\n{body}");
        }
        text += &String::from_utf8_lossy(&std::mem::take(&mut self.rest));
        self.within_line = false;
        match text.is_empty() {
            true => Vec::new(),
            false => vec![Piece::Text(text)],
        }
    }
}

/// Splits off a character that is not complete; bytes that are no text become
/// the replacement character.
fn split_characters(mut bytes: Vec<u8>) -> (String, Vec<u8>) {
    let incomplete = match std::str::from_utf8(&bytes) {
        Ok(_) => bytes.len(),
        // Without a length the error is at the end, where more may come.
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => {
            let tail = bytes.len().saturating_sub(3);
            (tail..bytes.len())
                .find(|at| {
                    std::str::from_utf8(&bytes[*at..])
                        .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
                })
                .unwrap_or(bytes.len())
        }
    };
    let rest = bytes.split_off(incomplete);
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    (text, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    fn content(mime: &str, body: &str) -> Piece {
        Piece::Content {
            mime: mime.to_owned(),
            body: body.to_owned(),
        }
    }

    /// All pieces, with neighbouring texts joined, when `all` comes in parts of
    /// `size` bytes.
    fn in_parts(all: &str, size: usize) -> Vec<Piece> {
        let mut printed = Printed::default();
        let mut pieces: Vec<Piece> = Vec::new();
        let mut parts: Vec<Vec<Piece>> = all
            .as_bytes()
            .chunks(size)
            .map(|part| printed.feed(part))
            .collect();
        parts.push(printed.finish());
        for piece in parts.into_iter().flatten() {
            match (pieces.last_mut(), piece) {
                (Some(Piece::Text(last)), Piece::Text(more)) => last.push_str(&more),
                (_, piece) => pieces.push(piece),
            }
        }
        pieces
    }

    #[test]
    fn however_the_bytes_are_cut_the_pieces_are_the_same() {
        let all = "é: 1\nEVCXR_BEGIN_CONTENT text/plain\nfirst\n\nEVCXR_END_CONTENT\nEVCXR_ 2\nx EVCXR_BEGIN_CONTENT a\nend";
        for size in 1..all.len() {
            assert_eq!(
                in_parts(all, size),
                [
                    text("é: 1\n"),
                    content("text/plain", "first\n"),
                    text("EVCXR_ 2\nx EVCXR_BEGIN_CONTENT a\nend"),
                ],
                "in parts of {size}"
            );
        }
    }

    #[test]
    fn a_line_without_its_end_is_shown_at_once() {
        let mut printed = Printed::default();
        assert_eq!(printed.feed(b"50 %"), [text("50 %")]);
        assert_eq!(printed.feed(b"\r60 %"), [text("\r60 %")]);
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_such() {
        let mut printed = Printed::default();
        assert_eq!(
            printed.feed(b"a\xff\xfeb\xc3"),
            [text("a\u{fffd}\u{fffd}b")]
        );
        assert_eq!(printed.feed(b"\xa9\n"), [text("é\n")]);
    }

    #[test]
    fn content_that_never_ends_is_text_after_all() {
        assert_eq!(
            in_parts("EVCXR_BEGIN_CONTENT text/html\n<b>", 7),
            [text("EVCXR_BEGIN_CONTENT text/html\n<b>")]
        );
    }
}

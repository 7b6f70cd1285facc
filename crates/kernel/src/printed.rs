//! Parses the bytes that a cell prints into text and rich content.
//!
//! In evcxr's format, rich content is printed as a begin line with a MIME type, the content,
//! and an end line. Crates that support evcxr print that, and so does evcxr itself for a
//! last expression that only implements `Debug`.

/// The begin line, before the MIME type.
const BEGIN: &str = "EVCXR_BEGIN_CONTENT ";
/// The end line.
const END: &str = "EVCXR_END_CONTENT";

/// A piece of printed output.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Plain text: one or more lines, or a part of a line.
    Text(String),
    /// Rich content in evcxr's format.
    Content {
        /// The MIME type in the begin line.
        mime: String,
        /// The lines between the begin line and the end line.
        body: String,
    },
}

/// An incremental parser for the bytes of one pipe.
#[derive(Default)]
pub struct OutputParser {
    /// Bytes that cannot be parsed yet: an incomplete character, or the start of a line that
    /// may become a begin or end line.
    rest: Vec<u8>,
    /// The MIME type and the body of the rich content that is being read.
    open: Option<(String, String)>,
    /// Whether the last line read so far is incomplete.
    within_line: bool,
}

impl OutputParser {
    /// Parses more bytes and returns the pieces that are complete. Text is returned as early as
    /// possible, also in the middle of a line.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Piece> {
        // Keep back an incomplete character.
        self.rest.extend_from_slice(bytes);
        let (text, rest) = split_characters(std::mem::take(&mut self.rest));
        self.rest = rest;
        let mut pieces = Vec::new();
        let mut plain = String::new();

        // Read line by line; the last line may be incomplete.
        for line in text.split_inclusive('\n') {
            let whole = line.ends_with('\n');
            if !whole && self.may_be_marker(line) {
                // Keep it back until the rest of the line is there.
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
                    body.pop(); // the newline in front of the end line
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

    /// Returns whether an incomplete line may become a begin line, or within content an end
    /// line.
    fn may_be_marker(&self, line: &str) -> bool {
        let marker = if self.open.is_some() { END } else { BEGIN };
        !self.within_line
            && (marker.starts_with(line) || line.starts_with(BEGIN) && self.open.is_none())
    }

    /// Returns what is left at the end of the output, as text: an incomplete line, and content
    /// without an end line.
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

/// Decodes UTF-8 and returns the text and the bytes of an incomplete character at the end.
/// Invalid bytes become replacement characters.
fn split_characters(mut bytes: Vec<u8>) -> (String, Vec<u8>) {
    let incomplete = match std::str::from_utf8(&bytes) {
        Ok(_) => bytes.len(),
        // An error without a length is an incomplete character at the end.
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        // After an invalid byte the end may be incomplete too: look at the last three bytes.
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
        let mut parser = OutputParser::default();
        let mut pieces: Vec<Piece> = Vec::new();
        let mut parts: Vec<Vec<Piece>> = all
            .as_bytes()
            .chunks(size)
            .map(|part| parser.feed(part))
            .collect();
        parts.push(parser.finish());
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
        let mut parser = OutputParser::default();
        assert_eq!(parser.feed(b"50 %"), [text("50 %")]);
        assert_eq!(parser.feed(b"\r60 %"), [text("\r60 %")]);
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_such() {
        let mut parser = OutputParser::default();
        assert_eq!(parser.feed(b"a\xff\xfeb\xc3"), [text("a\u{fffd}\u{fffd}b")]);
        assert_eq!(parser.feed(b"\xa9\n"), [text("é\n")]);
    }

    #[test]
    fn content_that_never_ends_is_text_after_all() {
        assert_eq!(
            in_parts("EVCXR_BEGIN_CONTENT text/html\n<b>", 7),
            [text("EVCXR_BEGIN_CONTENT text/html\n<b>")]
        );
    }
}

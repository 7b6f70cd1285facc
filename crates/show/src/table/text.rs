//! Prepares text for a cell: on one line, of bounded length, with every character visible.
use std::fmt::{self, Display, Write};
use unicode_width::UnicodeWidthStr;

/// Number of characters of a text that a cell shows.
const SHOWN: usize = 100;
/// Number of characters of a column's name that are shown. It is smaller, because a column is at
/// least as wide as its name.
const SHOWN_IN_HEAD: usize = 40;
/// Number of characters of a text that a grid keeps. They appear in the tooltip of a cell.
pub const KEPT: usize = 1_000;

/// A writer that keeps the first characters only.
///
/// When it is full it returns an error, so that the formatting stops. Thus the debug form of a
/// value of 10 MB costs no more than its first characters.
struct Start {
    text: String,
    /// Number of characters that may still be written.
    room: usize,
    /// Whether there was more to write.
    is_cut: bool,
}

impl Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match text.char_indices().nth(self.room) {
            None => {
                self.room -= text.chars().count();
                self.text.push_str(text);
                Ok(())
            }
            Some((end, _)) => {
                self.text.push_str(&text[..end]);
                (self.room, self.is_cut) = (0, true);
                Err(fmt::Error)
            }
        }
    }
}

/// Returns what `write` writes, cut to `room` characters, with an ellipsis if it is cut.
pub fn start_of(room: usize, write: impl FnOnce(&mut dyn Write) -> fmt::Result) -> String {
    let mut start = Start {
        text: String::new(),
        room,
        is_cut: false,
    };
    if write(&mut start).is_err() && start.is_cut {
        start.text.push('…');
    }
    start.text
}

/// Returns a value's text, cut to [`KEPT`] characters.
pub fn start_of_display(value: &dyn Display) -> String {
    start_of(KEPT, |out| write!(out, "{value}"))
}

/// Returns a text, cut to [`KEPT`] characters and followed by its length in bytes if it is cut.
pub fn start_of_text(text: &str) -> String {
    match text.char_indices().nth(KEPT) {
        None => text.to_owned(),
        Some((end, _)) => format!(
            "{}… ({} bytes in all)",
            &text[..end],
            super::grouped(text.len() as i64)
        ),
    }
}

/// Returns the text of a cell, on one line of bounded length. Characters that would be invisible
/// are replaced by visible ones: line ends and controls, spaces at both ends, and marks that
/// have no width or change the direction of the text after them.
///
/// So two values that differ in the part that is shown look different, and no value can change
/// the layout of its table.
pub fn one_line(text: &str) -> String {
    line(text, SHOWN)
}

/// Returns the name of a column for its head, prepared as [`one_line`] does but shorter.
pub fn name(text: &str) -> String {
    line(text, SHOWN_IN_HEAD)
}

/// Makes the first `most` characters of a text visible.
fn line(text: &str, most: usize) -> String {
    let shown = match text.char_indices().nth(most) {
        Some((end, _)) => &text[..end],
        None => text,
    };
    let mut line = String::with_capacity(shown.len());
    let starts = text.len() - text.trim_start_matches(' ').len();
    let ends = text.trim_end_matches(' ').len();
    let mut last = ' ';
    for (at, c) in shown.char_indices() {
        match c {
            ' ' if at < starts || at >= ends => line.push('␣'),
            '\n' => line.push('⏎'),
            '\t' => line.push('⇥'),
            '\u{7f}' => line.push('␡'),
            // Unicode has a symbol for each control character, in the same order.
            c if c < ' ' => line.extend(char::from_u32(0x2400 + c as u32)),
            c if is_hidden(c, last) => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
        last = c;
    }
    if shown.len() < text.len() {
        line.push('…');
    }
    line
}

/// Returns true if a character is invisible, or changes how the text around it looks. `before`
/// is the character before it.
fn is_hidden(c: char, before: char) -> bool {
    match c {
        // Joiners have a meaning between letters of some scripts and between emojis, but not in
        // a URL.
        '\u{200c}' | '\u{200d}' => before.is_ascii(),
        '\u{80}'..='\u{9f}' | '\u{a0}' | '\u{ad}' | '\u{61c}' | '\u{180e}' => true,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202f}' => true,
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}' => true,
        _ => false,
    }
}

/// Returns the width of a text in columns of a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn everything_in_a_text_can_be_seen() {
        assert_eq!(one_line("a\nb\tc\r\0\u{7f}"), "a⏎b⇥c␍␀␡");
        assert_eq!(one_line("my\u{200b}site\u{85}"), "my\\u{200b}site\\u{85}");
        assert_eq!(one_line("  a b "), "␣␣a b␣");
        assert_eq!(one_line("   "), "␣␣␣");
        assert_eq!(one_line(""), "");
    }

    #[test]
    fn no_text_turns_the_direction_of_its_table() {
        let turned = one_line("abc\u{202e}def\u{2066}");
        assert_eq!(turned, "abc\\u{202e}def\\u{2066}");
        // Letters that are written from the right stay as they are.
        assert_eq!(one_line("שלום"), "שלום");
    }

    #[test]
    fn joiners_stay_where_they_join() {
        assert_eq!(one_line("👩\u{200d}🔬"), "👩\u{200d}🔬");
        assert_eq!(one_line("a\u{200d}b"), "a\\u{200d}b");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let line = one_line(&"é".repeat(SHOWN + 1));
        assert_eq!(line, "é".repeat(SHOWN) + "…");
        assert_eq!(one_line(&"é".repeat(SHOWN)), "é".repeat(SHOWN));
        let name = name(&"a ".repeat(SHOWN));
        assert_eq!(name, "a ".repeat(SHOWN_IN_HEAD / 2) + "…");
    }

    #[test]
    fn ten_megabytes_are_neither_walked_nor_kept() {
        let long = "x".repeat(10_000_000);
        let begin = Instant::now();
        let kept = start_of_text(&long);
        assert!(kept.ends_with("x… (10,000,000 bytes in all)"));
        let debug = start_of(KEPT, |out| write!(out, "{:?}", [&long, &long]));
        assert_eq!(debug.chars().count(), KEPT + 1);
        assert!(begin.elapsed() < Duration::from_millis(50));
    }
}

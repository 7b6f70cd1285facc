//! Colours, sizes, and the widths of text.
use plotters::style::RGBColor;

/// The colour of text and axes. Its contrast is 4.5 to 1 on white, and 4.2 to 1 on the background
/// of JupyterLab's dark theme.
pub const INK: RGBColor = RGBColor(0x76, 0x76, 0x76);

/// The colour of text on white paper and on light tints.
pub const PAPER_INK: RGBColor = RGBColor(0x33, 0x33, 0x33);

/// The colours of series. They are of middle brightness, for light and dark themes, and can be
/// distinguished by most colour-blind readers.
const SERIES: [RGBColor; 6] = [
    RGBColor(0x3b, 0x82, 0xc4),
    RGBColor(0xd9, 0x7a, 0x1a),
    RGBColor(0x3d, 0x9a, 0x6f),
    RGBColor(0x9a, 0x6b, 0xc9),
    RGBColor(0xc8, 0x4b, 0x5b),
    RGBColor(0x8a, 0x7a, 0x3a),
];

/// Returns the colour of the n-th series, from 0. Colours repeat after six series.
pub fn series(n: usize) -> RGBColor {
    SERIES[n % SERIES.len()]
}

/// Size of a title in pixels.
pub const TITLE: f64 = 15.0;
/// Size of a label in pixels.
pub const LABEL: f64 = 12.0;

/// Estimates the width of a text of `size` pixels, in pixels. The reader's sans-serif font is not
/// known here, so the estimate is rather too large than too small.
pub fn text_width(text: &str, size: f64) -> i32 {
    let ems: f64 = text.chars().map(ems).sum();
    (ems * size).ceil() as i32
}

/// Returns the estimated width of a character, relative to the size of the font.
fn ems(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.32,
        ' ' | 'f' | 't' | 'r' | '/' | '-' | '(' | ')' | 'I' => 0.4,
        'm' | 'w' | 'M' | 'W' | '→' | '…' => 0.97,
        c if c.is_ascii_uppercase() => 0.72,
        c if c.is_ascii() => 0.62,
        _ => 1.0,
    }
}

/// Breaks text at spaces into lines of at most `width` pixels. A single word may be wider.
pub fn wrap(text: &str, size: f64, width: i32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), size) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("Thu 2015-08-06", 12.0, 80), ["Thu", "2015-08-06"]);
        assert_eq!(wrap("Thu 2015-08-06", 12.0, 800), ["Thu 2015-08-06"]);
        assert_eq!(wrap("", 12.0, 80), [""; 0]);
    }
}

//! The colours of all pictures with their meanings, the sizes of text, and its width.
//!
//! Pictures stand on white in every theme ([`canvas::draw`](super::canvas::draw)), because no
//! single grey has enough contrast on both a white and a dark page. A colour with a meaning is
//! asked for by the name of its role, so that it means the same in all chapters:
//!
//! | role | meaning |
//! |---|---|
//! | [`TEXT`] | all text |
//! | [`INK`] | axes, arrows and frames |
//! | [`kind`] | things of the same kind that must be told apart, such as pages or versions |
//! | [`state`] | a stretch of time in another state, such as a cut network |
//! | [`marked`] | what the reader should look at: a part of the map, what a query reads |
//! | [`right`] | what is as it should be |
//! | [`wrong`] | what is slow, wrong or lost |
//! | [`series`] | the series of a chart, in the order of its legend |
use plotters::style::RGBColor;

/// The colour of axes, arrows and frames.
pub const INK: RGBColor = RGBColor(0x76, 0x76, 0x76);

/// The colour of text, on white and on tinted boxes.
pub const TEXT: RGBColor = RGBColor(0x33, 0x33, 0x33);

/// The colours of series, which can be distinguished by most colour-blind readers.
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

/// Returns the n-th colour, from 0, for things of the same kind that must be told apart, such as
/// pages or versions. There are three, and none of them means right or wrong.
pub fn kind(n: usize) -> RGBColor {
    series([0, 3, 5][n % 3])
}

/// Returns the colour of a stretch of time in which a part was in another state that is neither right
/// nor wrong, such as a network that was cut.
pub fn state() -> RGBColor {
    kind(2)
}

/// Returns the colour of what the reader should look at, such as a part of the map, or what a
/// query reads.
pub fn marked() -> RGBColor {
    series(1)
}

/// Returns the colour of what is as it should be.
pub fn right() -> RGBColor {
    series(2)
}

/// Returns the colour of what is slow, wrong or lost.
pub fn wrong() -> RGBColor {
    series(4)
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
        ' ' | '\u{a0}' | 'f' | 't' | 'r' | '/' | '-' | '(' | ')' | 'I' => 0.4,
        'm' | 'w' | 'M' | 'W' | '→' | '…' => 0.97,
        c if c.is_ascii_uppercase() => 0.72,
        c if c.is_ascii() => 0.62,
        _ => 1.0,
    }
}

/// Breaks text at spaces into lines of at most `width` pixels. A single word may be wider. A no-break
/// space is part of its word, so that a number stays with its unit; in the lines it is a space, because
/// a picture shows characters that cannot be told from others as escapes.
pub fn wrap(text: &str, size: f64, width: i32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let is_break = |c: char| c.is_whitespace() && c != '\u{a0}';
    for word in text.split(is_break).filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), size) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
        .iter()
        .map(|line| line.replace('\u{a0}', " "))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stays_with_its_unit_if_a_no_break_space_joins_them() {
        let width = text_width("within 600", LABEL);
        assert_eq!(wrap("within 600  s", LABEL, width), ["within 600", "s"]);
        assert_eq!(wrap("within 600\u{a0}s", LABEL, width), ["within", "600 s"]);
    }

    const WHITE: RGBColor = RGBColor(0xff, 0xff, 0xff);

    /// Returns the relative luminance of WCAG 2.
    fn luminance(RGBColor(red, green, blue): RGBColor) -> f64 {
        let linear = |part: u8| match f64::from(part) / 255.0 {
            part if part <= 0.040_45 => part / 12.92,
            part => ((part + 0.055) / 1.055).powf(2.4),
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// Returns the contrast ratio of WCAG 2 of two colours, from 1 to 21.
    fn contrast(a: RGBColor, b: RGBColor) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Returns a colour of opacity `share` on white.
    fn tint(RGBColor(red, green, blue): RGBColor, share: f64) -> RGBColor {
        let on_white = |part: u8| (255.0 - share * f64::from(255 - part)).round() as u8;
        RGBColor(on_white(red), on_white(green), on_white(blue))
    }

    #[test]
    fn text_can_be_read_on_white_and_on_every_tint() {
        assert!((contrast(WHITE, RGBColor(0, 0, 0)) - 21.0).abs() < 1e-9);
        assert!(contrast(TEXT, WHITE) >= 7.0);
        // The least for small text is 4.5 to 1 (WCAG 2.2, criterion 1.4.3). Boxes with text have
        // an opacity of at most 0.32; 0.6 is the darkest fill near text.
        for colour in SERIES.into_iter().chain([INK]) {
            for share in [0.06, 0.14, 0.25, 0.32, 0.6] {
                let contrast = contrast(TEXT, tint(colour, share));
                let least = if share <= 0.32 { 7.0 } else { 4.5 };
                assert!(contrast >= least, "{colour:?} at {share}: {contrast:.2}");
            }
        }
    }

    #[test]
    fn lines_and_dots_stand_out_from_white() {
        // The least for graphics is 3 to 1 (WCAG 2.2, criterion 1.4.11).
        for colour in SERIES.into_iter().chain([INK]) {
            let contrast = contrast(colour, WHITE);
            assert!(contrast >= 3.0, "{colour:?}: {contrast:.2}");
        }
    }

    #[test]
    fn no_two_roles_have_one_colour() {
        let roles = [
            kind(0),
            kind(1),
            kind(2),
            marked(),
            right(),
            wrong(),
            INK,
            TEXT,
        ];
        for (n, role) in roles.iter().enumerate() {
            assert!(!roles[..n].contains(role), "{role:?} has two meanings");
        }
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("Thu 2015-08-06", 12.0, 80), ["Thu", "2015-08-06"]);
        assert_eq!(wrap("Thu 2015-08-06", 12.0, 800), ["Thu 2015-08-06"]);
        assert_eq!(wrap("", 12.0, 80), [""; 0]);
    }
}

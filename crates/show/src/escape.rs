//! Escapes text for HTML and SVG.
use std::borrow::Cow;

/// Escapes the five characters with a meaning in HTML and XML, and replaces the control
/// characters that XML forbids by U+FFFD. Nothing is copied if there is no such character.
///
/// ```
/// use show::escape::escape;
/// assert_eq!(escape("<b a='1'>&</b>"), "&lt;b a=&#39;1&#39;&gt;&amp;&lt;/b&gt;");
/// assert_eq!(escape("plain"), "plain");
/// ```
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(needs_care) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if is_forbidden(c) => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Returns true if a character must be escaped or replaced.
fn needs_care(c: char) -> bool {
    matches!(c, '<' | '>' | '&' | '"' | '\'') || is_forbidden(c)
}

/// Returns true if XML forbids a character, even escaped.
fn is_forbidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Escapes text, and turns what is between backticks into `<code>` elements.
///
/// ```
/// use show::escape::code;
/// assert_eq!(code("a `b` < c"), "a <code>b</code> &lt; c");
/// ```
pub fn code(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(n, part)| match n % 2 {
        1 => format!("<code>{}</code>", escape(part)),
        _ => escape(part).into_owned(),
    });
    parts.collect()
}

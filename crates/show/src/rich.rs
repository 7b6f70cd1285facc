//! A value in several MIME types, of which the front end shows the richest that it supports.
use std::fmt::Display;

/// Plain text, for terminals, `diff` and screen readers.
pub const TEXT: &str = "text/plain";
/// HTML, for JupyterLab and exported pages.
pub const HTML: &str = "text/html";
/// A picture, which exports of a notebook keep.
pub const SVG: &str = "image/svg+xml";

/// The same content in several MIME types.
///
/// ```
/// use show::Rich;
/// let rich = Rich::text("two").html("<b>two</b>");
/// assert_eq!(rich.get("text/plain"), Some("two"));
/// assert_eq!(rich.parts().len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rich {
    parts: Vec<(String, String)>,
}

impl Rich {
    /// Creates a rich value with a plain text form, which every rich value should have.
    pub fn text(text: impl Display) -> Self {
        Rich {
            parts: vec![(TEXT.to_owned(), text.to_string())],
        }
    }

    /// Creates a value without any form. It shows nothing and is the value of a statement.
    pub fn nothing() -> Self {
        Rich { parts: Vec::new() }
    }

    /// Adds an HTML form.
    pub fn html(self, html: impl Into<String>) -> Self {
        self.with(HTML, html)
    }

    /// Adds an SVG picture.
    pub fn svg(self, svg: impl Into<String>) -> Self {
        self.with(SVG, svg)
    }

    /// Adds another form, or replaces the one of the same MIME type.
    pub fn with(mut self, mime: &str, body: impl Into<String>) -> Self {
        let body = body.into();
        match self.parts.iter_mut().find(|(known, _)| known == mime) {
            Some(part) => part.1 = body,
            None => self.parts.push((mime.to_owned(), body)),
        }
        self
    }

    /// Returns the form of this MIME type; `None` if there is none.
    pub fn get(&self, mime: &str) -> Option<&str> {
        let part = self.parts.iter().find(|(known, _)| known == mime);
        part.map(|(_, body)| body.as_str())
    }

    /// Returns all forms as (MIME type, body), in the order in which they were added.
    pub fn parts(&self) -> &[(String, String)] {
        &self.parts
    }

    /// Combines values, one below the other. Several values are combined as plain text and
    /// HTML; other MIME types are kept only if there is a single value, because an output has
    /// each type once.
    pub fn stack(parts: &[Rich]) -> Rich {
        if let [only] = parts {
            return only.clone();
        }
        let texts: Vec<&str> = parts.iter().filter_map(|rich| rich.get(TEXT)).collect();
        let stacked = Rich::text(texts.join("\n\n"));
        if parts.iter().all(|rich| rich.parts.len() == 1) {
            return stacked;
        }
        stacked.html(parts.iter().map(Rich::as_html).collect::<String>())
    }

    /// Returns the richest form, converted to HTML: HTML itself, else SVG, else plain text.
    pub fn as_html(&self) -> String {
        if let Some(html) = self.get(HTML) {
            return html.to_owned();
        }
        if let Some(svg) = self.get(SVG) {
            return format!("<div>{svg}</div>");
        }
        let text = self.get(TEXT).unwrap_or_default();
        format!("<pre>{}</pre>", crate::escape::escape(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mime_type_stands_once() {
        let rich = Rich::text("a").html("<i>a</i>").html("<b>a</b>");
        assert_eq!(rich.parts().len(), 2);
        assert_eq!(rich.get(HTML), Some("<b>a</b>"));
    }

    #[test]
    fn stacking_keeps_order_and_escapes_plain_parts() {
        let stack = Rich::stack(&[Rich::text("1 < 2"), Rich::text("x").html("<b>x</b>")]);
        assert_eq!(stack.get(TEXT), Some("1 < 2\n\nx"));
        assert_eq!(stack.get(HTML), Some("<pre>1 &lt; 2</pre><b>x</b>"));
    }
}

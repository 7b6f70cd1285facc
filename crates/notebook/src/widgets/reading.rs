//! Widgets as text and HTML, for places where no front end draws them: exported pages, code hosts
//! and terminals.
use super::model::Model;
use crate::escape::escape;
use std::sync::Arc;

/// The largest number of options that are all named.
const MAX_NAMED_OPTIONS: usize = 8;

/// Returns a widget as plain text, such as `servers: 10 (1 to 100)`.
pub(super) fn text(model: &Model) -> String {
    let joined = |between: &str| {
        let parts = model.referred("children").into_iter();
        let parts = parts.map(|child| text(&child));
        let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
        parts.join(between)
    };
    match model.kind.name {
        "HBox" => joined("  "),
        "VBox" => joined("\n"),
        "Tab" => {
            let cards = model.texts("titles").into_iter();
            let cards = cards.zip(model.referred("children"));
            let card = |(title, child): (String, Arc<Model>)| {
                format!("{title}:\n{}", indented(&text(&child)))
            };
            cards.map(card).collect::<Vec<String>>().join("\n")
        }
        "HTML" => without_tags(&model.text("value")),
        "Image" => "[picture]".to_owned(),
        _ => {
            let (value, range) = value_and_range(model);
            format!("{}{value}{range}", label(model))
        }
    }
}

/// Returns a widget as HTML, with a line for each widget in it.
pub(super) fn html(model: &Model) -> String {
    let children = || {
        let children = model.referred("children").into_iter();
        children.map(|child| html(&child))
    };
    match model.kind.name {
        "HBox" => {
            let row = "display:flex;flex-wrap:wrap;gap:0 1.5em;align-items:baseline";
            format!(
                "<div style=\"{row}\">{}</div>",
                children().collect::<String>()
            )
        }
        "VBox" => format!("<div>{}</div>", children().collect::<String>()),
        "Tab" => {
            let card = |(title, child): (String, String)| {
                format!("<div><b>{}</b>{child}</div>", escape(&title))
            };
            let cards = model.texts("titles").into_iter().zip(children());
            format!("<div>{}</div>", cards.map(card).collect::<String>())
        }
        "HTML" if model.text("value").is_empty() => String::new(),
        "HTML" => format!("<div>{}</div>", model.text("value")),
        "Image" => picture(model),
        "Play" => String::new(),
        _ => {
            let (value, range) = value_and_range(model);
            let (label, value) = (label(model), escape(&value).into_owned());
            let range = escape(&range).into_owned();
            format!("<div>{}<b>{value}</b>{range}</div>", escape(&label))
        }
    }
}

/// Returns the label in front of the value.
fn label(model: &Model) -> String {
    match (model.kind.name, model.text("description")) {
        ("Button" | "Label" | "Play", _) => String::new(),
        (_, description) if description.is_empty() => description,
        (_, description) => format!("{description}: "),
    }
}

/// Returns the value, and the range or the options among which it was chosen.
fn value_and_range(model: &Model) -> (String, String) {
    let plain = |value: String| (value, String::new());
    match model.kind.name {
        "IntSlider" => {
            let [min, max] = ["min", "max"].map(|name| model.int(name));
            (model.int("value").to_string(), format!(" ({min} to {max})"))
        }
        "FloatSlider" => {
            let [min, max] = ["min", "max"].map(|name| model.float(name));
            (
                model.float("value").to_string(),
                format!(" ({min} to {max})"),
            )
        }
        "Dropdown" | "ToggleButtons" => {
            let labels = model.texts("_options_labels");
            let chosen = labels.get(model.int("index") as usize).cloned();
            let range = match labels.len() {
                0..=MAX_NAMED_OPTIONS => format!(" (of {})", labels.join(", ")),
                many => format!(" (of {many})"),
            };
            (chosen.unwrap_or_default(), range)
        }
        "Checkbox" if model.is("value") => plain("yes".to_owned()),
        "Checkbox" => plain("no".to_owned()),
        "Text" if model.text("value").is_empty() => plain("nothing yet".to_owned()),
        "Text" => plain(format!("\"{}\"", model.text("value"))),
        "Label" => plain(model.text("value")),
        "Button" => plain(format!("[{}]", model.text("description"))),
        _ => plain(String::new()),
    }
}

/// Indents each line by two spaces.
fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| format!("  {line}"));
    lines.collect::<Vec<String>>().join("\n")
}

/// Returns the text of HTML: tags are removed and the usual entities are replaced.
fn without_tags(html: &str) -> String {
    let mut text = String::new();
    for (n, part) in html.split('<').enumerate() {
        match part.split_once('>') {
            Some((_, after)) if n > 0 => text.push_str(after),
            _ => text.push_str(part),
        }
    }
    let plain = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    plain
        .iter()
        .fold(text, |text, (code, c)| text.replace(code, c))
}

/// Returns the picture of an image as an HTML element that contains its bytes.
fn picture(model: &Model) -> String {
    let (format, bytes) = (model.text("format"), model.bytes("value"));
    let base64 = base64(&bytes);
    format!("<img alt=\"picture\" src=\"data:image/{format};base64,{base64}\">")
}

/// Encodes bytes as base64, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |n: usize| u32::from(three.get(n).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for n in 0..4 {
            match n <= three.len() {
                true => out.push(char::from(DIGITS[(bits >> (18 - 6 * n)) as usize & 63])),
                false => out.push('='),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::*;

    fn read(widget: impl Widget) -> String {
        text(widget.model())
    }

    #[test]
    fn every_control_reads_like_itself_with_its_value() {
        assert_eq!(
            read(IntSlider::new("servers", 1..=100).value(10)),
            "servers: 10 (1 to 100)"
        );
        assert_eq!(
            read(FloatSlider::new("loss", 0.0..=1.0).value(0.25)),
            "loss: 0.25 (0 to 1)"
        );
        assert_eq!(
            read(Dropdown::new("zone", ["UTC", "CET"])),
            "zone: UTC (of UTC, CET)"
        );
        assert_eq!(read(ToggleButtons::new("hour", 0..24)), "hour: 0 (of 24)");
        assert_eq!(read(Checkbox::new("replicas", true)), "replicas: yes");
        assert_eq!(read(Text::new("url", "/a")), "url: \"/a\"");
        assert_eq!(read(Text::new("url", "")), "url: nothing yet");
        assert_eq!(read(Button::new("Crash it")), "[Crash it]");
        assert_eq!(
            read(Play::new(0..=23).description("hour")),
            "hour: 0 (0 to 23)"
        );
        assert_eq!(read(Html::new("<b>1</b> &lt; 2")), "1 < 2");
        let tab = Tab::new([("a", Label::new("x"))]).tab("b", Checkbox::new("y", false));
        assert_eq!(read(tab), "a:\n  x\nb:\n  y: no");
    }

    #[test]
    fn what_a_reader_typed_is_escaped() {
        let typed = html(Text::new("<url>", "<script>").model());
        assert!(
            typed.contains("&lt;url&gt;") && typed.contains("&lt;script&gt;"),
            "{typed}"
        );
    }

    #[test]
    fn a_picture_is_in_the_page_itself() {
        assert_eq!(base64(b""), "");
        assert_eq!(base64(b"M"), "TQ==");
        assert_eq!(base64(b"Ma"), "TWE=");
        assert_eq!(base64(b"Man"), "TWFu");
        let page = html(Image::svg("<svg/>").model());
        assert!(
            page.contains("data:image/svg+xml;base64,PHN2Zy8+"),
            "{page}"
        );
    }
}

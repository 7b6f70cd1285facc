//! The form of JSON values: indented text.
use crate::table::text::start_of;
use crate::{Render, Rich};
use serde_json::{Map, Value};

/// Number of characters after which a document is cut, about 300 lines.
const MAX_CHARS: usize = 10_000;

impl Render for Value {
    fn render(&self) -> Rich {
        Rich::text(start_of(MAX_CHARS, |out| write!(out, "{self:#}")))
    }
}

impl Render for Map<String, Value> {
    fn render(&self) -> Rich {
        // serde_json can write a value but not a map, so the map is copied into a value.
        let fields = self.iter().map(|(key, value)| (key.clone(), value.clone()));
        Value::Object(fields.collect()).render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_indented() {
        let value = json!({"person": {"cookie": "PQRST"}, "nonce": 7});
        let text = "{\n  \"nonce\": 7,\n  \"person\": {\n    \"cookie\": \"PQRST\"\n  }\n}";
        assert_eq!(value.render(), Rich::text(text));
        assert_eq!(value.as_object().unwrap().render(), Rich::text(text));
    }

    #[test]
    fn a_long_document_is_cut() {
        let value = json!(["x".repeat(10_000_000), 1]);
        let text = value.render().get("text/plain").unwrap().to_owned();
        assert_eq!(text.chars().count(), MAX_CHARS + 1);
        assert!(text.ends_with("x…"));
    }
}

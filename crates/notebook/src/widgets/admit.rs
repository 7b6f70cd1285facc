//! Checks the values of attributes.
use super::models::{Initial, ModelKind};
use serde_json::{Map, Value, json};

/// Converts a value to the type and range of the attribute `name`. A value out of a slider's
/// range is replaced by the nearest end, as in ipywidgets.
///
/// # Errors
/// A message that says why the attribute cannot have this value.
pub(super) fn admit(
    kind: &ModelKind,
    attributes: &Map<String, Value>,
    name: &str,
    value: &Value,
) -> Result<Value, String> {
    let Some(attribute) = kind.attribute(name) else {
        return Err(format!("there is no attribute `{name}`"));
    };
    let held = |name: &str| attributes.get(name);
    let admitted = match attribute.initial {
        Initial::Int(_) => integer(value).map(|number| {
            let limit = |name| held(name).and_then(Value::as_i64);
            json!(match (name, limit("min"), limit("max")) {
                ("value", Some(min), Some(max)) => number.clamp(min, max),
                _ => number,
            })
        }),
        Initial::Float(_) => value.as_f64().map(|number| {
            let limit = |name| held(name).and_then(Value::as_f64);
            json!(match (name, limit("min"), limit("max")) {
                ("value", Some(min), Some(max)) => number.clamp(min, max),
                _ => number,
            })
        }),
        Initial::NoInt => {
            let among = match name {
                "index" => "_options_labels",
                _ => "children",
            };
            let count = held(among).and_then(Value::as_array).map_or(0, Vec::len);
            let fits = |index: &i64| usize::try_from(*index).is_ok_and(|index| index < count);
            integer(value).filter(fits).map(|index| json!(index))
        }
        Initial::Bool(_) => value.is_boolean().then(|| value.clone()),
        Initial::NoBool => (value.is_boolean() || value.is_null()).then(|| value.clone()),
        Initial::Text(_) | Initial::New(_) => value.is_string().then(|| value.clone()),
        Initial::NoText => (value.is_string() || value.is_null()).then(|| value.clone()),
        Initial::List => value.is_array().then(|| value.clone()),
        Initial::Bytes => None,
    };
    admitted.ok_or_else(|| format!("`{name}` cannot be {}", short(value)))
}

/// Returns the whole number of a value; `None` if it is not one. A front end, where numbers are
/// floats, may write 3 as 3.0.
fn integer(value: &Value) -> Option<i64> {
    let whole = |number: f64| (number.fract() == 0.0).then_some(number as i64);
    value.as_i64().or_else(|| value.as_f64().and_then(whole))
}

/// Returns a value as text for a message, cut to 80 characters.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slider() -> Map<String, Value> {
        let Value::Object(attributes) = json!({"min": -5, "max": 10, "value": 1}) else {
            unreachable!()
        };
        attributes
    }

    #[test]
    fn a_value_out_of_range_becomes_the_nearest_in_it() {
        let admit = |value| admit(ModelKind::named("IntSlider"), &slider(), "value", &value);
        assert_eq!(admit(json!(11)), Ok(json!(10)));
        assert_eq!(admit(json!(i64::MIN)), Ok(json!(-5)));
        assert_eq!(admit(json!(3.0)), Ok(json!(3)));
        assert_eq!(admit(json!(1e300)), Ok(json!(10)));
    }

    #[test]
    fn a_wrong_type_is_refused_with_the_value() {
        let kind = ModelKind::named("IntSlider");
        for wrong in [
            json!(null),
            json!("7"),
            json!(0.5),
            json!([1]),
            json!({}),
            json!(true),
        ] {
            let refused = admit(kind, &slider(), "value", &wrong).unwrap_err();
            assert_eq!(refused, format!("`value` cannot be {wrong}"));
        }
        let long = json!("x".repeat(1000));
        assert!(admit(kind, &slider(), "value", &long).unwrap_err().len() < 120);
    }

    #[test]
    fn a_float_slider_holds_floats_whatever_the_front_end_writes() {
        let attributes = Map::new();
        let kind = ModelKind::named("FloatSlider");
        assert_eq!(
            admit(kind, &attributes, "value", &json!(1)),
            Ok(json!(1.0)),
            "JavaScript writes 1.0 as 1"
        );
    }

    #[test]
    fn an_index_is_one_of_the_options() {
        let mut attributes = Map::new();
        attributes.insert("_options_labels".into(), json!(["a", "b"]));
        let admit = |value| admit(ModelKind::named("Dropdown"), &attributes, "index", &value);
        assert_eq!(admit(json!(1)), Ok(json!(1)));
        for wrong in [json!(2), json!(-1), json!(null), json!("a")] {
            assert!(admit(wrong).is_err());
        }
    }
}

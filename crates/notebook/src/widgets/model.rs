//! The model of a widget: its id and its attributes, as the front end knows them.
use super::admit::admit;
use super::models::{Attribute, Initial, ModelKind, VERSION};
use super::{handlers, jslink, link};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::ThreadId;

/// The model of a widget: the state that this process shares with every front end.
///
/// A widget is a handle of a model. The model is sent to the front end when the widget is first
/// shown; until then it exists in this process only.
#[derive(Debug)]
pub struct Model {
    /// The id of its comm, 32 hexadecimal digits.
    pub(super) id: String,
    /// The kind of widget.
    pub(super) kind: &'static ModelKind,
    state: Mutex<ModelState>,
    /// The thread on which its handlers run; not set if it has none.
    pub(super) home: OnceLock<ThreadId>,
    /// The models that are linked to it.
    pub(super) links: jslink::Targets,
    /// Number of clicks of a button, which is not an attribute of its model.
    pub(super) clicks: AtomicU64,
}

/// The state of a model.
#[derive(Debug, Default)]
pub(super) struct ModelState {
    /// The attributes by name, except for those of bytes.
    pub attributes: Map<String, Value>,
    /// The attributes of bytes, which messages carry outside of the JSON.
    pub bytes: BTreeMap<&'static str, Vec<u8>>,
    /// The models that attributes refer to. They are sent to the front end before this one.
    pub references: Vec<Arc<Model>>,
    /// Whether the front end knows the model.
    pub life: Life,
}

/// Whether the front end knows a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Life {
    /// It was not sent yet.
    #[default]
    Unknown,
    /// It was sent.
    Open,
    /// It was closed, here or by a front end.
    Closed,
}

/// Number of characters of a description that a front end shows at its usual width.
const USUAL_WIDTH: usize = 11;

impl Model {
    /// Creates a model of this kind, with every attribute at its default.
    pub(super) fn new(kind: &str) -> Arc<Model> {
        link::listen();
        // The kind's own attributes.
        let kind = ModelKind::named(kind);
        let mut state = ModelState::default();
        for Attribute { name, initial, .. } in kind.attributes() {
            let value = match initial {
                Initial::NoText | Initial::NoBool | Initial::NoInt => Value::Null,
                Initial::Bool(value) => json!(value),
                Initial::Int(value) => json!(value),
                Initial::Float(value) => json!(value),
                Initial::Text(value) => json!(value),
                Initial::List => json!([]),
                Initial::New(kind) => {
                    let model = Model::new(kind);
                    let reference = model.reference();
                    state.references.push(model);
                    reference
                }
                Initial::Bytes => {
                    state.bytes.insert(name, Vec::new());
                    continue;
                }
            };
            state.attributes.insert(name.to_owned(), value);
        }
        // The attributes that say which JavaScript classes implement the model and its view.
        let names = [
            ("_model_module", json!(kind.module)),
            ("_model_module_version", json!(VERSION)),
            ("_model_name", json!(format!("{}Model", kind.name))),
            ("_view_module", json!(kind.view.0)),
            ("_view_module_version", json!(VERSION)),
            ("_view_name", json!(kind.view.1)),
        ];
        for (name, value) in names {
            state.attributes.insert(name.to_owned(), value);
        }
        Arc::new(Model {
            id: new_id(),
            kind,
            state: Mutex::new(state),
            home: OnceLock::new(),
            links: jslink::Targets::default(),
            clicks: AtomicU64::new(0),
        })
    }

    /// Returns the value by which attributes of other models refer to this one.
    pub(super) fn reference(&self) -> Value {
        json!(format!("IPY_MODEL_{}", self.id))
    }

    /// Locks the state. No handler or closure may run while it is locked.
    pub(super) fn state(&self) -> MutexGuard<'_, ModelState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns an attribute; null if there is none of this name.
    pub(super) fn get(&self, attribute: &str) -> Value {
        let state = self.state();
        state.attributes.get(attribute).cloned().unwrap_or_default()
    }

    /// Returns an attribute as a whole number; 0 if it is not one.
    pub(super) fn int(&self, attribute: &str) -> i64 {
        self.get(attribute).as_i64().unwrap_or_default()
    }

    /// Returns an attribute as a float; 0 if it is not a number.
    pub(super) fn float(&self, attribute: &str) -> f64 {
        self.get(attribute).as_f64().unwrap_or_default()
    }

    /// Returns whether an attribute is true.
    pub(super) fn is(&self, attribute: &str) -> bool {
        self.get(attribute) == true
    }

    /// Returns an attribute as text; empty if it is not text.
    pub(super) fn text(&self, attribute: &str) -> String {
        match self.get(attribute) {
            Value::String(text) => text,
            _ => String::new(),
        }
    }

    /// Returns an attribute as a list of texts; empty if it is not one.
    pub(super) fn texts(&self, attribute: &str) -> Vec<String> {
        serde_json::from_value(self.get(attribute)).unwrap_or_default()
    }

    /// Returns an attribute of bytes; empty if there is none of this name.
    pub(super) fn bytes(&self, attribute: &str) -> Vec<u8> {
        let state = self.state();
        state.bytes.get(attribute).cloned().unwrap_or_default()
    }

    /// Returns the models that its attributes refer to: layout, style and children.
    pub(super) fn references(&self) -> Vec<Arc<Model>> {
        self.state().references.clone()
    }

    /// Adds models that attributes refer to. They live at least as long as this model, and are sent
    /// to the front end before it.
    pub(super) fn refer_to(&self, models: impl IntoIterator<Item = Arc<Model>>) {
        self.state().references.extend(models);
    }

    /// Sets the description in front of the widget.
    pub(super) fn describe(self: &Arc<Self>, text: &str) {
        self.set("description", json!(text));
        // A front end gives all descriptions the same width, so that the controls of a panel are
        // aligned, and cuts a longer text. So a long description gets the width that it needs.
        if text.chars().count() > USUAL_WIDTH {
            for style in self.referred("style") {
                if style.get("description_width").is_string() {
                    style.set("description_width", json!("initial"));
                }
            }
        }
    }

    /// Returns the models that an attribute refers to, which is one reference or a list.
    pub(super) fn referred(&self, attribute: &str) -> Vec<Arc<Model>> {
        let names = match self.get(attribute) {
            Value::Array(names) => names,
            name => vec![name],
        };
        let models = self.references();
        let named = |name: &Value| models.iter().find(|model| model.reference() == *name);
        names.iter().filter_map(named).cloned().collect()
    }

    /// Sets an attribute from Rust: sends it to the front end and calls the handlers. An invalid
    /// value, such as a text for a number, is ignored with a message on standard error.
    pub(super) fn set(self: &Arc<Self>, attribute: &'static str, value: Value) {
        if self.put(attribute, &value, true) {
            self.changed(attribute);
        }
    }

    /// Sets an attribute because a linked one has changed. It is not sent: the front end has the
    /// same link and sets it by itself, and a later message could undo a newer change.
    pub(super) fn follow(self: &Arc<Self>, attribute: &'static str, value: &Value) {
        if self.put(attribute, value, false) {
            self.changed(attribute);
        }
    }

    /// Passes a change on to linked models and to handlers.
    pub(super) fn changed(self: &Arc<Self>, attribute: &'static str) {
        self.links.pass_on(attribute, &self.get(attribute));
        handlers::notify(self, handlers::WidgetEvent::Change(attribute));
    }

    /// Counts a click of a button, and calls the handlers.
    pub(super) fn clicked(self: &Arc<Self>) {
        self.clicks.fetch_add(1, Ordering::Relaxed);
        handlers::notify(self, handlers::WidgetEvent::Click);
    }

    /// Stores an attribute, and sends it if `send` is true. Returns true if it has changed.
    fn put(&self, attribute: &'static str, value: &Value, send: bool) -> bool {
        let mut state = self.state();
        let admitted = match admit(self.kind, &state.attributes, attribute, value) {
            Ok(admitted) => admitted,
            Err(why) => {
                drop(state);
                self.trace(&why);
                return false;
            }
        };
        let held = state.attributes.get_mut(attribute);
        match held {
            Some(held) if *held != admitted => *held = admitted.clone(),
            _ => return false,
        }
        // Send it while the state is locked, so that messages are in the order of the changes.
        if send && state.life == Life::Open {
            self.send_attributes("update", json!({ attribute: admitted }));
        }
        true
    }

    /// Sets an attribute of bytes, and sends it.
    pub(super) fn set_bytes(&self, attribute: &'static str, bytes: Vec<u8>) {
        let mut state = self.state();
        if state.life == Life::Open {
            let data = json!({"method": "update", "state": {}, "buffer_paths": [[attribute]]});
            self.send(data, std::slice::from_ref(&bytes));
        }
        state.bytes.insert(attribute, bytes);
    }

    /// Prints a message about this widget to standard error.
    pub(super) fn trace(&self, message: &str) {
        let description = self.text("description");
        eprintln!("{} `{description}`: {message}", self.kind.name);
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.close();
    }
}

/// Returns a new random id of 128 bits, as 32 hexadecimal digits.
pub(super) fn new_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    static RANDOM: OnceLock<[RandomState; 2]> = OnceLock::new();
    // The standard library seeds the first of these from the operating system. The second one of
    // the same thread has the same seed plus one, which is enough to make the halves differ.
    let random = RANDOM.get_or_init(|| [RandomState::new(), RandomState::new()]);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let half = |state: &RandomState| state.hash_one((std::process::id(), count));
    format!("{:016x}{:016x}", half(&random[0]), half(&random[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_models_share_an_id() {
        let ids: std::collections::HashSet<String> = (0..10_000).map(|_| new_id()).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| id.len() == 32));
    }

    #[test]
    fn a_reference_to_a_new_model_is_to_one_that_is_there() {
        let slider = Model::new("IntSlider");
        let layout = slider.referred("layout");
        assert_eq!(layout[0].kind.name, "Layout");
        assert_eq!(slider.referred("style")[0].kind.name, "SliderStyle");
    }

    #[test]
    fn a_long_description_is_not_cut() {
        let width = |text: &str| {
            let slider = Model::new("IntSlider");
            slider.describe(text);
            slider.referred("style")[0].text("description_width")
        };
        assert_eq!(
            (width("servers"), width("days in a month")),
            (String::new(), "initial".to_owned())
        );
    }

    #[test]
    fn a_value_that_cannot_be_leaves_the_old_one() {
        let slider = Model::new("IntSlider");
        slider.set("value", json!(5));
        slider.set("value", json!("six"));
        slider.set("value", Value::Null);
        assert_eq!(slider.int("value"), 5);
    }
}

//! One widget as the front end sees it: a model with an id and attributes.
use super::admit::admit;
use super::models::{Attribute, Initial, Kind, VERSION};
use super::{handlers, jslink, link};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::ThreadId;

/// A widget's model: the state that this process and every front end share.
///
/// Widgets are handles of one. The front end is told of it when it is first
/// shown; until then it is only here.
#[derive(Debug)]
pub struct Model {
    pub(super) id: String,
    pub(super) kind: &'static Kind,
    state: Mutex<State>,
    /// The thread whose handlers watch it.
    pub(super) home: OnceLock<ThreadId>,
    pub(super) links: jslink::Ends,
    /// How often a button was pressed: no attribute of its model says so.
    pub(super) clicks: AtomicU64,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub attributes: Map<String, Value>,
    /// The attributes that travel beside the JSON.
    pub bytes: BTreeMap<&'static str, Vec<u8>>,
    /// The models that attributes refer to, which the front end must know first.
    pub references: Vec<Arc<Model>>,
    pub life: Life,
}

/// Whether the front end knows a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Life {
    #[default]
    Unknown,
    Open,
    Closed,
}

/// How many characters a description may have before a front end cuts it.
const USUAL_WIDTH: usize = 11;

impl Model {
    /// A model with every attribute at its default.
    pub(super) fn new(kind: &str) -> Arc<Model> {
        link::listen();
        let kind = Kind::named(kind);
        let mut state = State::default();
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
            id: fresh_id(),
            kind,
            state: Mutex::new(state),
            home: OnceLock::new(),
            links: jslink::Ends::default(),
            clicks: AtomicU64::new(0),
        })
    }

    /// How other models' attributes name this one.
    pub(super) fn reference(&self) -> Value {
        json!(format!("IPY_MODEL_{}", self.id))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Nothing of the reader's runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, attribute: &str) -> Value {
        let state = self.state();
        state.attributes.get(attribute).cloned().unwrap_or_default()
    }

    pub(super) fn int(&self, attribute: &str) -> i64 {
        self.get(attribute).as_i64().unwrap_or_default()
    }

    pub(super) fn float(&self, attribute: &str) -> f64 {
        self.get(attribute).as_f64().unwrap_or_default()
    }

    pub(super) fn is(&self, attribute: &str) -> bool {
        self.get(attribute) == true
    }

    pub(super) fn text(&self, attribute: &str) -> String {
        match self.get(attribute) {
            Value::String(text) => text,
            _ => String::new(),
        }
    }

    pub(super) fn texts(&self, attribute: &str) -> Vec<String> {
        serde_json::from_value(self.get(attribute)).unwrap_or_default()
    }

    pub(super) fn bytes(&self, attribute: &str) -> Vec<u8> {
        let state = self.state();
        state.bytes.get(attribute).cloned().unwrap_or_default()
    }

    /// The models that it is made of: layout, style, children.
    pub(super) fn references(&self) -> Vec<Arc<Model>> {
        self.state().references.clone()
    }

    /// Keeps these models alive, and has them opened first.
    pub(super) fn refer_to(&self, models: impl IntoIterator<Item = Arc<Model>>) {
        self.state().references.extend(models);
    }

    /// Says what it is for, in front of it.
    pub(super) fn describe(self: &Arc<Self>, text: &str) {
        self.set("description", json!(text));
        // A front end cuts what does not fit its usual width, which lines the
        // controls of a panel up.
        if text.chars().count() > USUAL_WIDTH {
            for style in self.referred("style") {
                if style.get("description_width").is_string() {
                    style.set("description_width", json!("initial"));
                }
            }
        }
    }

    /// The models that a text of an attribute names, one or a list.
    pub(super) fn referred(&self, attribute: &str) -> Vec<Arc<Model>> {
        let names = match self.get(attribute) {
            Value::Array(names) => names,
            name => vec![name],
        };
        let models = self.references();
        let named = |name: &Value| models.iter().find(|model| model.reference() == *name);
        names.iter().filter_map(named).cloned().collect()
    }

    /// Sets an attribute from Rust: sent to the front end, told to handlers.
    ///
    /// What cannot be, such as a value that is no number, leaves it as it was.
    pub(super) fn set(self: &Arc<Self>, attribute: &'static str, value: Value) {
        if self.put(attribute, &value, true) {
            self.changed(attribute);
        }
    }

    /// Sets it because a linked one changed: the front end's own link does the
    /// same there, and a second, later word of it would move things back.
    pub(super) fn follow(self: &Arc<Self>, attribute: &'static str, value: &Value) {
        if self.put(attribute, value, false) {
            self.changed(attribute);
        }
    }

    pub(super) fn changed(self: &Arc<Self>, attribute: &'static str) {
        self.links.pass_on(attribute, &self.get(attribute));
        handlers::notify(self, handlers::Event::Change(attribute));
    }

    /// The reader pressed it.
    pub(super) fn clicked(self: &Arc<Self>) {
        self.clicks.fetch_add(1, Ordering::Relaxed);
        handlers::notify(self, handlers::Event::Click);
    }

    /// True if this changed the attribute.
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
        // Under the lock, so that what is set last is also sent last.
        if send && state.life == Life::Open {
            self.say("update", json!({ attribute: admitted }));
        }
        true
    }

    /// Sets an attribute that travels beside the JSON.
    pub(super) fn set_bytes(&self, attribute: &'static str, bytes: Vec<u8>) {
        let mut state = self.state();
        if state.life == Life::Open {
            let data = json!({"method": "update", "state": {}, "buffer_paths": [[attribute]]});
            self.send(data, std::slice::from_ref(&bytes));
        }
        state.bytes.insert(attribute, bytes);
    }

    /// A line on stderr that names the widget.
    pub(super) fn trace(&self, what: &str) {
        let description = self.text("description");
        eprintln!("{} `{description}`: {what}", self.kind.name);
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.close();
    }
}

/// 128 bits that nobody else has.
pub(super) fn fresh_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    static RANDOM: OnceLock<[RandomState; 2]> = OnceLock::new();
    // The standard library seeds these from the operating system, but the second
    // one of a thread only adds one to the first.
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
        let ids: std::collections::HashSet<String> = (0..10_000).map(|_| fresh_id()).collect();
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

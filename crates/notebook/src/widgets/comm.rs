//! A model's comm: what is said between it and the front ends.
//!
//! The messages are those of ipywidgets 8, protocol version 2.1.0.
use super::admit::admit;
use super::model::{Life, Model, State};
use super::{handlers, link, registry};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Of the widget messaging protocol.
const PROTOCOL_VERSION: &str = "2.1.0";

/// The target of every widget's comm.
pub(super) const TARGET: &str = "jupyter.widget";

impl Model {
    /// Tells the front end of this model, after all that it refers to. True if
    /// the front end knows it now.
    pub(super) fn open(self: &Arc<Self>) -> bool {
        if !link::connected() {
            return false;
        }
        for model in self.references() {
            model.open();
        }
        let mut state = self.state();
        if state.life == Life::Unknown {
            registry::enter(self);
            let (attributes, paths, buffers) = state.split(&[]);
            let content = json!({
                "comm_id": self.id,
                "target_name": TARGET,
                "data": {"state": attributes, "buffer_paths": paths},
            });
            let metadata = json!({"version": PROTOCOL_VERSION});
            link::publish("comm_open", content, metadata, &buffers);
            state.life = Life::Open;
        }
        state.life == Life::Open
    }

    /// Takes its views off the page; its handlers are not called any more.
    pub(super) fn close(&self) {
        let was = std::mem::replace(&mut self.state().life, Life::Closed);
        if was == Life::Open {
            let content = json!({"comm_id": self.id, "data": {}});
            link::publish("comm_close", content, json!({}), &[]);
        }
        self.forget();
    }

    /// The front end has closed the comm.
    pub(super) fn closed_by_front_end(&self) {
        self.state().life = Life::Closed;
        self.forget();
    }

    fn forget(&self) {
        registry::leave(&self.id);
        handlers::forget(&self.id);
    }

    /// What a front end says the reader did.
    ///
    /// It is echoed to every front end. Where it cannot be, or is out of range,
    /// the echo carries what holds instead, which puts right the one that said
    /// it: until the echo of its own message it takes no other.
    pub(super) fn said_by_front_end(self: &Arc<Self>, proposed: &Map<String, Value>) {
        let mut changed = Vec::new();
        let mut refused = Vec::new();
        let mut echo = Map::new();
        let mut state = self.state();
        for (name, value) in proposed {
            let attributes = &mut state.attributes;
            let attribute = self.kind.attribute(name);
            let admitted = match attribute {
                Some(attribute) if !attribute.by_hand => {
                    Err(format!("`{name}` is not the front end's to set"))
                }
                _ => admit(self.kind, attributes, name, value),
            };
            match (admitted, attribute) {
                (Ok(value), Some(attribute)) if attributes.get(name) != Some(&value) => {
                    attributes.insert(name.clone(), value);
                    changed.push(attribute.name);
                }
                (Ok(_), _) => {}
                (Err(why), _) => refused.push(why),
            }
            if let (Some(holds), true) = (attributes.get(name), attribute.is_some()) {
                echo.insert(name.clone(), holds.clone());
            }
        }
        if !echo.is_empty() {
            self.say("echo_update", Value::Object(echo));
        }
        drop(state);
        refused.iter().for_each(|why| self.trace(why));
        for attribute in changed {
            self.changed(attribute);
        }
    }

    /// Sends every attribute.
    pub(super) fn send_state(&self) {
        let (attributes, paths, buffers) = self.state().split(&[]);
        let data = json!({"method": "update", "state": attributes, "buffer_paths": paths});
        self.send(data, &buffers);
    }

    /// The whole state in the form of `update_states`: the JSON, the paths of the
    /// buffers in it, the buffers.
    pub(super) fn full_state(&self) -> (Value, Vec<Value>, Vec<Vec<u8>>) {
        let (attributes, paths, buffers) = self.state().split(&[&self.id, "state"]);
        let full = json!({
            "model_name": attributes["_model_name"],
            "model_module": attributes["_model_module"],
            "model_module_version": attributes["_model_module_version"],
            "state": attributes,
        });
        (full, paths, buffers)
    }

    pub(super) fn say(&self, method: &str, attributes: Value) {
        let data = json!({"method": method, "state": attributes, "buffer_paths": []});
        self.send(data, &[]);
    }

    pub(super) fn send(&self, data: Value, buffers: &[Vec<u8>]) {
        let content = json!({"comm_id": self.id, "data": data});
        link::publish("comm_msg", content, json!({}), buffers);
    }
}

impl State {
    /// The attributes, and the bytes among them with their paths under `root`.
    fn split(&self, root: &[&str]) -> (Value, Vec<Value>, Vec<Vec<u8>>) {
        let path = |name: &&'static str| -> Value { root.iter().chain([name]).copied().collect() };
        let paths = self.bytes.keys().map(path).collect();
        let buffers = self.bytes.values().cloned().collect();
        (Value::Object(self.attributes.clone()), paths, buffers)
    }
}

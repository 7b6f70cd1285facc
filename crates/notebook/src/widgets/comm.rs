//! The comm of a model, over which it exchanges messages with the front ends.
//!
//! The messages are those of ipywidgets 8, protocol version 2.1.0.
use super::admit::admit;
use super::model::{Life, Model, ModelState};
use super::{handlers, link, registry};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The version of the widget messaging protocol.
const PROTOCOL_VERSION: &str = "2.1.0";

/// The target name of the comms of widgets.
pub(super) const TARGET: &str = "jupyter.widget";

impl Model {
    /// Sends the models that this model refers to, and then this model, to the front end, unless
    /// they were sent before. Returns true if the front end knows it now.
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

    /// Closes the comm, which removes the views from the page, and removes the handlers.
    pub(super) fn close(&self) {
        let was = std::mem::replace(&mut self.state().life, Life::Closed);
        if was == Life::Open {
            let content = json!({"comm_id": self.id, "data": {}});
            link::publish("comm_close", content, json!({}), &[]);
        }
        self.forget();
    }

    /// Marks the model as closed after a front end has closed the comm.
    pub(super) fn closed_by_front_end(&self) {
        self.state().life = Life::Closed;
        self.forget();
    }

    /// Removes the model from the registry, and its handlers.
    fn forget(&self) {
        registry::leave(&self.id);
        handlers::forget(&self.id);
    }

    /// Applies an update from a front end, where the reader has changed attributes.
    ///
    /// The result is echoed to every front end. If a value was refused, or was out of range, the
    /// echo has the value that the model has instead. That corrects the sender, which ignores
    /// other updates until it has received the echo of its own.
    pub(super) fn receive_update(self: &Arc<Self>, proposed: &Map<String, Value>) {
        // Check and store each attribute, and collect the echo.
        let mut changed = Vec::new();
        let mut refused = Vec::new();
        let mut echo = Map::new();
        let mut state = self.state();
        for (name, value) in proposed {
            let attributes = &mut state.attributes;
            let attribute = self.kind.attribute(name);
            let admitted = match attribute {
                Some(attribute) if !attribute.by_hand => {
                    Err(format!("`{name}` cannot be set by a front end"))
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
        // Send the echo while the state is locked, so that it is in order with other updates.
        if !echo.is_empty() {
            self.send_attributes("echo_update", Value::Object(echo));
        }
        drop(state);
        // Handlers run without the lock.
        refused.iter().for_each(|why| self.trace(why));
        for attribute in changed {
            self.changed(attribute);
        }
    }

    /// Sends all attributes.
    pub(super) fn send_state(&self) {
        let (attributes, paths, buffers) = self.state().split(&[]);
        let data = json!({"method": "update", "state": attributes, "buffer_paths": paths});
        self.send(data, &buffers);
    }

    /// Returns the whole state in the format of `update_states`: (JSON, paths of the buffers in it,
    /// buffers).
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

    /// Sends attributes without buffers.
    pub(super) fn send_attributes(&self, method: &str, attributes: Value) {
        let data = json!({"method": method, "state": attributes, "buffer_paths": []});
        self.send(data, &[]);
    }

    /// Sends a message on the comm.
    pub(super) fn send(&self, data: Value, buffers: &[Vec<u8>]) {
        let content = json!({"comm_id": self.id, "data": data});
        link::publish("comm_msg", content, json!({}), buffers);
    }
}

impl ModelState {
    /// Returns (attributes, paths of the buffers, buffers). The paths begin with `root`.
    fn split(&self, root: &[&str]) -> (Value, Vec<Value>, Vec<Vec<u8>>) {
        let path = |name: &&'static str| -> Value { root.iter().chain([name]).copied().collect() };
        let paths = self.bytes.keys().map(path).collect();
        let buffers = self.bytes.values().cloned().collect();
        (Value::Object(self.attributes.clone()), paths, buffers)
    }
}

//! Handles the messages from front ends.
//!
//! A front end may have another version, may not know of a restart of the kernel, or may send
//! unexpected messages. The notebook must go on in all these cases, so a message that is not
//! understood is ignored, with a line on standard error.
use super::comm::TARGET;
use super::handlers;
use super::link::{self, CommEvent};
use super::panics::caught;
use super::{interact, registry};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::io::Write;
use std::sync::{LazyLock, Mutex, PoisonError};

/// The target name of the comm by which a front end requests all widgets at once, after its page
/// was loaded again.
const CONTROL: &str = "jupyter.widget.control";

/// The ids of the open comms with that target.
static CONTROLS: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

/// Handles one message. Never panics.
pub(super) fn handle(event: CommEvent) {
    if let Err(panicked) = caught(|| dispatch(&event)) {
        eprintln!(
            "a message from the front end was not handled: {}",
            panicked.message()
        );
    }
    // Run handlers after every message, because other threads may have changed widgets meanwhile.
    handlers::run_waiting();
    let _ = std::io::stdout().flush();
}

/// Handles a message by its type.
fn dispatch(event: &CommEvent) {
    let content = &event.content;
    let Some(id) = content["comm_id"].as_str() else {
        return eprintln!("ignored a message for a widget: it has no comm_id");
    };
    match event.kind.as_str() {
        "comm_open" => comm_opened(id, &content["target_name"]),
        "comm_msg" => message_received(id, &content["data"]),
        "comm_close" => {
            let mut controls = CONTROLS.lock().unwrap_or_else(PoisonError::into_inner);
            if !controls.remove(id)
                && let Some(model) = registry::find(id)
            {
                drop(controls);
                model.closed_by_front_end();
            }
        }
        other => eprintln!("ignored a message for a widget: unknown type `{other}`"),
    }
}

/// Handles a comm that a front end has opened.
fn comm_opened(id: &str, target: &Value) {
    if *target == CONTROL {
        let mut controls = CONTROLS.lock().unwrap_or_else(PoisonError::into_inner);
        controls.insert(id.to_owned());
        return;
    }
    if *target == TARGET {
        eprintln!("closed a comm of a front end: only cells can create widgets");
    } else {
        eprintln!("closed a comm of a front end: unknown target {target}");
    }
    // Close the comm, so that the front end does not wait for an answer.
    let content = json!({"comm_id": id, "data": {}});
    link::publish("comm_close", content, json!({}), &[]);
}

/// Handles a message on a comm.
fn message_received(id: &str, data: &Value) {
    let method = data["method"].as_str().unwrap_or_default();
    if method == "request_states" {
        return send_all_states(id);
    }
    let Some(model) = registry::find(id) else {
        return eprintln!(
            "ignored a `{method}` message: its widget does not exist, or not any more"
        );
    };
    match method {
        "update" => {
            let nothing = Map::new();
            let proposed = data["state"].as_object().unwrap_or(&nothing);
            let mut proposed = proposed.clone();
            // Bytes are outside of the JSON. The reader can change no attribute of bytes, so add
            // their names here, and `receive_update` refuses them.
            for path in data["buffer_paths"].as_array().into_iter().flatten() {
                if let Some(name) = path[0].as_str() {
                    proposed.entry(name).or_insert(Value::Null);
                }
            }
            model.receive_update(&proposed);
        }
        "request_state" => model.send_state(),
        "custom" if data["content"]["event"] == "click" => model.clicked(),
        // For example "submit" of a text field, whose value was received before.
        "custom" => {}
        other => model.trace(&format!(
            "ignored a message from the front end: unknown method `{other}`"
        )),
    }
}

/// Sends the states of all widgets on a control comm.
fn send_all_states(control: &str) {
    interact::show_hints();
    let mut states = Map::new();
    let (mut paths, mut buffers) = (Vec::new(), Vec::new());
    for model in registry::all() {
        let (state, its_paths, its_buffers) = model.full_state();
        states.insert(model.id.clone(), state);
        paths.extend(its_paths);
        buffers.extend(its_buffers);
    }
    let data = json!({"method": "update_states", "states": states, "buffer_paths": paths});
    let content = json!({"comm_id": control, "data": data});
    link::publish("comm_msg", content, json!({}), &buffers);
}

//! What comes from the front ends, and what answers it.
//!
//! A front end may be of another version, may have slept through a restart, or may
//! send what nobody asked for. None of that may stop the notebook: what is not
//! understood is left, with a line on stderr.
use super::comm::TARGET;
use super::handlers;
use super::link::{self, CommEvent};
use super::panics::caught;
use super::{interact, registry};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::io::Write;
use std::sync::{LazyLock, Mutex, PoisonError};

/// The target by which a front end asks for all widgets at once, when its page is
/// loaded again.
const CONTROL: &str = "jupyter.widget.control";

static CONTROLS: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

/// Handles one message. Never panics.
pub(super) fn handle(event: CommEvent) {
    if let Err(panicked) = caught(|| understand(&event)) {
        eprintln!("a widget did not do what was asked: {}", panicked.told());
    }
    // Also when nothing came of it: other threads may have changed widgets.
    handlers::run_waiting();
    let _ = std::io::stdout().flush();
}

fn understand(event: &CommEvent) {
    let content = &event.content;
    let Some(id) = content["comm_id"].as_str() else {
        return eprintln!("a message for a widget without a comm_id: left");
    };
    match event.kind.as_str() {
        "comm_open" => opened(id, &content["target_name"]),
        "comm_msg" => said(id, &content["data"]),
        "comm_close" => {
            let mut controls = CONTROLS.lock().unwrap_or_else(PoisonError::into_inner);
            if !controls.remove(id)
                && let Some(model) = registry::find(id)
            {
                drop(controls);
                model.closed_by_front_end();
            }
        }
        other => eprintln!("a `{other}` for a widget: left"),
    }
}

fn opened(id: &str, target: &Value) {
    if *target == CONTROL {
        let mut controls = CONTROLS.lock().unwrap_or_else(PoisonError::into_inner);
        controls.insert(id.to_owned());
        return;
    }
    if *target == TARGET {
        eprintln!("a front end wants to make a widget of its own: only cells make them");
    } else {
        eprintln!("nothing here listens to the comm target {target}");
    }
    // So that the other side does not wait for an answer.
    let content = json!({"comm_id": id, "data": {}});
    link::publish("comm_close", content, json!({}), &[]);
}

fn said(id: &str, data: &Value) {
    let method = data["method"].as_str().unwrap_or_default();
    if method == "request_states" {
        return send_all_states(id);
    }
    let Some(model) = registry::find(id) else {
        return eprintln!("a `{method}` for a widget that is not there (any more): left");
    };
    match method {
        "update" => {
            let nothing = Map::new();
            let proposed = data["state"].as_object().unwrap_or(&nothing);
            let mut proposed = proposed.clone();
            // Bytes come beside the JSON. No widget takes any by hand, so they
            // are refused below by their name.
            for path in data["buffer_paths"].as_array().into_iter().flatten() {
                if let Some(name) = path[0].as_str() {
                    proposed.entry(name).or_insert(Value::Null);
                }
            }
            model.said_by_front_end(&proposed);
        }
        "request_state" => model.send_state(),
        "custom" if data["content"]["event"] == "click" => model.clicked(),
        // Such as "submit" of a text, whose value has come already.
        "custom" => {}
        other => model.trace(&format!(
            "the front end said `{other}`, which means nothing"
        )),
    }
}

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

//! Tests of the messages on comms.
use super::*;

#[test]
fn a_shown_widget_is_opened_after_all_it_refers_to() {
    link::connect();
    let row = HBox::new((IntSlider::new("n", 0..=9), Checkbox::new("x", true)));
    let rich = crate::Render::render(&row);
    let view: Value = serde_json::from_str(rich.get(widget::VIEW).unwrap()).unwrap();
    assert_eq!(
        view,
        json!({"version_major": 2, "version_minor": 0, "model_id": row.model().id})
    );
    let opened = published();
    let names: Vec<String> = opened
        .iter()
        .map(|m| text(&m.content["data"]["state"]["_model_name"]))
        .collect();
    assert_eq!(
        names,
        [
            "LayoutModel",
            "LayoutModel",
            "SliderStyleModel",
            "IntSliderModel",
            "LayoutModel",
            "CheckboxStyleModel",
            "CheckboxModel",
            "HBoxModel"
        ]
    );
    let known: Vec<String> = opened
        .iter()
        .map(|m| format!("IPY_MODEL_{}", text(&m.content["comm_id"])))
        .collect();
    for (n, message) in opened.iter().enumerate() {
        assert_eq!(message.kind, "comm_open");
        assert_eq!(message.content["target_name"], "jupyter.widget");
        assert_eq!(message.metadata, json!({"version": "2.1.0"}));
        let state = message.content["data"]["state"].as_object().unwrap();
        let references = state.values().flat_map(|value| match value {
            Value::Array(values) => values.clone(),
            value => vec![value.clone()],
        });
        for reference in references.filter_map(|value| value.as_str().map(str::to_owned)) {
            let dangling = reference.starts_with("IPY_MODEL_") && !known[..n].contains(&reference);
            assert!(!dangling, "{reference} is not known yet");
        }
    }
    crate::Render::render(&row);
    assert!(published().is_empty(), "a second view opens nothing again");
}

#[test]
fn every_kind_of_widget_sends_its_whole_state() {
    link::connect();
    let widgets = [
        IntSlider::new("", 0..=1).any(),
        FloatSlider::new("", 0.0..=1.0).any(),
        Dropdown::new("", ["a"]).any(),
        ToggleButtons::new("", ["a"]).any(),
        Checkbox::new("", true).any(),
        Button::new("").any(),
        Play::new(0..=1).any(),
        Text::new("", "").any(),
        Html::new("").any(),
        Label::new("").any(),
        Image::png([1, 2]).any(),
        Tab::new([("a", Label::new(""))]).any(),
        VBox::new([Label::new("")]).any(),
    ];
    widgets.iter().for_each(|widget| {
        widget::view(widget.model());
    });
    let opened = published();
    let schema: Value = serde_json::from_str(include_str!("../schema.json")).unwrap();
    let mut kinds = std::collections::BTreeSet::new();
    for message in &opened {
        let data = &message.content["data"];
        let state = data["state"].as_object().unwrap();
        let kind = text(&state["_model_name"]).replace("Model", "");
        let bytes = data["buffer_paths"].as_array().unwrap();
        let bytes = bytes.iter().map(|path| text(&path[0]));
        let mut sent: Vec<String> = state.keys().cloned().chain(bytes).collect();
        sent.sort_unstable();
        let published: Vec<&String> = schema[&kind].as_object().unwrap().keys().collect();
        assert_eq!(sent.iter().collect::<Vec<_>>(), published, "{kind}");
        for name in published.iter().filter(|name| name.starts_with('_')) {
            let default = &schema[&kind][*name][1];
            if *name != "_options_labels" {
                assert_eq!(state[*name], *default, "{kind}.{name}");
            }
        }
        kinds.insert(kind);
    }
    assert_eq!(kinds.len(), 24, "all but the one-way link: {kinds:?}");
}

#[test]
fn what_the_reader_moves_is_echoed_and_nothing_else_is_said() {
    link::connect();
    let slider = IntSlider::new("n", 0..=100);
    show(&slider);
    moved(slider.model(), json!({"value": 42}));
    assert_eq!(slider.get(), 42);
    assert_eq!(
        said_of(slider.model()),
        [("echo_update".into(), json!({"value": 42}))]
    );
}

#[test]
fn the_echo_of_a_value_that_cannot_be_carries_what_holds() {
    link::connect();
    let slider = IntSlider::new("n", 0..=100).value(5);
    show(&slider);
    moved(slider.model(), json!({"value": 1000}));
    moved(slider.model(), json!({"value": "six"}));
    moved(slider.model(), json!({"max": 7, "value": 8}));
    let echo = |state: Value| ("echo_update".to_owned(), state);
    assert_eq!(
        said_of(slider.model()),
        [
            echo(json!({"value": 100})),
            echo(json!({"value": 100})),
            echo(json!({"max": 100, "value": 8}))
        ]
    );
}

#[test]
fn nonsense_from_a_front_end_is_left() {
    link::connect();
    let zone = Dropdown::new("zone", ["UTC", "CET"]);
    zone.on_change(|_| panic!("nothing has changed"));
    show(&zone);
    let id = &zone.model().id;
    for state in [
        json!({"index": 2}),
        json!({"index": -1}),
        json!({"index": null}),
        json!({"index": 0.5}),
        json!({"nobody": 1}),
        json!({"_options_labels": []}),
        json!({"layout": 3}),
        json!({}),
    ] {
        moved(zone.model(), state);
    }
    for data in [
        json!({}),
        json!(null),
        json!({"method": 3}),
        json!({"method": "update", "state": 7}),
        json!({"method": "update", "state": {}, "buffer_paths": [["index"], 3, [], [[1]]]}),
        json!({"method": "backbone", "sync_data": {"index": 1}}),
        json!({"method": "custom"}),
    ] {
        hear("comm_msg", id, json!({ "data": data }));
    }
    hear(
        "comm_msg",
        "of nobody",
        json!({"data": {"method": "update", "state": {}}}),
    );
    hear("comm_close", "of nobody", json!({}));
    hear("comm_shout", id, json!({}));
    handle(CommEvent {
        kind: "comm_msg".into(),
        content: json!([1]),
        buffers: vec![vec![0]],
    });
    assert_eq!(zone.get(), "UTC");
}

#[test]
fn an_unknown_comm_target_is_closed_again() {
    link::connect();
    for target in ["jupyter.widget", "my.target"] {
        hear(
            "comm_open",
            "abc",
            json!({"target_name": target, "data": {}}),
        );
        let answer = published();
        assert_eq!(answer[0].kind, "comm_close");
        assert_eq!(answer[0].content["comm_id"], "abc");
    }
}

#[test]
fn a_reloaded_page_gets_all_states_at_once_with_their_bytes() {
    link::connect();
    let picture = Image::png([7, 8, 9]);
    let slider = IntSlider::new("n", 0..=9).value(4);
    show(&VBox::new((picture.clone(), slider.clone())));
    hear(
        "comm_open",
        "control",
        json!({"target_name": "jupyter.widget.control", "data": {}}),
    );
    assert!(published().is_empty());
    hear(
        "comm_msg",
        "control",
        json!({"data": {"method": "request_states"}}),
    );
    hear("comm_close", "control", json!({"data": {}}));
    let [answer] = published().try_into().unwrap();
    let data = &answer.content["data"];
    assert_eq!(
        (&answer.content["comm_id"], &data["method"]),
        (&json!("control"), &json!("update_states"))
    );
    let state = &data["states"][&slider.model().id];
    assert_eq!(state["model_name"], "IntSliderModel");
    assert_eq!(state["model_module"], "@jupyter-widgets/controls");
    assert_eq!(state["model_module_version"], "2.0.0");
    assert_eq!(state["state"]["value"], 4);
    let path = json!([picture.model().id, "state", "value"]);
    let paths = data["buffer_paths"].as_array().unwrap();
    let at = paths.iter().position(|known| *known == path).unwrap();
    assert_eq!(answer.buffers[at], [7, 8, 9]);
    assert_eq!(paths.len(), answer.buffers.len());
}

#[test]
fn one_state_can_be_asked_for() {
    link::connect();
    let picture = Image::svg("<svg/>");
    show(&picture);
    let id = &picture.model().id;
    hear("comm_msg", id, json!({"data": {"method": "request_state"}}));
    let [answer] = published().try_into().unwrap();
    assert_eq!(answer.content["data"]["method"], "update");
    assert_eq!(answer.content["data"]["state"]["format"], "svg+xml");
    assert_eq!(answer.content["data"]["buffer_paths"], json!([["value"]]));
    assert_eq!(answer.buffers, [b"<svg/>"]);
}

#[test]
fn new_bytes_travel_beside_the_json() {
    link::connect();
    let picture = Image::png([1]);
    show(&picture);
    picture.set([2, 3]);
    let [update] = published().try_into().unwrap();
    let data = json!({"method": "update", "state": {}, "buffer_paths": [["value"]]});
    assert_eq!(update.content["data"], data);
    assert_eq!(update.buffers, [[2, 3]]);
    assert_eq!(picture.get(), [2, 3]);
}

#[test]
fn a_closed_widget_hears_and_says_no_more() {
    link::connect();
    let slider = IntSlider::new("n", 0..=9);
    show(&slider);
    slider.close();
    assert_eq!(published()[0].kind, "comm_close");
    moved(slider.model(), json!({"value": 3}));
    slider.set(5);
    assert_eq!(widget::view(slider.model()).get(widget::VIEW), None);
    assert!(published().is_empty());
    assert_eq!(slider.get(), 5, "its handle still holds a value");
}

#[test]
fn a_thousand_widgets_come_and_go() {
    link::connect();
    let sliders: Vec<IntSlider> = (0..1000).map(|n| IntSlider::new("n", 0..=n)).collect();
    let column = VBox::new(sliders.clone());
    show(&column);
    for (n, slider) in sliders.iter().enumerate() {
        moved(slider.model(), json!({ "value": n }));
    }
    assert!(
        sliders
            .iter()
            .enumerate()
            .all(|(n, slider)| slider.get() == n as i64)
    );
    published();
    let ids: Vec<String> = sliders
        .iter()
        .map(|slider| slider.model().id.clone())
        .collect();
    column.close();
    drop((column, sliders));
    let closed = published();
    assert_eq!(closed.len(), 2 + 3 * 1000, "each with its layout and style");
    assert!(ids.iter().all(|id| registry::find(id).is_none()));
}

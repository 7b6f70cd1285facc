//! Tests of closures with controls.
use super::*;
use crate::widgets::capture::stdout;
use crate::{EvcxrDisplay, Rich};
use std::time::Instant;

const TEXT: &str = "text/plain";
const SVG: &str = "image/svg+xml";

fn drawn() -> Vec<(String, String)> {
    outputs(TEXT)
}

fn update(text: &str) -> Vec<(String, String)> {
    vec![("update_display_data".to_owned(), text.to_owned())]
}

#[test]
fn the_picture_is_an_output_of_its_own_which_follows_the_slider() {
    link::connect();
    let servers = IntSlider::new("servers", 1..=9).value(3);
    let slider = servers.clone();
    let shown = interact(servers, |n: i64| {
        Rich::text(n).svg(format!("<svg>{n}</svg>"))
    });
    let first: Vec<Published> = published()
        .into_iter()
        .filter(|message| message.kind == "display_data")
        .collect();
    let [controls, picture] = first.try_into().unwrap();
    let data = &controls.content["data"];
    assert_eq!(data[widget::VIEW]["version_major"], 2);
    assert_eq!(data[TEXT], "servers: 3 (1 to 9)");
    assert_eq!(
        data["text/html"],
        "<div><div>servers: <b>3</b> (1 to 9)</div></div>"
    );
    assert_eq!(
        picture.content["data"],
        json!({TEXT: "3", SVG: "<svg>3</svg>"})
    );
    let display_id = &picture.content["transient"]["display_id"];
    assert!(display_id.is_string() && controls.content["transient"] == json!({}));

    moved(slider.model(), json!({"value": 7}));
    let [echo, next] = published().try_into().unwrap();
    assert_eq!(echo.content["data"]["method"], "echo_update");
    assert_eq!(next.kind, "update_display_data");
    assert_eq!(next.content["data"][SVG], "<svg>7</svg>");
    assert_eq!(next.content["transient"]["display_id"], *display_id);
    assert_eq!(shown.values(), (7,));
    shown.evcxr_display();
    assert!(published().is_empty(), "it is shown once");
}

#[test]
fn each_control_gives_a_parameter_of_the_type_asked_for() {
    link::connect();
    let controls = (
        IntSlider::new("a", 0..=9).value(1),
        FloatSlider::new("b", 0.0..=1.0).value(0.5),
        Dropdown::new("c", ["UTC", "CET"]),
        Checkbox::new("d", true),
        Text::new("e", "x"),
        Button::new("f"),
    );
    let (slider, _, zone, _, _, button) = controls.clone();
    interact(
        controls,
        |a: usize, b: f64, c: String, d: bool, e: String, f: u64| {
            format!("{a} {b} {c} {d} {e} {f}")
        },
    );
    assert_eq!(drawn().last().unwrap().1, "1 0.5 UTC true x 0");
    moved(zone.model(), json!({"index": 1}));
    button.click();
    slider.set(2);
    let all: Vec<String> = drawn().into_iter().map(|(_, text)| text).collect();
    assert_eq!(
        all,
        [
            "1 0.5 CET true x 0",
            "1 0.5 CET true x 1",
            "2 0.5 CET true x 1"
        ]
    );
}

#[test]
fn a_borrowed_text_and_a_named_function_are_taken_too() {
    link::connect();
    fn length(zone: &str) -> usize {
        zone.len()
    }
    interact(Dropdown::new("zone", ["UTC"]), |zone: &str| zone.len());
    interact(Dropdown::new("zone", ["UTC"]), length);
    assert_eq!(drawn().iter().filter(|(_, text)| text == "3").count(), 2);
}

#[test]
fn a_panic_is_shown_in_place_and_the_next_move_draws_again() {
    link::connect();
    let slider = IntSlider::new("n", 0..=9);
    interact(slider.clone(), |n: i64| {
        stdout::print("before\n");
        assert!(n != 3, "three < four");
        n
    });
    drawn();
    moved(slider.model(), json!({"value": 3}));
    let shown = outputs("text/html").remove(0).1;
    assert!(
        shown.contains("before") && shown.contains("panicked: three &lt; four"),
        "{shown}"
    );
    assert!(shown.contains("error-color"), "{shown}");
    moved(slider.model(), json!({"value": 4}));
    assert_eq!(drawn(), update("before\n\n4"));
}

#[test]
fn a_value_that_its_parameter_cannot_hold_says_so_in_place() {
    link::connect();
    let slider = IntSlider::new("n", -9..=9).value(-3);
    interact(slider.clone(), |n: usize| n);
    let why = drawn().pop().unwrap().1;
    assert!(
        why.starts_with(
            "panicked: the control's value -3 does not fit into a parameter of type usize"
        ),
        "{why}"
    );
    moved(slider.model(), json!({"value": 4}));
    assert_eq!(drawn(), update("4"));
}

#[test]
fn what_is_printed_and_shown_stands_above_in_order() {
    link::connect();
    let slider = IntSlider::new("n", 0..=9);
    interact(slider.clone(), |n: i64| {
        stdout::print("one\n");
        stdout::print(&crate::emit::frame(&Rich::text("two").html("<b>2</b>")));
        Rich::text(n).svg("<svg/>")
    });
    drawn();
    slider.set(5);
    assert_eq!(
        outputs("text/html")[0].1,
        "<pre>one</pre><b>2</b><div><svg/></div>"
    );
}

#[test]
fn a_closure_that_only_prints_is_a_picture_of_text() {
    link::connect();
    let slider = IntSlider::new("n", 0..=9);
    interact(slider.clone(), |n: i64| {
        if n > 0 {
            stdout::print(&format!("{n}\n"));
        }
    });
    assert_eq!(drawn().last().unwrap().1, "");
    slider.set(5);
    assert_eq!(drawn(), update("5"));
}

#[test]
fn a_closure_may_move_its_own_controls() {
    link::connect();
    let (a, b) = (IntSlider::new("a", 0..=9), IntSlider::new("b", 0..=9));
    let (mine, other) = (a.clone(), b.clone());
    interact((a.clone(), b), move |a: i64, b: i64| {
        other.set(9 - a);
        mine.set(a.min(5));
        format!("{a} {b}")
    });
    drawn();
    moved(a.model(), json!({"value": 7}));
    // The two changes that the closure made cause one more call.
    assert_eq!(
        drawn()
            .into_iter()
            .map(|(_, text)| text)
            .collect::<Vec<_>>(),
        ["7 9", "5 2", "5 4"]
    );
}

#[test]
fn a_page_loaded_again_is_told_how_to_have_its_picture_follow() {
    link::connect();
    let shown = interact(IntSlider::new("n", 0..=9), |n: i64| n);
    published();
    let ask = json!({"data": {"method": "request_states"}});
    hear("comm_msg", "control", ask);
    let states = &published().pop().unwrap().content["data"]["states"];
    let hint = shown.panel().referred("children").pop().unwrap();
    let layout = &hint.referred("layout")[0];
    let text = states[&hint.id]["state"]["value"].as_str().unwrap();
    assert!(text.contains("run the cell again"), "{text}");
    assert_eq!(states[&layout.id]["state"]["display"], Value::Null);
}

#[test]
fn stopping_takes_the_controls_away_and_drops_the_closure() {
    link::connect();
    let slider = IntSlider::new("n", 0..=9);
    let held = std::rc::Rc::new(());
    let in_closure = held.clone();
    let shown = interact(slider.clone(), move |n: i64| {
        let _ = &in_closure;
        n
    });
    published();
    shown.stop();
    assert_eq!(std::rc::Rc::strong_count(&held), 1);
    assert_eq!(published()[0].kind, "comm_close");
    moved(slider.model(), json!({"value": 3}));
    assert!(drawn().is_empty());
}

#[test]
fn a_closure_may_stop_itself() {
    link::connect();
    let slider = IntSlider::new("n", 0..=9);
    let shown = std::rc::Rc::new(std::cell::OnceCell::<Interact<IntSlider>>::new());
    let mine = shown.clone();
    let made = interact(slider.clone(), move |n: i64| {
        mine.get().into_iter().for_each(Interact::stop);
        n
    });
    shown.set(made).unwrap();
    drawn();
    moved(slider.model(), json!({"value": 3}));
    moved(slider.model(), json!({"value": 4}));
    assert_eq!(drawn(), update("3"));
}

#[test]
fn without_a_front_end_nothing_is_published_and_handles_work() {
    let slider = IntSlider::new("n", 0..=9);
    let count = std::rc::Rc::new(std::cell::Cell::new(0));
    let counted = count.clone();
    let shown = interact(slider.clone(), move |n: i64| {
        counted.set(counted.get() + 1);
        Rich::text(n)
    });
    let both = [Rich::text("n: 0 (0 to 9)"), Rich::text("0")];
    assert_eq!(link::static_outputs(), both);
    slider.set(5);
    assert_eq!((count.get(), shown.values()), (1, (5,)));
    let rich = widget::view(slider.model());
    assert_eq!(rich.get(TEXT), Some("n: 5 (0 to 9)"));
    assert_eq!(rich.get(widget::VIEW), None);
}

/// Prints the time with `--nocapture`, and does not assert it.
#[test]
fn a_thousand_moves_of_a_picture_each_draw_once() {
    link::connect();
    let slider = IntSlider::new("n", 0..=1000);
    let svg = format!("<svg>{}</svg>", "<path d='M 0 0'/>".repeat(5000));
    interact(slider.clone(), move |n: i64| Rich::text(n).svg(svg.clone()));
    published();
    let start = Instant::now();
    for n in 1..=1000 {
        moved(slider.model(), json!({ "value": n }));
        assert_eq!(published().len(), 2);
    }
    println!(
        "{:?} a move with a picture of 85 KB",
        start.elapsed() / 1000
    );
}

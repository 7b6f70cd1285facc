//! Tests of when handlers run.
use super::*;
use std::cell::RefCell;
use std::rc::Rc;

type Log<T> = Rc<RefCell<Vec<T>>>;

fn log<T>() -> (Log<T>, Log<T>) {
    let log = Log::default();
    (log.clone(), log)
}

#[test]
fn a_handler_hears_each_new_value_once() {
    link::connect();
    let slider = IntSlider::new("n", 0..=9);
    let (heard, log) = log();
    slider.on_change(move |n| log.borrow_mut().push(n));
    show(&slider);
    for value in [3, 3, 100, 9, 0] {
        moved(slider.model(), json!({ "value": value }));
    }
    slider.set(4);
    slider.set(4);
    assert_eq!(*heard.borrow(), [3, 9, 0, 4]);
}

#[test]
fn a_click_is_an_event_each_time() {
    link::connect();
    let crash = Button::new("Crash it");
    let (heard, log) = log();
    crash.on_click(move || log.borrow_mut().push(()));
    show(&crash);
    let click = json!({"method": "custom", "content": {"event": "click"}});
    for _ in 0..3 {
        hear("comm_msg", &crash.model().id, json!({ "data": click }));
    }
    assert_eq!((heard.borrow().len(), crash.get()), (3, 3));
}

#[test]
fn a_handler_may_change_other_widgets_and_its_own() {
    link::connect();
    let (a, b) = (IntSlider::new("a", 0..=100), IntSlider::new("b", 0..=100));
    show(&VBox::new([a.clone(), b.clone()]));
    let (heard, log) = log();
    let ((mine, other), first) = ((a.clone(), b.clone()), log.clone());
    a.on_change(move |n| {
        first.borrow_mut().push(("a", n));
        other.set(2 * n);
        if n % 10 != 0 {
            mine.set(n + 1);
        }
    });
    b.on_change(move |n| log.borrow_mut().push(("b", n)));
    moved(a.model(), json!({"value": 8}));
    assert_eq!((a.get(), b.get()), (10, 20));
    assert_eq!(
        *heard.borrow(),
        [
            ("a", 8),
            ("b", 16),
            ("a", 9),
            ("b", 18),
            ("a", 10),
            ("b", 20)
        ]
    );
}

#[test]
fn widgets_that_change_each_other_for_ever_are_stopped() {
    link::connect();
    let (a, b) = (IntSlider::new("a", 0..=9), IntSlider::new("b", 0..=9));
    let (to_b, to_a) = (b.clone(), a.clone());
    let (calls, log) = log();
    a.on_change(move |n| {
        log.borrow_mut().push(n);
        to_b.set((n + 1) % 10);
    });
    b.on_change(move |n| to_a.set((n + 1) % 10));
    a.set(1);
    assert_eq!(calls.borrow().len(), 500, "half of a thousand calls");
    a.set(4);
    assert_eq!(calls.borrow().len(), 1000, "and they are called again");
}

#[test]
fn a_handler_that_panics_is_called_again() {
    link::connect();
    let slider = IntSlider::new("n", 0..=9);
    let (heard, log) = log();
    slider.on_change(move |n| {
        assert!(n != 3, "not three");
        log.borrow_mut().push(n);
    });
    show(&slider);
    for value in [2, 3, 4] {
        moved(slider.model(), json!({ "value": value }));
    }
    assert_eq!(*heard.borrow(), [2, 4]);
}

#[test]
fn a_handler_may_close_and_drop_its_own_widget() {
    link::connect();
    let slider = IntSlider::new("n", 0..=9);
    show(&slider);
    let id = slider.model().id.clone();
    let mut mine = Some(slider.clone());
    slider.on_change(move |_| mine.take().expect("called once").close());
    drop(slider);
    let model = registry::find(&id).expect("what is on the page lives");
    moved(&model, json!({"value": 1}));
    moved(&model, json!({"value": 2}));
    assert_eq!(std::sync::Arc::strong_count(&model), 1, "nothing else does");
    drop(model);
    assert!(registry::find(&id).is_none());
}

#[test]
fn a_widget_that_was_never_shown_leaves_nothing_behind() {
    let slider = IntSlider::new("n", 0..=9);
    slider.on_change(|_| {});
    let model = std::sync::Arc::downgrade(slider.model());
    drop(slider);
    assert_eq!(model.strong_count(), 0);
}

#[test]
fn playing_moves_the_slider_and_says_so_once() {
    link::connect();
    let hour = Play::new(0..=23);
    let (heard, log) = log();
    hour.on_change(move |n| log.borrow_mut().push(n));
    show(&hour);
    let [play, slider] = hour.model().referred("children").try_into().unwrap();
    assert_eq!((play.kind.name, slider.kind.name), ("Play", "IntSlider"));
    // The front end's own link moves the slider, so both send their value.
    moved(&play, json!({"value": 1, "playing": true}));
    moved(&slider, json!({"value": 1}));
    moved(&slider, json!({"value": 9}));
    assert_eq!((play.int("value"), hour.get()), (9, 9));
    assert_eq!(*heard.borrow(), [1, 9]);
    let updates = published().into_iter();
    let updates = updates.filter(|m| m.content["data"]["method"] == "update");
    assert_eq!(
        updates.count(),
        0,
        "a late word of it would move things back"
    );
}

#[test]
fn a_link_holds_until_it_is_cut() {
    link::connect();
    let (a, b) = (
        IntSlider::new("a", 0..=9).value(2),
        IntSlider::new("b", 0..=5),
    );
    let link = jslink(&a, &b);
    assert_eq!(b.get(), 2);
    let opened = published();
    let state = &opened.last().unwrap().content["data"]["state"];
    assert_eq!(state["_model_name"], "LinkModel");
    assert_eq!(state["source"], json!([a.model().reference(), "value"]));
    a.set(8);
    assert_eq!((a.get(), b.get()), (5, 5), "as far as both can go");
    link.unlink();
    a.set(1);
    b.set(3);
    assert_eq!((a.get(), b.get()), (1, 3));
    jsdlink(&a, &b);
    b.set(4);
    assert_eq!((a.get(), b.get()), (1, 4), "one way only");
}

#[test]
fn a_change_on_another_thread_is_told_on_the_handlers_own() {
    link::connect();
    let slider = IntSlider::new("n", 0..=9);
    let other = IntSlider::new("other", 0..=9);
    let (heard, log) = log();
    slider.on_change(move |n| log.borrow_mut().push(n));
    show(&VBox::new([slider.clone(), other.clone()]));
    let moved_there = slider.clone();
    let said = std::thread::spawn(move || {
        link::connect();
        moved_there.set(6);
        said_of(moved_there.model())
    });
    assert_eq!(
        said.join().unwrap(),
        [("update".into(), json!({"value": 6}))]
    );
    assert!(heard.borrow().is_empty());
    moved(other.model(), json!({"value": 1}));
    assert_eq!(*heard.borrow(), [6]);
}

#[test]
fn a_handler_registered_where_no_cell_runs_is_not_called() {
    link::connect();
    let slider = IntSlider::new("n", 0..=9);
    show(&slider);
    let there = slider.clone();
    std::thread::spawn(move || {
        link::run_no_cells();
        there.on_change(|_| unreachable!());
        there.set(1);
    })
    .join()
    .unwrap();
    moved(slider.model(), json!({"value": 2}));
    assert_eq!(slider.get(), 2);
}

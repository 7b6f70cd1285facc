//! A closure under controls: it runs again at each move.
use super::controls::{Closure, Controls};
use super::model::{Model, fresh_id};
use super::panics::caught;
use super::widget::{event_of, view};
use super::{boxes, capture, handlers, link};
use crate::rich::TEXT;
use crate::{EvcxrDisplay, Rich};
use serde_json::{Value, json};
use show::outcome::red;
use std::cell::RefCell;
use std::sync::{Arc, Weak};

/// Shows controls and, below them, what `closure` makes of their values, again
/// at each move.
///
/// The closure takes one parameter for each control, with its type written. It
/// returns anything that can be shown (see [`Outcome`](super::Outcome)); what it
/// prints stands above that. If it panics, that is shown in its place, and the
/// next move tries again.
///
/// The picture is an ordinary output of the cell, not part of a widget. So the
/// last one stays in the notebook when it is saved, exported or read on a code
/// host; a figure above which nothing is printed stays an SVG. Where no front end
/// listens, the closure runs once.
///
/// ```
/// use lambda_workbook::notebook::widgets::{Dropdown, IntSlider, interact};
/// let servers = IntSlider::new("servers", 1..=9).value(3);
/// let zone = Dropdown::new("zone", ["UTC", "Asia/Kolkata"]);
/// let shown = interact((servers, zone), |n: usize, zone: String| format!("{n} in {zone}"));
/// assert_eq!(shown.values(), (3, "UTC"));
/// ```
pub fn interact<C, F, P>(controls: C, mut closure: F) -> Interact<C>
where
    C: Controls,
    F: Closure<C::Values, P> + 'static,
{
    let read = controls.clone();
    let draw = Box::new(move || closure.call(read.values()));
    let (panel, handler) = begin(controls.models(), draw);
    Interact {
        controls,
        panel,
        handler,
    }
}

/// A closure under controls, made by [`interact`]. It is shown already, so this
/// shows nothing as the last line of a cell.
#[derive(Clone, Debug)]
pub struct Interact<C> {
    controls: C,
    panel: Arc<Model>,
    handler: Option<u64>,
}

impl<C: Controls> Interact<C> {
    /// The controls, to move them from Rust.
    pub fn controls(&self) -> &C {
        &self.controls
    }

    /// The values of the controls now, as a tuple.
    pub fn values(&self) -> C::Values {
        self.controls.values()
    }

    /// Takes the controls off the page and drops the closure. The last picture
    /// stays.
    pub fn stop(&self) {
        if let Some(handler) = self.handler {
            handlers::stop(handler);
        }
        self.panel.close();
    }
}

#[cfg(test)]
impl<C> Interact<C> {
    pub(super) fn panel(&self) -> &Model {
        &self.panel
    }
}

impl<C> EvcxrDisplay for Interact<C> {
    fn evcxr_display(&self) {}
}

thread_local! {
    static HINTS: RefCell<Vec<Weak<Model>>> = const { RefCell::new(Vec::new()) };
}

/// A page that is loaded again has lost what tells it which output a display id
/// means, while its widgets come back. This line under the controls then says
/// what to do.
fn hidden_hint() -> Arc<Model> {
    let hint = Model::new("HTML");
    for layout in hint.referred("layout") {
        layout.set("display", json!("none"));
    }
    HINTS.with_borrow_mut(|hints| {
        hints.retain(|hint| hint.strong_count() > 0);
        hints.push(Arc::downgrade(&hint));
    });
    hint
}

/// A front end asks for all widgets: it may be a page that was loaded again.
pub(super) fn show_hints() {
    let hints: Vec<_> = HINTS.with_borrow(|hints| hints.iter().filter_map(Weak::upgrade).collect());
    for hint in hints {
        let text = "If the picture below does not follow, run the cell again: \
                    this page was loaded after it.";
        hint.set("value", json!(format!("<small>{text}</small>")));
        for layout in hint.referred("layout") {
            layout.set("display", Value::Null);
        }
    }
}

type Draw = Box<dyn FnMut() -> Option<Rich>>;

/// All of [`interact`] that is the same for every closure, so that a cell does
/// not compile it.
fn begin(models: Vec<[Arc<Model>; 2]>, mut draw: Draw) -> (Arc<Model>, Option<u64>) {
    let views = models.iter().map(|[view, _]| view.clone());
    let panel = boxes::of("VBox", views.chain([hidden_hint()]).collect());
    let controls = view(&panel);
    if !link::connected() {
        link::print_for_good(controls.get(TEXT).unwrap_or_default());
        if let Some(drawn) = drawn(&mut draw) {
            link::show_for_good(&drawn);
        }
        return (panel, None);
    }
    link::publish_output("display_data", &controls, None);
    let display_id = fresh_id();
    let first = picture(&mut draw);
    link::publish_output("display_data", &first, Some(&display_id));
    let watched: Vec<_> = models
        .iter()
        .map(|[_, holder]| (holder, event_of(holder)))
        .collect();
    let redraw = move |_: &Arc<Model>| {
        let next = picture(&mut draw);
        link::publish_output("update_display_data", &next, Some(&display_id));
    };
    let handler = handlers::on(&watched, Box::new(redraw));
    (panel, Some(handler))
}

/// What the closure prints, above what it returns.
fn picture(draw: &mut Draw) -> Rich {
    let (drawn, printed) = capture::captured(|| caught(|| drawn(draw)));
    // Only now that standard output is back may an interrupt end the cell.
    let drawn = drawn.unwrap_or_else(|interrupt| interrupt.go_on());
    let mut parts = capture::parts(&printed);
    parts.extend(drawn);
    match parts.is_empty() {
        true => Rich::text(""),
        false => Rich::stack(&parts),
    }
}

/// What the closure returns, or how it panicked.
fn drawn(draw: &mut Draw) -> Option<Rich> {
    match caught(draw) {
        Ok(drawn) => drawn,
        Err(interrupt) if interrupt.is_interrupt() => interrupt.go_on(),
        Err(panicked) => Some(red(&panicked.told())),
    }
}

//! A closure with controls, which runs again at each change of a control.
use super::controls::{Closure, Controls};
use super::model::{Model, new_id};
use super::panics::caught;
use super::widget::{event_of, view};
use super::{boxes, capture, handlers, link};
use crate::rich::TEXT;
use crate::{EvcxrDisplay, Rich};
use serde_json::{Value, json};
use show::interact_output::red;
use std::cell::RefCell;
use std::sync::{Arc, Weak};

/// Shows controls and, below them, the result of calling `closure` with their values. The closure
/// is called again at each change of a control.
///
/// The closure takes one parameter for each control, whose type must be written. It returns
/// anything that can be shown (see [`InteractOutput`](super::InteractOutput)). What it prints is shown above its
/// result. If it panics, the message is shown instead, and it is called again at the next change.
///
/// The result is an ordinary output of the cell, not part of a widget. So the last one is kept when
/// the notebook is saved, exported, or read on a code host. A figure is stored as SVG if the
/// closure prints nothing. Without a front end, the closure is called once.
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

/// A closure with controls, made by [`interact`]. As the last line of a cell it shows nothing,
/// because [`interact`] has shown it already.
#[derive(Clone, Debug)]
pub struct Interact<C> {
    controls: C,
    /// The box with the controls.
    panel: Arc<Model>,
    /// The number of the handler; `None` without a front end.
    handler: Option<u64>,
}

impl<C: Controls> Interact<C> {
    /// Returns the controls, for example to set them from Rust.
    pub fn controls(&self) -> &C {
        &self.controls
    }

    /// Returns the current values of the controls, as a tuple.
    pub fn values(&self) -> C::Values {
        self.controls.values()
    }

    /// Removes the controls from the page, and drops the closure. The last result stays.
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

/// Creates the hint under the controls, which is hidden at first. When a page is loaded again, its
/// widgets are restored, but it has lost the connection from display ids to outputs, so results
/// cannot be updated. Then [`show_hints`] shows the hint, which says what to do.
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

/// Shows the hints. It is called when a front end requests all widgets, because it may be a page
/// that was loaded again.
pub(super) fn show_hints() {
    let hints: Vec<_> = HINTS.with_borrow(|hints| hints.iter().filter_map(Weak::upgrade).collect());
    for hint in hints {
        let text = "If the output below does not change, run the cell again: \
                    this page was loaded after the cell had run.";
        hint.set("value", json!(format!("<small>{text}</small>")));
        for layout in hint.referred("layout") {
            layout.set("display", Value::Null);
        }
    }
}

/// Calls the closure with the current values of its controls.
type Draw = Box<dyn FnMut() -> Option<Rich>>;

/// The part of [`interact`] that is the same for all closures, so that a cell does not compile it.
/// Returns the box of the controls and the number of the handler.
fn begin(models: Vec<[Arc<Model>; 2]>, mut draw: Draw) -> (Arc<Model>, Option<u64>) {
    let views = models.iter().map(|[view, _]| view.clone());
    let panel = boxes::of("VBox", views.chain([hidden_hint()]).collect());
    let controls = view(&panel);
    // Without a front end: the controls as text, and one result.
    if !link::connected() {
        link::print_static(controls.get(TEXT).unwrap_or_default());
        if let Some(drawn) = drawn(&mut draw) {
            link::show_static(&drawn);
        }
        return (panel, None);
    }
    // Show the controls and the first result.
    link::publish_output("display_data", &controls, None);
    let display_id = new_id();
    let first = picture(&mut draw);
    link::publish_output("display_data", &first, Some(&display_id));
    // Replace the result at each change.
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

/// Calls the closure, and returns what it prints above what it returns.
fn picture(draw: &mut Draw) -> Rich {
    let (drawn, printed) = capture::captured(|| caught(|| drawn(draw)));
    // Standard output is restored, so an interrupt can end the cell now.
    let drawn = drawn.unwrap_or_else(|interrupt| interrupt.resume());
    let mut parts = capture::parts(&printed);
    parts.extend(drawn);
    match parts.is_empty() {
        true => Rich::text(""),
        false => Rich::stack(&parts),
    }
}

/// Calls the closure, and returns its result, or the message of its panic. An interrupt continues to
/// unwind.
fn drawn(draw: &mut Draw) -> Option<Rich> {
    match caught(draw) {
        Ok(drawn) => drawn,
        Err(interrupt) if interrupt.is_interrupt() => interrupt.resume(),
        Err(panicked) => Some(red(&panicked.message())),
    }
}

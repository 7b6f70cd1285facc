//! What all widgets can do.
use super::handlers::{self, Event};
use super::model::Model;
use super::{reading, registry};
use crate::{Render, Rich};
use serde_json::json;
use std::sync::Arc;

/// The MIME type by which a front end draws a widget.
pub(super) const VIEW: &str = "application/vnd.jupyter.widget-view+json";

/// Something that a front end draws: a handle of a [`Model`].
///
/// Clones are handles of the same widget.
pub trait Widget: Clone + Send + Sync + 'static {
    /// The model that is drawn.
    fn model(&self) -> &Arc<Model>;

    /// Greys it out, so that the reader cannot change it.
    fn disabled(self, disabled: bool) -> Self {
        self.model().set("disabled", json!(disabled));
        self
    }

    /// What the pointer shows over it.
    fn tooltip(self, text: &str) -> Self {
        self.model().set("tooltip", json!(text));
        self
    }

    /// Its width in CSS, such as `"300px"` or `"50%"`.
    fn width(self, css: &str) -> Self {
        for layout in self.model().referred("layout") {
            layout.set("width", json!(css));
        }
        self
    }

    /// Takes it off the page; its handlers end.
    fn close(&self) {
        self.model().close();
    }

    /// This widget with its type forgotten, for a list of several kinds.
    fn any(&self) -> AnyWidget {
        AnyWidget(self.model().clone())
    }
}

/// A widget whose type is forgotten.
#[derive(Clone, Debug)]
pub struct AnyWidget(Arc<Model>);

/// A widget with a value, which the reader changes.
pub trait Control: Widget {
    /// What it holds.
    type Value: 'static;

    /// How the value is read from the model that holds it.
    fn reader(&self) -> impl Fn(&Model) -> Self::Value + 'static;

    /// Sets the value, in every front end too, and calls the handlers.
    fn set(&self, value: Self::Value);

    /// The model that holds the value, where that is not the one drawn.
    fn value_model(&self) -> &Arc<Model> {
        self.model()
    }

    /// The value now.
    fn get(&self) -> Self::Value {
        self.reader()(self.value_model())
    }

    /// Has `handler` called with each new value, on the thread that runs the
    /// cells: after the cell, when the reader moves something; at once, when
    /// Rust sets it.
    ///
    /// A handler may change any widget, this one too. What that sets off runs
    /// when it is done. If it panics, that is printed, and it is called again next
    /// time. On another thread than the cells', `on_change` does nothing.
    ///
    /// ```
    /// use lambda_workbook::notebook::widgets::{Control, IntSlider};
    /// let (servers, twice) = (IntSlider::new("servers", 1..=10), IntSlider::new("twice", 2..=20));
    /// let follower = twice.clone();
    /// servers.on_change(move |n| follower.set(2 * n));
    /// servers.set(7);
    /// assert_eq!(twice.get(), 14);
    /// ```
    fn on_change(&self, mut handler: impl FnMut(Self::Value) + 'static) {
        let read = self.reader();
        let run = move |model: &Arc<Model>| handler(read(model));
        let model = self.value_model();
        handlers::on(&[(model, event_of(model))], Box::new(run));
    }

    /// Ends every handler of this widget, that of an [`interact`](super::interact)
    /// too.
    fn unobserve_all(&self) {
        handlers::forget(&self.value_model().id);
    }
}

/// What tells that a model's value is new.
pub(super) fn event_of(model: &Model) -> Event {
    match model.kind.value {
        "" => Event::Click,
        attribute => Event::Change(attribute),
    }
}

impl Widget for AnyWidget {
    fn model(&self) -> &Arc<Model> {
        &self.0
    }
}

/// A model as a cell's output: the live view, where a front end listens, and a
/// text that reads like it, for readers without the kernel.
pub(super) fn view(model: &Arc<Model>) -> Rich {
    let rich = Rich::text(reading::text(model)).html(reading::html(model));
    if !model.open() {
        return rich;
    }
    registry::keep(model);
    let view = json!({"version_major": 2, "version_minor": 0, "model_id": model.id});
    rich.with(VIEW, view.to_string())
}

/// Makes widgets' last line in a cell show them.
macro_rules! shown {
    ($($name:ident $(<$t:ident: $bound:path>)?),+ $(,)?) => {$(
        impl $(<$t: $bound>)? Render for $name $(<$t>)? {
            fn render(&self) -> Rich {
                view(self.model())
            }
        }
    )+};
}

use super::selection::Choice;
use super::{
    Button, Checkbox, Dropdown, FloatSlider, HBox, Html, Image, IntSlider, Label, Play, Tab, Text,
    ToggleButtons, VBox,
};

shown!(
    AnyWidget, Button, Checkbox, Dropdown<T: Choice>, FloatSlider, HBox, Html, Image, IntSlider,
    Label, Play, Tab, Text, ToggleButtons<T: Choice>, VBox,
);

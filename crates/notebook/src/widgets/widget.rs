//! The methods that all widgets have.
use super::handlers::{self, WidgetEvent};
use super::model::Model;
use super::{reading, registry};
use crate::{Render, Rich};
use serde_json::json;
use std::sync::Arc;

/// The MIME type by which a front end draws a widget.
pub(super) const VIEW: &str = "application/vnd.jupyter.widget-view+json";

/// A handle of a [`Model`] that a front end draws. Clones are handles of the same widget.
pub trait Widget: Clone + Send + Sync + 'static {
    /// Returns the model that is drawn.
    fn model(&self) -> &Arc<Model>;

    /// Disables or enables it. The reader cannot change a disabled widget, which is greyed out.
    fn disabled(self, disabled: bool) -> Self {
        self.model().set("disabled", json!(disabled));
        self
    }

    /// Sets the text that is shown when the pointer is over it.
    fn tooltip(self, text: &str) -> Self {
        self.model().set("tooltip", json!(text));
        self
    }

    /// Sets its width in CSS, such as `"300px"` or `"50%"`.
    fn width(self, css: &str) -> Self {
        for layout in self.model().referred("layout") {
            layout.set("width", json!(css));
        }
        self
    }

    /// Removes it from the page, and removes its handlers.
    fn close(&self) {
        self.model().close();
    }

    /// Returns a handle without the widget's type, for a list of widgets of several types.
    fn any(&self) -> AnyWidget {
        AnyWidget(self.model().clone())
    }
}

/// A handle of a widget of any type.
#[derive(Clone, Debug)]
pub struct AnyWidget(Arc<Model>);

/// A widget with a value that the reader can change.
pub trait Control: Widget {
    /// The type of the value.
    type Value: 'static;

    /// Returns a function that reads the value from the model that holds it.
    fn reader(&self) -> impl Fn(&Model) -> Self::Value + 'static;

    /// Sets the value, here and in every front end, and calls the handlers.
    fn set(&self, value: Self::Value);

    /// Returns the model that holds the value. For most widgets it is the model that is drawn.
    fn value_model(&self) -> &Arc<Model> {
        self.model()
    }

    /// Returns the current value.
    fn get(&self) -> Self::Value {
        self.reader()(self.value_model())
    }

    /// Registers a handler that is called with each new value, on the thread that runs the cells.
    /// After a change by the reader it is called when no cell is running; after a change from
    /// Rust it is called at once.
    ///
    /// A handler may change any widget, also its own. The handlers for that change run after it
    /// has returned. If a handler panics, the message is printed, and it is called again at the
    /// next change. On any other thread, `on_change` prints a message and has no effect.
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

    /// Removes all handlers of this widget, including that of an [`interact`](super::interact).
    fn unobserve_all(&self) {
        handlers::forget(&self.value_model().id);
    }
}

/// Returns the event that says that a model's value has changed.
pub(super) fn event_of(model: &Model) -> WidgetEvent {
    match model.kind.value {
        "" => WidgetEvent::Click,
        attribute => WidgetEvent::Change(attribute),
    }
}

impl Widget for AnyWidget {
    fn model(&self) -> &Arc<Model> {
        &self.0
    }
}

/// Returns a model as the output of a cell: text and HTML for readers without a kernel, and the
/// live view if a front end is connected.
pub(super) fn view(model: &Arc<Model>) -> Rich {
    let rich = Rich::text(reading::text(model)).html(reading::html(model));
    if !model.open() {
        return rich;
    }
    registry::keep(model);
    let view = json!({"version_major": 2, "version_minor": 0, "model_id": model.id});
    rich.with(VIEW, view.to_string())
}

/// Implements `Render`, so that a widget in the last line of a cell is shown.
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

//! Checkboxes, buttons and text fields.
use super::model::Model;
use super::{Control, Widget, handlers};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// A checkbox. Its value is whether it is checked.
///
/// ```
/// use lambda_workbook::notebook::widgets::{Checkbox, Control};
/// assert!(Checkbox::new("replicas", true).get());
/// ```
#[derive(Clone, Debug)]
pub struct Checkbox {
    model: Arc<Model>,
}

impl Checkbox {
    /// Creates a checkbox that is checked if `value` is true.
    pub fn new(description: &str, value: bool) -> Checkbox {
        let model = Model::new("Checkbox");
        model.describe(description);
        model.set("value", json!(value));
        Checkbox { model }
    }
}

impl Widget for Checkbox {
    fn model(&self) -> &Arc<Model> {
        &self.model
    }
}

impl Control for Checkbox {
    type Value = bool;

    fn reader(&self) -> impl Fn(&Model) -> bool + 'static {
        |model| model.is("value")
    }

    fn set(&self, value: bool) {
        self.model.set("value", json!(value));
    }
}

/// A button. Its value is the number of times that it was clicked.
///
/// ```
/// use lambda_workbook::notebook::widgets::{Button, Control};
/// let crash = Button::new("Crash it");
/// crash.on_click(|| println!("it is down"));
/// crash.click();
/// assert_eq!(crash.get(), 1);
/// ```
#[derive(Clone, Debug)]
pub struct Button {
    model: Arc<Model>,
}

impl Button {
    /// Creates a button with this text.
    pub fn new(description: &str) -> Button {
        let model = Model::new("Button");
        model.describe(description);
        Button { model }
    }

    /// Sets its style: "primary", "success", "info", "warning" or "danger".
    pub fn button_style(self, style: &str) -> Self {
        self.model.set("button_style", json!(style));
        self
    }

    /// Registers a handler that is called at each click; see [`Control::on_change`].
    pub fn on_click(&self, mut handler: impl FnMut() + 'static) {
        let watched = [(&self.model, handlers::WidgetEvent::Click)];
        handlers::on(&watched, Box::new(move |_| handler()));
    }

    /// Clicks it from Rust.
    pub fn click(&self) {
        self.model.clicked();
    }
}

impl Widget for Button {
    fn model(&self) -> &Arc<Model> {
        &self.model
    }
}

impl Control for Button {
    type Value = u64;

    fn reader(&self) -> impl Fn(&Model) -> u64 + 'static {
        |model| model.clicks.load(Relaxed)
    }

    /// Sets the number of clicks. No handler is called.
    fn set(&self, clicks: u64) {
        self.model.clicks.store(clicks, Relaxed);
    }
}

/// A text field of one line.
///
/// ```
/// use lambda_workbook::notebook::widgets::{Control, Text};
/// let url = Text::new("url", "http://mysite.com/").placeholder("a page");
/// assert_eq!(url.get(), "http://mysite.com/");
/// ```
#[derive(Clone, Debug)]
pub struct Text {
    model: Arc<Model>,
}

impl Text {
    /// Creates a text field that contains `value`.
    pub fn new(description: &str, value: &str) -> Text {
        let model = Model::new("Text");
        model.describe(description);
        model.set("value", json!(value));
        Text { model }
    }

    /// Sets the text that is shown in grey while the field is empty.
    pub fn placeholder(self, text: &str) -> Self {
        self.model.set("placeholder", json!(text));
        self
    }

    /// Chooses when handlers are called: while the reader types (true, the default), or when the
    /// reader presses Enter or leaves the field (false).
    pub fn continuous_update(self, continuous: bool) -> Self {
        self.model.set("continuous_update", json!(continuous));
        self
    }
}

impl Widget for Text {
    fn model(&self) -> &Arc<Model> {
        &self.model
    }
}

impl Control for Text {
    type Value = String;

    fn reader(&self) -> impl Fn(&Model) -> String + 'static {
        |model| model.text("value")
    }

    fn set(&self, value: String) {
        self.model.set("value", json!(value));
    }
}

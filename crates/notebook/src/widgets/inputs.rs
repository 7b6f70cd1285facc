//! A box to tick, a button to press, a line to type.
use super::model::Model;
use super::{Control, Widget, handlers};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// A box that is ticked or not.
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
    /// A box that is ticked if `value`.
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

/// A button to press. Its value is how often that was done.
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
    /// A button with this inscription.
    pub fn new(description: &str) -> Button {
        let model = Model::new("Button");
        model.describe(description);
        Button { model }
    }

    /// Gives it the look of "primary", "success", "info", "warning" or "danger".
    pub fn button_style(self, style: &str) -> Self {
        self.model.set("button_style", json!(style));
        self
    }

    /// Has `handler` called at each press.
    pub fn on_click(&self, mut handler: impl FnMut() + 'static) {
        let watched = [(&self.model, handlers::Event::Click)];
        handlers::on(&watched, Box::new(move |_| handler()));
    }

    /// Presses it from Rust.
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

    /// Sets the count back, or ahead; no handler is called.
    fn set(&self, clicks: u64) {
        self.model.clicks.store(clicks, Relaxed);
    }
}

/// A line of text to type.
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
    /// A line that holds `value`.
    pub fn new(description: &str, value: &str) -> Text {
        let model = Model::new("Text");
        model.describe(description);
        model.set("value", json!(value));
        Text { model }
    }

    /// What stands there, greyed, while it is empty.
    pub fn placeholder(self, text: &str) -> Self {
        self.model.set("placeholder", json!(text));
        self
    }

    /// False waits for Enter.
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

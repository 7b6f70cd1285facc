//! An animated slider.
use super::jslink::Link;
use super::model::Model;
use super::slider::{check_step, set_range};
use super::{Control, IntSlider, Widget};
use serde_json::json;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// A slider with a button that moves it step by step, like an animation.
///
/// Its value is that of the slider. The front end moves the slider at its own pace and does not
/// wait for the kernel.
///
/// ```
/// use lambda_workbook::notebook::widgets::{Control, Play};
/// let hour = Play::new(0..=23).description("hour").interval_ms(200);
/// hour.set(7);
/// assert_eq!(hour.get(), 7);
/// ```
#[derive(Clone, Debug)]
pub struct Play {
    /// The box with the button and the slider.
    row: Arc<Model>,
    /// The button.
    play: Arc<Model>,
    slider: Arc<Model>,
}

impl Play {
    /// Creates an animation from the lower end of a range to the upper one.
    ///
    /// # Panics
    /// If the range is empty, or has numbers beyond 2^53.
    #[track_caller]
    pub fn new(range: RangeInclusive<i64>) -> Play {
        let play = Model::new("Play");
        set_range("Play", "", &play, &range);
        let slider = IntSlider::new("", range).model().clone();
        let link = Link::between("Link", &play, &slider);
        let row = Model::new("HBox");
        row.set("children", json!([play.reference(), slider.reference()]));
        row.refer_to([play.clone(), slider.clone(), link]);
        Play { row, play, slider }
    }

    /// Sets the description in front of the slider.
    pub fn description(self, description: &str) -> Self {
        self.slider.describe(description);
        self
    }

    /// Sets the value. One that is out of range is replaced by the nearest end.
    pub fn value(self, value: i64) -> Self {
        self.set(value);
        self
    }

    /// Sets the distance of one step.
    ///
    /// # Panics
    /// If it is less than 1.
    #[track_caller]
    pub fn step(self, step: i64) -> Self {
        check_step(&self.play, step);
        check_step(&self.slider, step);
        self
    }

    /// Sets the time between two steps in milliseconds; the default is 100.
    pub fn interval_ms(self, interval: u32) -> Self {
        self.play.set("interval", json!(interval));
        self
    }

    /// Sets whether the animation starts again when it has reached the end.
    pub fn repeat(self, repeat: bool) -> Self {
        self.play.set("repeat", json!(repeat));
        self
    }
}

impl Widget for Play {
    fn model(&self) -> &Arc<Model> {
        &self.row
    }

    fn disabled(self, disabled: bool) -> Self {
        self.play.set("disabled", json!(disabled));
        self.slider.set("disabled", json!(disabled));
        self
    }
}

impl Control for Play {
    type Value = i64;

    fn value_model(&self) -> &Arc<Model> {
        &self.slider
    }

    fn reader(&self) -> impl Fn(&Model) -> i64 + 'static {
        |model| model.int("value")
    }

    fn set(&self, value: i64) {
        self.slider.set("value", json!(value));
    }
}

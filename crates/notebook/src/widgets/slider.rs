//! Sliders, with which the reader chooses a number in a range.
use super::model::Model;
use super::{Control, Widget};
use serde_json::json;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The largest whole number up to which all are exact in a front end, where numbers are floats.
const MAX_EXACT: i64 = 1 << 53;

/// A slider over whole numbers.
///
/// ```
/// use lambda_workbook::notebook::widgets::{Control, IntSlider};
/// let servers = IntSlider::new("servers", 1..=100).value(10).step(5);
/// assert_eq!(servers.get(), 10);
/// servers.set(1000); // is clamped to the range
/// assert_eq!(servers.get(), 100);
/// ```
#[derive(Clone, Debug)]
pub struct IntSlider {
    model: Arc<Model>,
}

impl IntSlider {
    /// Creates a slider with its value at the lower end of the range.
    ///
    /// # Panics
    /// If the range is empty, or has numbers beyond 2^53, which a front end cannot represent
    /// exactly.
    #[track_caller]
    pub fn new(description: &str, range: RangeInclusive<i64>) -> IntSlider {
        let model = Model::new("IntSlider");
        set_range("IntSlider", description, &model, &range);
        IntSlider { model }
    }

    /// Sets the value. One that is out of range is replaced by the nearest end.
    pub fn value(self, value: i64) -> Self {
        self.set(value);
        self
    }

    /// Sets the distance that one key press moves the slider.
    ///
    /// # Panics
    /// If it is less than 1.
    #[track_caller]
    pub fn step(self, step: i64) -> Self {
        check_step(&self.model, step);
        self
    }

    /// Chooses when handlers are called while the reader drags the slider: continuously (true, the
    /// default), or only when the reader releases it (false).
    pub fn continuous_update(self, continuous: bool) -> Self {
        self.model.set("continuous_update", json!(continuous));
        self
    }
}

/// Sets the range of a model with `min` and `max`, and its value to the lower end. `name` and `of`
/// name the widget in a panic.
#[track_caller]
pub(super) fn set_range(name: &str, of: &str, model: &Arc<Model>, range: &RangeInclusive<i64>) {
    let (min, max) = (*range.start(), *range.end());
    assert!(
        min <= max,
        "{name} `{of}`: the range {min}..={max} is empty; did you mean {max}..={min}?"
    );
    assert!(
        min >= -MAX_EXACT && max <= MAX_EXACT,
        "{name} `{of}`: the range {min}..={max} has numbers beyond {MAX_EXACT}, which a front end \
         cannot represent exactly; use a smaller range"
    );
    model.describe(of);
    model.set("min", json!(min));
    model.set("max", json!(max));
    model.set("value", json!(min));
}

/// Sets the step of a model.
///
/// # Panics
/// If it is less than 1.
#[track_caller]
pub(super) fn check_step(model: &Arc<Model>, step: i64) {
    let (name, of) = (model.kind.name, model.text("description"));
    assert!(
        step >= 1,
        "{name} `{of}`: a step must be 1 or more, not {step}"
    );
    model.set("step", json!(step));
}

/// A slider over real numbers.
///
/// ```
/// use lambda_workbook::notebook::widgets::{Control, FloatSlider};
/// let loss = FloatSlider::new("loss", 0.0..=1.0).value(0.2).step(0.05);
/// assert_eq!(loss.get(), 0.2);
/// ```
#[derive(Clone, Debug)]
pub struct FloatSlider {
    model: Arc<Model>,
}

impl FloatSlider {
    /// Creates a slider with its value at the lower end of the range, and a step of about a
    /// hundredth of the range.
    ///
    /// # Panics
    /// If the range is empty or not finite.
    #[track_caller]
    pub fn new(description: &str, range: RangeInclusive<f64>) -> FloatSlider {
        let (min, max) = (*range.start(), *range.end());
        assert!(
            min.is_finite() && max.is_finite(),
            "FloatSlider `{description}`: a range needs two finite ends, not {min}..={max}"
        );
        assert!(
            min <= max,
            "FloatSlider `{description}`: the range {min}..={max} is empty; did you mean {max}..={min}?"
        );
        let model = Model::new("FloatSlider");
        model.describe(description);
        model.set("min", json!(min));
        model.set("max", json!(max));
        model.set("value", json!(min));
        let hundredth = round_step((max - min) / 100.0);
        FloatSlider { model }.step(hundredth)
    }

    /// Sets the value. One that is out of range is replaced by the nearest end, and NaN is
    /// ignored.
    pub fn value(self, value: f64) -> Self {
        self.set(value);
        self
    }

    /// Sets the distance that one key press moves the slider. The number beside the slider is shown
    /// with as many decimals as the step has, but at least 2 and at most 12.
    ///
    /// # Panics
    /// If it is not a positive finite number.
    #[track_caller]
    pub fn step(self, step: f64) -> Self {
        let of = self.model.text("description");
        assert!(
            step > 0.0 && step.is_finite(),
            "FloatSlider `{of}`: a step must be more than 0, not {step}"
        );
        self.model.set("step", json!(step));
        let digits = format!("{step}")
            .split_once('.')
            .map_or(0, |(_, d)| d.len());
        let format = match digits {
            0..=2 => ".2f".to_owned(),
            digits => format!(".{}f", digits.min(12)),
        };
        self.model.set("readout_format", json!(format));
        self
    }

    /// Chooses when handlers are called while the reader drags the slider: continuously (true, the
    /// default), or only when the reader releases it (false).
    pub fn continuous_update(self, continuous: bool) -> Self {
        self.model.set("continuous_update", json!(continuous));
        self
    }
}

/// Rounds a step down to 1, 2 or 5 times a power of ten. Returns 0.1 for a step of 0.
fn round_step(step: f64) -> f64 {
    if step <= 0.0 {
        return 0.1;
    }
    let power = step.log10().floor() as i32;
    let leading = step / 10f64.powi(power);
    let digit = match leading {
        l if l >= 5.0 => 5,
        l if l >= 2.0 => 2,
        _ => 1,
    };
    // The number is parsed from text, because 2.0 * 10f64.powi(-3) is not exactly 0.002.
    format!("{digit}e{power}").parse().unwrap_or(step)
}

impl Widget for IntSlider {
    fn model(&self) -> &Arc<Model> {
        &self.model
    }
}

impl Control for IntSlider {
    type Value = i64;

    fn reader(&self) -> impl Fn(&Model) -> i64 + 'static {
        |model| model.int("value")
    }

    fn set(&self, value: i64) {
        self.model.set("value", json!(value));
    }
}

impl Widget for FloatSlider {
    fn model(&self) -> &Arc<Model> {
        &self.model
    }
}

impl Control for FloatSlider {
    type Value = f64;

    fn reader(&self) -> impl Fn(&Model) -> f64 + 'static {
        |model| model.float("value")
    }

    /// NaN is ignored, with a message on standard error.
    fn set(&self, value: f64) {
        if value.is_nan() {
            return self
                .model
                .trace("NaN cannot be the value of a slider; it is unchanged");
        }
        let (min, max) = (self.model.float("min"), self.model.float("max"));
        self.model.set("value", json!(value.clamp(min, max)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::panics::caught;

    fn refused(make: impl FnOnce() -> IntSlider) -> String {
        caught(make).unwrap_err().message()
    }

    #[test]
    fn a_range_the_wrong_way_round_says_how_to_turn_it() {
        assert_eq!(
            refused(|| IntSlider::new("servers", RangeInclusive::new(10, 1))),
            "panicked: IntSlider `servers`: the range 10..=1 is empty; did you mean 1..=10?"
        );
        let float = caught(|| FloatSlider::new("loss", RangeInclusive::new(1.0, 0.0)));
        assert!(float.unwrap_err().message().contains("did you mean 0..=1?"));
    }

    #[test]
    fn a_range_that_no_front_end_can_count_is_refused() {
        assert!(refused(|| IntSlider::new("n", 0..=i64::MAX)).contains("9007199254740992"));
        assert!(caught(|| FloatSlider::new("x", f64::NAN..=1.0)).is_err());
        assert!(caught(|| FloatSlider::new("x", 0.0..=f64::INFINITY)).is_err());
    }

    #[test]
    fn a_step_of_nothing_is_refused_by_the_widgets_name() {
        assert_eq!(
            refused(|| IntSlider::new("n", 0..=9).step(0)),
            "panicked: IntSlider `n`: a step must be 1 or more, not 0"
        );
        assert!(caught(|| FloatSlider::new("x", 0.0..=1.0).step(f64::NAN)).is_err());
    }

    #[test]
    fn a_value_out_of_range_goes_to_the_nearest_end() {
        assert_eq!(IntSlider::new("n", -3..=9).value(-100).get(), -3);
        let loss = FloatSlider::new("loss", 0.0..=1.0).value(f64::INFINITY);
        assert_eq!(loss.get(), 1.0);
        loss.set(f64::NAN);
        assert_eq!(loss.get(), 1.0);
    }

    #[test]
    fn steps_are_round_and_the_readout_shows_their_digits() {
        assert_eq!(round_step(0.01), 0.01);
        assert_eq!(round_step(0.0037), 0.002);
        assert_eq!(round_step(7.0), 5.0);
        let fine = FloatSlider::new("loss", 0.0..=0.3);
        assert_eq!(fine.model.float("step"), 0.002);
        assert_eq!(fine.model.text("readout_format"), ".3f");
    }
}

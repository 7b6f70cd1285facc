//! Sliders: a number in a range.
use super::model::Model;
use super::{Control, Widget};
use serde_json::json;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// A front end counts in floating point: whole numbers up to here are exact.
const EXACT: i64 = 1 << 53;

/// A slider over whole numbers.
///
/// ```
/// use lambda_workbook::notebook::widgets::{Control, IntSlider};
/// let servers = IntSlider::new("servers", 1..=100).value(10).step(5);
/// assert_eq!(servers.get(), 10);
/// servers.set(1000); // as far as it goes
/// assert_eq!(servers.get(), 100);
/// ```
#[derive(Clone, Debug)]
pub struct IntSlider {
    model: Arc<Model>,
}

impl IntSlider {
    /// A slider that starts at the lower end.
    ///
    /// # Panics
    /// If the range is empty, or reaches beyond 2^53, where a front end cannot
    /// count.
    #[track_caller]
    pub fn new(description: &str, range: RangeInclusive<i64>) -> IntSlider {
        let model = Model::new("IntSlider");
        set_range("IntSlider", description, &model, &range);
        IntSlider { model }
    }

    /// Where it stands; out of range means the nearest end.
    pub fn value(self, value: i64) -> Self {
        self.set(value);
        self
    }

    /// The distance of one key press.
    ///
    /// # Panics
    /// If it is not 1 or more.
    #[track_caller]
    pub fn step(self, step: i64) -> Self {
        check_step(&self.model, step);
        self
    }

    /// False waits until the reader lets go of the handle.
    pub fn continuous_update(self, continuous: bool) -> Self {
        self.model.set("continuous_update", json!(continuous));
        self
    }
}

/// Gives a model with `min` and `max` its range and its lower end as value.
#[track_caller]
pub(super) fn set_range(name: &str, of: &str, model: &Arc<Model>, range: &RangeInclusive<i64>) {
    let (min, max) = (*range.start(), *range.end());
    assert!(
        min <= max,
        "{name} `{of}`: the range {min}..={max} is empty; did you mean {max}..={min}?"
    );
    assert!(
        min >= -EXACT && max <= EXACT,
        "{name} `{of}`: a front end cannot count beyond {EXACT}; the range is {min}..={max}"
    );
    model.describe(of);
    model.set("min", json!(min));
    model.set("max", json!(max));
    model.set("value", json!(min));
}

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
    /// A slider that starts at the lower end and steps by about a hundredth of
    /// the range.
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

    /// Where it stands; out of range means the nearest end.
    pub fn value(self, value: f64) -> Self {
        self.set(value);
        self
    }

    /// The distance of one key press. The number beside the slider shows as many
    /// digits as the step has.
    ///
    /// # Panics
    /// If it is not more than 0.
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

    /// False waits until the reader lets go of the handle.
    pub fn continuous_update(self, continuous: bool) -> Self {
        self.model.set("continuous_update", json!(continuous));
        self
    }
}

/// The next lower of 1, 2 and 5, times a power of ten.
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
    // Through text, for 2 * 10^-3 is not 0.002.
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

    /// NaN has no place on a slider and leaves it where it is.
    fn set(&self, value: f64) {
        if value.is_nan() {
            return self.model.trace("NaN has no place on a slider");
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
        caught(make).unwrap_err().told()
    }

    #[test]
    fn a_range_the_wrong_way_round_says_how_to_turn_it() {
        assert_eq!(
            refused(|| IntSlider::new("servers", RangeInclusive::new(10, 1))),
            "panicked: IntSlider `servers`: the range 10..=1 is empty; did you mean 1..=10?"
        );
        let float = caught(|| FloatSlider::new("loss", RangeInclusive::new(1.0, 0.0)));
        assert!(float.unwrap_err().told().contains("did you mean 0..=1?"));
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

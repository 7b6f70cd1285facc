//! Converts values to pixels, and chooses the ticks of an axis.
use crate::table::grouped;

/// A linear scale from values to pixels.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// The value at `pixel_from`.
    pub from: f64,
    /// The value at `pixel_to`.
    pub to: f64,
    /// The pixel at which the axis begins.
    pub pixel_from: i32,
    /// The pixel at which the axis ends.
    pub pixel_to: i32,
}

impl Scale {
    /// Returns the pixel of a value; `pixel_from` if the axis covers a single value.
    pub fn at(&self, value: f64) -> i32 {
        let span = self.to - self.from;
        let share = if span == 0.0 {
            0.0
        } else {
            (value - self.from) / span
        };
        self.pixel_from + (share * f64::from(self.pixel_to - self.pixel_from)).round() as i32
    }
}

/// Returns the values of ticks: about `wanted` round values at equal distances. The first is at
/// most `low`, and the last at least `high`.
pub fn ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let span = if high > low {
        high - low
    } else {
        high.abs().max(1.0)
    };
    let rough = span / wanted.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|m| m * power);
    let step = steps
        .into_iter()
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(10.0 * power);
    let first = (low / step).floor() as i64;
    let last = (low.max(high) / step).ceil().max(first as f64 + 1.0) as i64;
    (first..=last).map(|n| n as f64 * step).collect()
}

/// Returns the label of a tick, with digits in groups and at most four decimals.
pub fn tick_label(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return grouped(value as i64);
    }
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_enclose_the_range() {
        assert_eq!(
            ticks(0.0, 899_778.0, 4),
            [0.0, 250_000.0, 500_000.0, 750_000.0, 1_000_000.0]
        );
        assert_eq!(
            ticks(0.0, 1.0, 5),
            [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]
        );
        assert_eq!(ticks(-3.0, 4.0, 2), [-5.0, 0.0, 5.0]);
    }

    #[test]
    fn a_range_of_nothing_still_has_ticks() {
        assert!(ticks(0.0, 0.0, 4).len() >= 2);
        assert!(ticks(7.0, 7.0, 4).len() >= 2);
    }

    #[test]
    fn labels_have_no_noise() {
        assert_eq!(tick_label(0.6000000000000001), "0.6");
        assert_eq!(tick_label(250_000.0), "250,000");
    }

    #[test]
    fn a_scale_without_span_is_finite() {
        let scale = Scale {
            from: 1.0,
            to: 1.0,
            pixel_from: 10,
            pixel_to: 20,
        };
        assert_eq!(scale.at(1.0), 10);
    }
}

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
        self.pixel_from + self.pixels_to(value).round() as i32
    }

    /// Returns the place of a value in pixels, with a fraction; `pixel_from` if the axis covers a
    /// single value.
    pub fn exact(&self, value: f64) -> f64 {
        f64::from(self.pixel_from) + self.pixels_to(value)
    }

    /// Returns the distance of a value from the beginning of the axis, in pixels.
    fn pixels_to(&self, value: f64) -> f64 {
        let span = self.to - self.from;
        let share = if span == 0.0 {
            0.0
        } else {
            (value - self.from) / span
        };
        share * f64::from(self.pixel_to - self.pixel_from)
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

/// Returns the values of ticks on a logarithmic axis: powers of ten, and between them twice and five
/// times as much if there are at most two of them. The first is at most `low`, which must be more
/// than 0, and the last at least `high`.
pub fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    let low = low.max(f64::MIN_POSITIVE);
    let high = high.max(low);
    let first = low.log10().floor() as i32;
    let last = (high.log10().ceil() as i32).max(first + 1);
    let steps: &[f64] = match last - first {
        ..=2 => &[1.0, 2.0, 5.0],
        _ => &[1.0],
    };
    let power = |power: i32| steps.iter().map(move |step| step * 10f64.powi(power));
    let all: Vec<f64> = (first..=last).flat_map(power).collect();
    // Leave out what is before the last one that is at most `low`, and after the first one that is at
    // least `high`.
    let from = all.iter().rposition(|tick| *tick <= low).unwrap_or(0);
    let from = from.min(all.len() - 2);
    let until = all.iter().position(|tick| *tick >= high);
    let until = until.unwrap_or(all.len() - 1).max(from + 1);
    all[from..=until].to_vec()
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
    fn ticks_of_a_logarithmic_axis_are_powers_of_ten_or_a_part_of_one() {
        assert_eq!(log_ticks(0.05, 31.1), [0.01, 0.1, 1.0, 10.0, 100.0]);
        assert_eq!(log_ticks(0.7, 8.7), [0.5, 1.0, 2.0, 5.0, 10.0]);
        assert_eq!(log_ticks(1.0, 1.0), [1.0, 2.0]);
        assert!(log_ticks(0.0, 5.0).len() >= 2);
    }

    #[test]
    fn a_place_has_a_fraction_and_a_pixel_has_none() {
        let scale = Scale {
            from: 0.0,
            to: 8.0,
            pixel_from: 10,
            pixel_to: 20,
        };
        assert_eq!((scale.at(1.0), scale.exact(1.0)), (11, 11.25));
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

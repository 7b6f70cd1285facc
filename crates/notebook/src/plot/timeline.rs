//! Timelines: buckets in time above the local days of several zones, so that the reader can see
//! where a local day begins.
use super::canvas::{ABOVE, AFTER, BEFORE, Canvas, ON, draw};
use super::scale::{Scale, tick_label, ticks};
use super::style::{INK, LABEL, series as colour, text_width};
use super::{Figure, WIDTH, data};
use crate::time;
use calendar::{local_day_start, next_local_day};
use chrono_tz::Tz;
use plotters::style::Color;
use polars::prelude::{DataFrame, PolarsResult, polars_bail};
use std::collections::BTreeMap;

/// Starts a timeline with a bar at each instant of column `ts` (epoch seconds), as high as column
/// `y`. Below the bars there is a row with the local days of each zone.
pub fn timeline(frame: &DataFrame, ts: &str, y: &str) -> Timeline {
    Timeline {
        frame: frame.clone(),
        ts: ts.to_owned(),
        y: y.to_owned(),
        by: None,
        bucket_secs: 3_600,
        zones: vec![Tz::UTC],
        title: format!("{y} in time"),
    }
}

/// The builder of a timeline; see [`timeline`].
#[derive(Clone)]
#[must_use = "end it with .figure()?"]
pub struct Timeline {
    frame: DataFrame,
    ts: String,
    y: String,
    by: Option<String>,
    bucket_secs: i64,
    zones: Vec<Tz>,
    title: String,
}

/// The pixel at which the time axis begins.
const LEFT: i32 = 160;
/// The pixel at which the time axis ends.
const RIGHT: i32 = WIDTH as i32 - 10;
/// Height of a row of days in pixels.
const LANE: i32 = 26;
/// The longest time whose days fit on a row, in seconds.
const MAX_SECS: i64 = 120 * 86_400;

/// The largest number of bars from which a line leads down to the days.
const MAX_GUIDES: usize = 12;

/// For each instant, the value of each series.
type Stacks = BTreeMap<i64, Vec<f64>>;

impl Timeline {
    /// Stacks the values of `column` in each bar.
    pub fn by(mut self, column: &str) -> Self {
        self.by = Some(column.to_owned());
        self
    }

    /// Sets the length of a bucket in seconds; the default is an hour.
    pub fn bucket_secs(mut self, secs: i64) -> Self {
        self.bucket_secs = secs.max(1);
        self
    }

    /// Sets the zones whose days are shown; the default is UTC.
    pub fn zones(mut self, zones: &[Tz]) -> Self {
        self.zones = zones.to_vec();
        self
    }

    /// Sets the title.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Draws the chart. Negative values are drawn as 0.
    ///
    /// # Errors
    /// If a column does not exist or has another type, if there is no row with a timestamp and a
    /// value, or if the data cover more than 120 days.
    pub fn figure(self) -> PolarsResult<Figure> {
        let (stacks, names) = self.stacks()?;
        let (Some((first, _)), Some((last, _))) =
            (stacks.first_key_value(), stacks.last_key_value())
        else {
            polars_bail!(NoData: "a timeline needs at least one row with a timestamp");
        };
        if last - first > MAX_SECS {
            polars_bail!(InvalidOperation: "a timeline shows at most 120 days, but the data cover {}; filter the rows, or use plot::lines", (last - first) / 86_400);
        }
        // The axis begins and ends with whole local days of all zones.
        let starts = self.zones.iter().map(|zone| local_day_start(*first, *zone));
        let from = starts.min().unwrap_or(*first);
        let ends = self.zones.iter().map(|zone| next_local_day(*last, *zone));
        let to = ends.max().unwrap_or(*last).max(last + self.bucket_secs);
        let svg = self.drawn(&stacks, data::legend(&names), from, to);
        Ok(Figure::new(
            svg,
            &self.title,
            &self.as_text(&stacks, &names),
        ))
    }

    /// Reads the columns of the frame. Returns the bars and the names of the series.
    fn stacks(&self) -> PolarsResult<(Stacks, Vec<String>)> {
        let ts = self.frame.column(&self.ts)?.i64()?;
        let values = data::numbers(&self.frame, &self.y)?;
        let (members, names) = data::series(&self.frame, self.by.as_deref())?;
        let mut stacks = Stacks::new();
        for ((ts, value), member) in ts.iter().zip(values).zip(members) {
            if let (Some(ts), Some(value)) = (ts, value) {
                stacks.entry(ts).or_insert_with(|| vec![0.0; names.len()])[member] +=
                    value.max(0.0);
            }
        }
        Ok((stacks, names))
    }

    /// Draws the picture from one instant to another.
    fn drawn(&self, stacks: &Stacks, legend: &[String], from: i64, to: i64) -> String {
        // The layout from top to bottom: title, legend, bars, and a row of days for each zone.
        let top = if legend.is_empty() { 66 } else { 90 };
        let bottom = top + 150;
        let lanes = bottom + 14;
        let height = lanes + LANE * self.zones.len() as i32 + 10;
        let totals = stacks.values().map(|stack| stack.iter().sum());
        let marks = ticks(0.0, data::range_with_zero(totals).1, 3);
        let up = Scale {
            from: 0.0,
            to: marks[marks.len() - 1],
            pixel_from: bottom,
            pixel_to: top,
        };
        let along = Scale {
            from: from as f64,
            to: to as f64,
            pixel_from: LEFT,
            pixel_to: RIGHT,
        };
        draw((WIDTH, height as u32), |canvas| {
            canvas.title(&self.title, (8, 16));
            canvas.legend(legend, (8, 42));
            canvas.axis_name(&self.y, (LEFT - 8, top - 20));
            for mark in &marks {
                let y = up.at(*mark);
                canvas.path(vec![(LEFT, y), (RIGHT, y)], INK.mix(0.3), 1);
                canvas.label(&tick_label(*mark), (LEFT - 8, y), BEFORE);
            }
            // Lines from the bars down to the days, unless there are too many bars.
            let guided = if stacks.len() <= MAX_GUIDES {
                stacks.len()
            } else {
                0
            };
            let middle = |ts: &i64| along.at((ts + self.bucket_secs / 2) as f64);
            let guides: Vec<i32> = stacks.keys().take(guided).map(middle).collect();
            for (lane, zone) in self.zones.iter().enumerate() {
                let y = lanes + LANE * lane as i32;
                canvas.label(
                    &format!("day in {}", short_zone(*zone)),
                    (8, y + LANE / 2 - 2),
                    AFTER,
                );
                let lane = Lane {
                    zone: *zone,
                    from,
                    to,
                    top: y,
                    bottom: y + LANE - 4,
                };
                lane.draw(canvas, &along, &guides);
            }
            for x in guides {
                canvas.path(vec![(x, bottom), (x, height - 12)], INK.mix(1.0), 2);
            }
            self.bars(canvas, stacks, &along, &up);
        })
    }

    /// Draws the bars, and their totals where these overlap neither each other nor a neighbour.
    fn bars(&self, canvas: &Canvas, stacks: &Stacks, along: &Scale, up: &Scale) {
        let mut free_from = i32::MIN;
        for (ts, stack) in stacks {
            let x = along.at(*ts as f64);
            let end = along.at((ts + self.bucket_secs) as f64).max(x + 3);
            let mut sum = 0.0;
            for (member, value) in stack.iter().enumerate() {
                let (low, high) = (up.at(sum), up.at(sum + value));
                canvas.fill((x, high), (end, low), colour(member).mix(1.0));
                sum += value;
            }
            let label = tick_label(sum);
            let (middle, half) = ((x + end) / 2, text_width(&label, LABEL) / 2);
            // A neighbour that is higher would stand behind the label.
            let beside = |step: i64| stacks.get(&(ts + step * self.bucket_secs));
            let wide = half <= (end - x) / 2 || [-1, 1].iter().all(|step| beside(*step).is_none());
            if wide && middle - half > free_from && middle + half < WIDTH as i32 {
                canvas.label(&label, (middle, up.at(sum) - 2), ABOVE);
                free_from = middle + half + 6;
            }
        }
    }

    /// Returns the first 20 bars as text, with their times in all zones.
    fn as_text(&self, stacks: &Stacks, names: &[String]) -> String {
        let mut text = String::new();
        for (ts, stack) in stacks.iter().take(20) {
            for (name, value) in names.iter().zip(stack) {
                let amount = format!("{name} {}", tick_label(*value));
                text.push_str(amount.trim_start());
                text.push_str(" at");
                for zone in &self.zones {
                    text.push_str(&format!(" | {}", time::wall_clock(*ts, *zone)));
                }
                text.push('\n');
            }
        }
        text
    }
}

/// The row with the local days of a zone, from one instant to another.
struct Lane {
    zone: Tz,
    /// The first epoch second.
    from: i64,
    /// The epoch second after the last one.
    to: i64,
    top: i32,
    bottom: i32,
}

impl Lane {
    /// Draws the days, every other one in a darker tint. A day has its date if there is room for it
    /// beside the guides, which are the x positions of the lines from the bars.
    fn draw(&self, canvas: &Canvas, along: &Scale, guides: &[i32]) {
        let mut start = local_day_start(self.from, self.zone);
        let mut tinted = start.div_euclid(86_400) % 2 == 0;
        while start < self.to {
            let end = next_local_day(start, self.zone);
            let left = along.at(start.max(self.from) as f64);
            let right = along.at(end.min(self.to) as f64);
            let tint = INK.mix(if tinted { 0.24 } else { 0.08 });
            canvas.fill((left, self.top), (right, self.bottom), tint);
            canvas.path(vec![(left, self.top), (left, self.bottom)], INK.mix(1.0), 1);
            let names = ["%a %b %-d", "%b %-d", "%-d"].map(|p| time::format(start, self.zone, p));
            let places = names
                .iter()
                .find_map(|name| Some((name, room(name, left, right, guides)?)));
            if let Some((name, x)) = places {
                canvas.label(name, (x, (self.top + self.bottom) / 2), ON);
            }
            (start, tinted) = (end, !tinted);
        }
    }
}

/// Returns the x position of a text between two pixels where it touches no guide: in the middle, or
/// at one of the ends. `None` if there is no room.
fn room(text: &str, left: i32, right: i32, guides: &[i32]) -> Option<i32> {
    let half = text_width(text, LABEL) / 2 + 3;
    let places = [(left + right) / 2, left + half, right - half];
    places.into_iter().find(|x| {
        let clear = |guide: &i32| (guide - x).abs() > half;
        x - half >= left && x + half <= right && guides.iter().all(clear)
    })
}

/// Returns the last part of a zone's name, such as "Los Angeles".
fn short_zone(zone: Tz) -> String {
    zone.name()
        .rsplit('/')
        .next()
        .unwrap_or(zone.name())
        .replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;
    use show::picture::assert_sound;

    #[test]
    fn timeline_of_the_trap() {
        let frame = df!(
            "ts" => [1_438_624_800i64, 1_438_624_800, 1_438_912_800, 1_438_912_800],
            "url" => ["mysite.com/", "mysite.com/blog", "mysite.com/", "mysite.com/blog"],
            "page views" => [101_212i64, 101_732, 300_054, 899_778],
        )
        .unwrap();
        let zones = [Tz::UTC, Tz::America__Los_Angeles];
        let figure = timeline(&frame, "ts", "page views")
            .by("url")
            .zones(&zones)
            .title("One hour, two days")
            .figure()
            .unwrap();
        assert_sound(&figure);
        assert!(figure.svg().contains("Thu Aug 6"));
        assert!(figure.svg().contains("1,199,832"));
    }

    #[test]
    fn a_span_too_long_is_refused_with_the_remedy() {
        let frame = df!("ts" => [0i64, 1_000_000_000], "n" => [1i64, 1]).unwrap();
        let error = timeline(&frame, "ts", "n")
            .figure()
            .unwrap_err()
            .to_string();
        assert!(error.contains("plot::lines"), "{error}");
    }
}

//! Timelines: buckets in time above the local days of several zones, so that the reader can see
//! where a local day begins.
use super::canvas::{ABOVE, AFTER, BEFORE, BELOW, Canvas, ON, draw};
use super::scale::{Scale, tick_label, ticks};
use super::style::{INK, LABEL, marked, series as colour, text_width};
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
        tight: false,
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
    /// Whether the axis covers the bars alone.
    tight: bool,
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

    /// Lets the axis cover the bars alone; without this, it covers the whole local days in which they
    /// lie. Up to two days have the hours of the first zone below the bars.
    ///
    /// ```
    /// use lambda_workbook::prelude::*;
    /// let evening = df!("ts" => [1_438_880_400i64, 1_438_884_000], "n" => [389i64, 278])?;
    /// let zones = [Tz::UTC, chrono_tz::Asia::Kolkata];
    /// let figure = plot::timeline(&evening, "ts", "n").zones(&zones).tight().figure()?;
    /// assert!(figure.svg().contains("18:00"));
    /// assert!(figure.svg().contains("an hour in which a day of Kolkata begins"));
    /// # Ok::<(), PolarsError>(())
    /// ```
    pub fn tight(mut self) -> Self {
        self.tight = true;
        self
    }

    /// Sets the title.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Draws the chart. Negative values are drawn as 0. A bar in the middle of which a day of one of the
    /// zones begins has a colour of its own, if there is one series.
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
        // The axis begins and ends with whole local days of all zones, or with the bars.
        let starts = self.zones.iter().map(|zone| local_day_start(*first, *zone));
        let from = starts.min().unwrap_or(*first);
        let ends = self.zones.iter().map(|zone| next_local_day(*last, *zone));
        let to = ends.max().unwrap_or(*last).max(last + self.bucket_secs);
        let (from, to) = match self.tight {
            true => (*first, last + self.bucket_secs),
            false => (from, to),
        };
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
        let hours = if self.tight {
            hours(from, to, self.zones.first())
        } else {
            Vec::new()
        };
        let lanes = bottom + if hours.is_empty() { 14 } else { 32 };
        let cuts = self.cuts(stacks);
        let legend_of_cuts = lanes + LANE * self.zones.len() as i32 + 14;
        let height = legend_of_cuts + if cuts.is_empty() { -4 } else { 12 };
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
            // What crosses the rows of days.
            let starts = cuts.iter().map(|(.., start)| along.at(*start as f64));
            let crossed: Vec<i32> = guides.iter().copied().chain(starts).collect();
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
                lane.draw(canvas, &along, &crossed);
            }
            for x in guides {
                canvas.path(vec![(x, bottom), (x, legend_of_cuts - 16)], INK.mix(1.0), 2);
            }
            for (ts, label) in &hours {
                let x = along.at(*ts as f64);
                canvas.path(vec![(x, bottom), (x, bottom + 5)], INK.mix(0.6), 1);
                if x + text_width(label, LABEL) / 2 <= WIDTH as i32 {
                    canvas.label(label, (x, bottom + 9), BELOW);
                }
            }
            self.bars(canvas, stacks, &cuts, &along, &up);
            // Where a day begins in the middle of a bar, a line from the row of the zone up to it.
            for (ts, lane, start) in &cuts {
                let (x, above) = (along.at(*start as f64), up.at(stacks[ts].iter().sum()));
                let y = lanes + LANE * *lane as i32;
                canvas.path(vec![(x, above), (x, y)], INK.mix(1.0), 1);
            }
            if let Some((_, lane, _)) = cuts.first() {
                let y = legend_of_cuts;
                canvas.fill((8, y - 6), (22, y + 6), marked().mix(1.0));
                let zone = short_zone(self.zones[*lane]);
                let words = format!("an hour in which a day of {zone} begins");
                canvas.label(&words, (28, y), AFTER);
            }
        })
    }

    /// Returns the bars of an hour in the middle of which a local day begins: the bar, the number of the
    /// zone, and the instant. None, if there are several series, whose colours would be lost.
    fn cuts(&self, stacks: &Stacks) -> Vec<(i64, usize, i64)> {
        if self.bucket_secs != 3_600 || stacks.values().any(|stack| stack.len() > 1) {
            return Vec::new();
        }
        let mut cuts = Vec::new();
        for (lane, zone) in self.zones.iter().enumerate() {
            for ts in stacks.keys() {
                let start = next_local_day(*ts, *zone);
                if start < ts + self.bucket_secs {
                    cuts.push((*ts, lane, start));
                }
            }
        }
        cuts
    }

    /// Draws the bars, and their totals where these overlap neither each other nor a neighbour.
    fn bars(
        &self,
        canvas: &Canvas,
        stacks: &Stacks,
        cuts: &[(i64, usize, i64)],
        along: &Scale,
        up: &Scale,
    ) {
        let mut free_from = i32::MIN;
        for (ts, stack) in stacks {
            let x = along.at(*ts as f64);
            let end = along.at((ts + self.bucket_secs) as f64).max(x + 3);
            let mut sum = 0.0;
            for (member, value) in stack.iter().enumerate() {
                let (low, high) = (up.at(sum), up.at(sum + value));
                let ink = match cuts.iter().any(|(cut, ..)| cut == ts) {
                    true => marked(),
                    false => colour(member),
                };
                canvas.fill((x, high), (end, low), ink.mix(1.0));
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
            let names = ["%a %b %-d", "%b %-d"].map(|p| time::format(start, self.zone, p));
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

/// Returns the full hours of a zone from one instant to another, with as much distance as their labels
/// need. None, if that is more than two days.
fn hours(from: i64, to: i64, zone: Option<&Tz>) -> Vec<(i64, String)> {
    let zone = zone.copied().unwrap_or(Tz::UTC);
    let room = i64::from(RIGHT - LEFT) / i64::from(text_width("00:00", LABEL) + 10);
    let steps = [1, 2, 3, 6, 12].map(|hours| hours * 3_600);
    let fits = |step: &i64| (to - from) / step < room;
    let Some(step) = steps
        .into_iter()
        .find(fits)
        .filter(|_| to - from <= 172_800)
    else {
        return Vec::new();
    };
    let origin = local_day_start(from, zone);
    let first = origin + (from - origin + step - 1) / step * step;
    let marks = (0..).map(|n| first + n * step).take_while(|ts| *ts <= to);
    marks
        .map(|ts| (ts, time::format(ts, zone, "%H:%M")))
        .collect()
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
    fn an_hour_that_midnight_cuts_is_marked() {
        let ts: Vec<i64> = (0..14).map(|hour| 1_438_862_400 + hour * 3_600).collect();
        let frame = df!("ts" => ts, "page views" => (0..14i64).collect::<Vec<_>>()).unwrap();
        let of = |zone| timeline(&frame, "ts", "page views").zones(&[Tz::UTC, zone]);
        for chart in [of(Tz::Asia__Kolkata), of(Tz::Asia__Kolkata).tight()] {
            let figure = chart.figure().unwrap();
            assert_sound(&figure);
            assert!(figure.svg().contains("in which a day of Kolkata begins"));
        }
        let whole = of(Tz::America__Los_Angeles).tight().figure().unwrap();
        assert_sound(&whole);
        assert!(!whole.svg().contains("begins"));
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

//! Line charts of a value that changes with a number or with time.
use super::canvas::{ABOVE, BEFORE, BELOW, draw};
use super::scale::{Scale, log_ticks, tick_label, ticks};
use super::style::{INK, LABEL, series as colour, state, text_width, wrong};
use super::{Figure, WIDTH, data};
use crate::time;
use chrono_tz::Tz;
use plotters::style::{Color, RGBAColor};
use polars::prelude::{DataFrame, PolarsResult, polars_bail};

/// Starts a line chart of column `y` over the numbers of column `x`.
pub fn lines(frame: &DataFrame, x: &str, y: &str) -> Lines {
    Lines {
        frame: frame.clone(),
        x: x.to_owned(),
        ys: vec![y.to_owned()],
        axis: y.to_owned(),
        by: None,
        zone: None,
        weekends: false,
        marks: Vec::new(),
        bands: Vec::new(),
        between: None,
        logarithmic: false,
        points: Vec::new(),
        thin: Vec::new(),
        steps: false,
        zero_line: false,
        title: format!("{y} over {x}"),
    }
}

/// Points of a chart as (x, y).
type Points = Vec<(f64, f64)>;

/// The builder of a line chart; see [`lines`].
#[derive(Clone)]
#[must_use = "end it with .figure()?"]
pub struct Lines {
    frame: DataFrame,
    x: String,
    ys: Vec<String>,
    /// The name of the vertical axis.
    axis: String,
    by: Option<String>,
    /// The zone in which `x` is shown, if it is a time.
    zone: Option<Tz>,
    /// Whether Saturdays and Sundays are shaded.
    weekends: bool,
    /// Vertical lines: (x, text).
    marks: Vec<(f64, String)>,
    /// Shaded ranges.
    bands: Vec<Band>,
    /// The names of two lines with the area between them shaded, and what that means.
    between: Option<[String; 3]>,
    /// Whether the vertical axis is logarithmic.
    logarithmic: bool,
    /// Points that are marked: the name of their line, and (x, y) of each.
    points: Vec<(String, Points)>,
    /// Lines that are drawn thin: the name of each, and of the line whose colour it has.
    thin: Vec<[String; 2]>,
    /// Whether a value holds until the next point, so that lines are steps.
    steps: bool,
    /// Whether the line at 0 is thick.
    zero_line: bool,
    title: String,
}

/// A range of x that is shaded.
#[derive(Clone)]
struct Band {
    from: f64,
    until: f64,
    word: String,
    ink: RGBAColor,
}

/// What a line is drawn with.
struct Pen {
    /// The number of its colour.
    ink: usize,
    /// Its width in pixels.
    width: u32,
}

/// The pixel at which the horizontal axis begins.
const LEFT: i32 = 80;
/// The pixel at which the horizontal axis ends.
const RIGHT: i32 = WIDTH as i32 - 24;

/// Distances between ticks of time in seconds, from an hour to 28 days.
const STEPS: [i64; 9] = [
    3_600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600, 2_419_200,
];

impl Lines {
    /// Adds another column. Each column is then a line with the column's name.
    ///
    /// ```
    /// use lambda_workbook::prelude::*;
    /// let error = df!("precision" => [4i64, 5], "error" => [26.0, 18.4], "bound" => [52.0, 36.8])?;
    /// let figure = plot::lines(&error, "precision", "error").and("bound").axis("percent").figure()?;
    /// assert!(figure.svg().contains("bound") && figure.svg().contains("percent"));
    /// # Ok::<(), PolarsError>(())
    /// ```
    pub fn and(mut self, y: &str) -> Self {
        self.ys.push(y.to_owned());
        self
    }

    /// Sets the name of the vertical axis; the default is the name of the first column.
    pub fn axis(mut self, name: impl Into<String>) -> Self {
        self.axis = name.into();
        self
    }

    /// Draws a line for each value of `column`.
    pub fn by(mut self, column: &str) -> Self {
        self.by = Some(column.to_owned());
        self
    }

    /// Treats `x` as epoch seconds, and labels the axis in the local time of this zone.
    pub fn time(mut self, zone: Tz) -> Self {
        self.zone = Some(zone);
        self
    }

    /// Shades Saturdays and Sundays, if `x` is a time.
    ///
    /// ```
    /// use lambda_workbook::prelude::*;
    /// let hours: Vec<i64> = (0..240).map(|hour| 1_437_004_800 + hour * 3_600).collect();
    /// let views = df!("ts" => hours, "views" => vec![5i64; 240])?;
    /// let figure = plot::lines(&views, "ts", "views").time(Tz::UTC).weekends().figure()?;
    /// assert!(figure.svg().contains("shaded: Saturday and Sunday"));
    /// # Ok::<(), PolarsError>(())
    /// ```
    pub fn weekends(mut self) -> Self {
        self.weekends = true;
        self
    }

    /// Adds a vertical line at a value of `x`, with a text above it. It is left out if it is outside
    /// of the data.
    ///
    /// ```
    /// use lambda_workbook::prelude::*;
    /// let cost = df!("bits" => [1i64, 2, 3], "bytes" => [9.0, 4.0, 6.0])?;
    /// let figure = plot::lines(&cost, "bits", "bytes").mark(2.2, "formula").figure()?;
    /// assert!(figure.svg().contains("formula"));
    /// # Ok::<(), PolarsError>(())
    /// ```
    pub fn mark(mut self, x: f64, word: impl Into<String>) -> Self {
        self.marks.push((x, word.into()));
        self
    }

    /// Shades a range of `x` in which something is wrong or under strain, with a text at its top.
    ///
    /// ```
    /// use lambda_workbook::prelude::*;
    /// let missing = df!("minute" => [0i64, 10, 20, 30], "missing" => [0i64, 5, 9, 0])?;
    /// let figure = plot::lines(&missing, "minute", "missing").band(8.0, 25.0, "cut").figure()?;
    /// assert!(figure.svg().contains("cut"));
    /// # Ok::<(), PolarsError>(())
    /// ```
    pub fn band(self, from: f64, until: f64, word: impl Into<String>) -> Self {
        self.shaded(from, until, word.into(), wrong().mix(0.14))
    }

    /// Shades a range of `x` in which a part was in another state that is neither right nor wrong, such
    /// as a network that was cut, with a text at its top.
    ///
    /// ```
    /// use lambda_workbook::prelude::*;
    /// let missing = df!("hour" => [0i64, 10, 20, 30], "missing" => [0i64, 5, 9, 0])?;
    /// let chart = plot::lines(&missing, "hour", "missing");
    /// let cut = chart.clone().state(8.0, 25.0, "network cut").figure()?;
    /// // Its colour is not the one of a band.
    /// assert!(cut.svg().contains("network cut"));
    /// assert_ne!(cut.svg(), chart.band(8.0, 25.0, "network cut").figure()?.svg());
    /// # Ok::<(), PolarsError>(())
    /// ```
    pub fn state(self, from: f64, until: f64, word: impl Into<String>) -> Self {
        self.shaded(from, until, word.into(), state().mix(0.18))
    }

    fn shaded(mut self, from: f64, until: f64, word: String, ink: RGBAColor) -> Self {
        self.bands.push(Band {
            from,
            until,
            word,
            ink,
        });
        self
    }

    /// Shades the area between two lines, which are named as in the legend, and writes below the
    /// chart what it means. Both lines need the same values of `x`.
    ///
    /// ```
    /// use lambda_workbook::prelude::*;
    /// let error = df!("minute" => [0i64, 1], "low" => [-3.0, -2.0], "high" => [4.0, 2.0])?;
    /// let chart = plot::lines(&error, "minute", "low").and("high").between("low", "high", "9 runs of 10");
    /// assert!(chart.figure()?.svg().contains("shaded: 9 runs of 10"));
    /// # Ok::<(), PolarsError>(())
    /// ```
    pub fn between(mut self, low: &str, high: &str, word: &str) -> Self {
        self.between = Some([low, high, word].map(str::to_owned));
        self
    }

    /// Makes the vertical axis logarithmic: equal distances are equal factors. Values of 0 and less have
    /// no place on it and are left out.
    ///
    /// ```
    /// use lambda_workbook::prelude::*;
    /// let runs = df!("million" => [0.1, 1.4], "here" => [0.07, 0.43], "cluster" => [7.9, 31.1])?;
    /// let chart = plot::lines(&runs, "million", "here").and("cluster").axis("seconds").logarithmic();
    /// assert!(chart.figure()?.svg().contains("seconds, logarithmic"));
    /// # Ok::<(), PolarsError>(())
    /// ```
    pub fn logarithmic(mut self) -> Self {
        self.logarithmic = true;
        self
    }

    /// Marks points beside a line, such as the measurements that it was fitted to, in the colour of
    /// the line. The line is named as in the legend.
    ///
    /// ```
    /// use lambda_workbook::prelude::*;
    /// let fit = df!("million" => [0.0, 2.0], "here" => [0.05, 0.61], "there" => [5.0, 41.0])?;
    /// let chart = plot::lines(&fit, "million", "here").and("there").points("here", &[(0.1, 0.07), (1.4, 0.43)]);
    /// assert_eq!(chart.figure()?.svg().matches("<circle").count(), 2);
    /// # Ok::<(), PolarsError>(())
    /// ```
    pub fn points(mut self, line: &str, points: &[(f64, f64)]) -> Self {
        self.points.push((line.to_owned(), points.to_vec()));
        self
    }

    /// Draws a line thin and in the colour of another, such as the worst case beside the median. Both
    /// lines are named as in the legend, which has the other one alone.
    ///
    /// ```
    /// use lambda_workbook::prelude::*;
    /// let error = df!("minute" => [0i64, 1], "median" => [3.0, 2.0], "worst" => [4.0, 5.0])?;
    /// let chart = plot::lines(&error, "minute", "median").and("worst").axis("error %");
    /// let figure = chart.thin("worst", "median").figure()?;
    /// assert!(figure.svg().contains("median") && !figure.svg().contains("worst"));
    /// # Ok::<(), PolarsError>(())
    /// ```
    pub fn thin(mut self, line: &str, of: &str) -> Self {
        self.thin.push([line, of].map(str::to_owned));
        self
    }

    /// Draws lines as steps: a value holds until the next point of its line. This is right for what
    /// changes at moments, such as an offset or the number of a version, where a slope would show
    /// values that never were.
    ///
    /// ```
    /// use lambda_workbook::prelude::*;
    /// let cut = df!("hour" => [0i64, 1, 2], "cut" => [0i64, 0, 100])?;
    /// let slope = plot::lines(&cut, "hour", "cut").figure()?;
    /// let steps = plot::lines(&cut, "hour", "cut").steps().figure()?;
    /// // Each point after the first has a corner before it.
    /// assert!(steps.svg().len() > slope.svg().len());
    /// # Ok::<(), PolarsError>(())
    /// ```
    pub fn steps(mut self) -> Self {
        self.steps = true;
        self
    }

    /// Draws the line at 0 thick, for values whose sign is what matters. A logarithmic axis has no 0.
    ///
    /// ```
    /// use lambda_workbook::prelude::*;
    /// let off = df!("hour" => [0i64, 1, 2], "off" => [-7i64, 2, 0])?;
    /// let plain = plot::lines(&off, "hour", "off").figure()?;
    /// let figure = plot::lines(&off, "hour", "off").zero_line().figure()?;
    /// assert!(figure.svg().len() > plain.svg().len());
    /// # Ok::<(), PolarsError>(())
    /// ```
    pub fn zero_line(mut self) -> Self {
        self.zero_line = true;
        self
    }

    /// Sets the title.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Draws the chart.
    ///
    /// # Errors
    /// If a column does not exist, a column of values does not have numbers, or points or a thin line name
    /// a line that does not exist.
    pub fn figure(self) -> PolarsResult<Figure> {
        // Collect the points of each line: one line for each column and series.
        let xs = data::numbers(&self.frame, &self.x)?;
        let (members, of) = data::series(&self.frame, self.by.as_deref())?;
        let mut series: Vec<Points> = vec![Vec::new(); of.len() * self.ys.len()];
        let mut names = Vec::with_capacity(series.len());
        for (place, column) in self.ys.iter().enumerate() {
            let ys = data::numbers(&self.frame, column)?;
            for ((x, y), member) in xs.iter().zip(ys).zip(&members) {
                if let (Some(x), Some(y)) = (*x, y)
                    && self.has_place(y)
                {
                    series[place * of.len() + member].push((x, y));
                }
            }
            names.extend(of.iter().map(|of| match (self.ys.len(), of.as_str()) {
                (1, _) => of.clone(),
                (_, "") => column.clone(),
                _ => format!("{of}, {column}"),
            }));
        }
        for points in &mut series {
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        // Find the line of each group of points that are marked.
        let mut marked: Vec<(usize, Points)> = Vec::new();
        for (line, points) in &self.points {
            let Some(member) = names.iter().position(|name| name == line) else {
                polars_bail!(InvalidOperation: "points are to be marked beside the line `{line}`, but the lines are {names:?}");
            };
            let there = |(x, y): &&(f64, f64)| x.is_finite() && y.is_finite() && self.has_place(*y);
            marked.push((member, points.iter().filter(there).copied().collect()));
        }
        // A thin line has the colour of another; the others have one each, in the order of the legend.
        let mut pens: Vec<Pen> = Vec::with_capacity(names.len());
        let mut in_legend: Vec<String> = Vec::new();
        for name in &names {
            if self.thin.iter().any(|[thin, _]| thin == name) {
                pens.push(Pen { ink: 0, width: 1 });
                continue;
            }
            let ink = in_legend.len();
            pens.push(Pen { ink, width: 2 });
            in_legend.push(name.clone());
        }
        for [thin, of] in &self.thin {
            let member = names.iter().position(|name| name == thin);
            let ink = in_legend.iter().position(|name| name == of);
            let (Some(member), Some(ink)) = (member, ink) else {
                polars_bail!(InvalidOperation: "the line `{thin}` is to be thin, in the colour of `{of}`, but the lines are {names:?}");
            };
            pens[member].ink = ink;
        }
        // Find the ranges of both axes.
        let points = || {
            let marked = marked.iter().flat_map(|(_, points)| points);
            series.iter().flatten().chain(marked).copied()
        };
        let (low, high) = self.range(points().map(|(_, y)| y));
        let from = points().map(|(x, _)| x).fold(f64::INFINITY, f64::min);
        let to = points().map(|(x, _)| x).fold(f64::NEG_INFINITY, f64::max);
        let span = if from < to {
            (from, to)
        } else if from == to {
            (from - 1.0, to + 1.0)
        } else {
            (0.0, 1.0)
        };
        let area = self.between.as_ref().and_then(|[low, high, _]| {
            let place = |of: &str| names.iter().position(|name| name == of);
            Some((place(low)?, place(high)?))
        });
        let svg = self.drawn(
            (&series, &marked),
            &pens,
            area,
            data::legend(&in_legend),
            span,
            (low, high),
        );
        let text = names
            .iter()
            .zip(&series)
            .map(|(name, points)| self.summary(name, points));
        let of_points = marked.iter().map(|(member, points)| {
            let places = points
                .iter()
                .map(|(x, y)| format!("({}, {})", tick_label(*x), tick_label(*y)));
            let places: Vec<String> = places.collect();
            format!("{} marked at {}\n", names[*member], places.join(", "))
        });
        let text: String = text.chain(of_points).collect();
        Ok(Figure::new(svg, &self.title, &text))
    }

    /// Returns whether a value has a place on the vertical axis.
    fn has_place(&self, y: f64) -> bool {
        !self.logarithmic || y > 0.0
    }

    /// Returns the place of a value on the vertical axis, before it is scaled to pixels.
    fn place(&self, y: f64) -> f64 {
        match self.logarithmic {
            true => y.log10(),
            false => y,
        }
    }

    /// Returns the smallest and the largest of some values. Zero is among them unless the axis is
    /// logarithmic.
    fn range(&self, values: impl Iterator<Item = f64>) -> (f64, f64) {
        if !self.logarithmic {
            return data::range_with_zero(values);
        }
        let none = (f64::INFINITY, f64::NEG_INFINITY);
        match values.fold(none, |(low, high), y| (low.min(y), high.max(y))) {
            (low, high) if low <= high => (low, high),
            _ => (1.0, 10.0),
        }
    }

    /// Draws the picture: lines, each with its pen, and points that are marked beside them. `span` is the
    /// range of x, and `range` that of y. The area between the two series in `area` is shaded.
    fn drawn(
        &self,
        (series, marked): (&[Points], &[(usize, Points)]),
        pens: &[Pen],
        area: Option<(usize, usize)>,
        legend: &[String],
        span: (f64, f64),
        range: (f64, f64),
    ) -> String {
        let top = if legend.is_empty() { 62 } else { 86 };
        let bottom = top + 200;
        let marks = match self.logarithmic {
            true => log_ticks(range.0, range.1),
            false => ticks(range.0, range.1, 4),
        };
        let up = Scale {
            from: self.place(marks[0]),
            to: self.place(marks[marks.len() - 1]),
            pixel_from: bottom,
            pixel_to: top,
        };
        let axis = match self.logarithmic {
            true => format!("{}, logarithmic", self.axis),
            false => self.axis.clone(),
        };
        let along = Scale {
            from: span.0,
            to: span.1,
            pixel_from: LEFT,
            pixel_to: RIGHT,
        };
        draw((WIDTH, (bottom + 52) as u32), |canvas| {
            canvas.title(&self.title, (8, 16));
            canvas.legend(legend, (8, 42));
            canvas.axis_name(&axis, (LEFT - 8, top - 20));
            let weekends = self.weekend_days(span);
            for (from, until) in &weekends {
                canvas.fill(
                    (along.at(*from), top),
                    (along.at(*until), bottom),
                    INK.mix(0.1),
                );
            }
            if !weekends.is_empty() {
                let words = "shaded: Saturday and Sunday";
                canvas.label(words, (RIGHT, bottom + 38), BEFORE);
            }
            for band in &self.bands {
                let (from, until) = (band.from.max(span.0), band.until.min(span.1));
                if from >= until {
                    continue;
                }
                let (left, right) = (along.at(from), along.at(until));
                canvas.fill((left, top), (right, bottom), band.ink);
                canvas.label(&band.word, ((left + right) / 2, top + 3), BELOW);
            }
            if let (Some((low, high)), Some([.., word])) = (area, &self.between) {
                let pixel = |(x, y): &(f64, f64)| (along.exact(*x), up.exact(self.place(*y)));
                let there = series[low].iter().map(pixel);
                let back = series[high].iter().rev().map(pixel);
                let corners: Vec<_> = there.chain(back).collect();
                canvas.curved_polygon(&corners, INK.mix(0.1));
                let words = format!("shaded: {word}");
                canvas.label(&words, (RIGHT, bottom + 38), BEFORE);
            }
            for mark in &marks {
                let y = up.at(self.place(*mark));
                canvas.path(vec![(LEFT, y), (RIGHT, y)], INK.mix(0.3), 1);
                canvas.label(&tick_label(*mark), (LEFT - 8, y), BEFORE);
            }
            if self.zero_line && !self.logarithmic {
                // The range of y always contains 0.
                let zero = up.at(0.0);
                canvas.path(vec![(LEFT, zero), (RIGHT, zero)], INK.mix(1.0), 3);
            }
            // Ticks of the horizontal axis; a label that would overlap the last one is left out.
            let mut free_from = i32::MIN;
            for (value, label) in self.along_ticks(span) {
                let x = along.at(value);
                let half = text_width(&label, LABEL) / 2;
                canvas.path(vec![(x, bottom), (x, bottom + 5)], INK.mix(0.6), 1);
                if x - half > free_from && x + half <= WIDTH as i32 {
                    canvas.label(&label, (x, bottom + 9), BELOW);
                    free_from = x + half + 8;
                }
            }
            for (value, word) in &self.marks {
                if !(span.0..=span.1).contains(value) {
                    continue;
                }
                let x = along.at(*value);
                canvas.path(vec![(x, top), (x, bottom)], INK.mix(0.8), 1);
                canvas.strong(word, (x, top - 3), ABOVE);
            }
            canvas.strong(&self.x_label(), ((LEFT + RIGHT) / 2, bottom + 30), BELOW);
            for (pen, points) in pens.iter().zip(series) {
                // A line of a single point is a square.
                if let [(x, y)] = points[..] {
                    let (x, y) = (along.at(x), up.at(self.place(y)));
                    canvas.fill((x - 3, y - 3), (x + 3, y + 3), colour(pen.ink).mix(1.0));
                    continue;
                }
                let pixel = |(x, y): &(f64, f64)| (along.exact(*x), up.exact(self.place(*y)));
                let mut pixels: Vec<(f64, f64)> = Vec::with_capacity(2 * points.len());
                for (x, y) in points.iter().map(pixel) {
                    if let (true, Some(before)) = (self.steps, pixels.last().copied()) {
                        pixels.push((x, before.1));
                    }
                    pixels.push((x, y));
                }
                canvas.curve(&pixels, colour(pen.ink).mix(1.0), pen.width);
            }
            for (member, points) in marked {
                for (x, y) in points {
                    let centre = (along.at(*x), up.at(self.place(*y)));
                    canvas.disc(centre, 4, colour(pens[*member].ink).mix(1.0));
                }
            }
        })
    }

    /// Returns the days that are shaded, cut to the span.
    fn weekend_days(&self, (from, to): (f64, f64)) -> Vec<(f64, f64)> {
        let (Some(zone), true) = (self.zone, self.weekends) else {
            return Vec::new();
        };
        let mut days = Vec::new();
        let mut start = calendar::local_day_start(from as i64, zone);
        while (start as f64) < to {
            let end = calendar::next_local_day(start, zone);
            if ["Sat", "Sun"].contains(&time::format(start, zone, "%a").as_str()) {
                days.push(((start as f64).max(from), (end as f64).min(to)));
            }
            start = end;
        }
        days
    }

    /// Returns the name of the horizontal axis.
    fn x_label(&self) -> String {
        match self.zone {
            Some(zone) => format!("time in {zone}"),
            None => self.x.clone(),
        }
    }

    /// Returns the ticks of the horizontal axis as (x, label).
    fn along_ticks(&self, (from, to): (f64, f64)) -> Vec<(f64, String)> {
        let Some(zone) = self.zone else {
            let inside = ticks(from, to, 8)
                .into_iter()
                .filter(|v| (from..=to).contains(v));
            return inside.map(|v| (v, tick_label(v))).collect();
        };
        let (from, to) = (from as i64, to as i64);
        let step = STEPS
            .into_iter()
            .find(|step| to.saturating_sub(from) / step <= 9);
        let step = step.unwrap_or_else(|| (to.saturating_sub(from) / 8 / 86_400).max(1) * 86_400);
        let pattern = if step < 86_400 {
            "%b %-d %H:%M"
        } else {
            "%b %-d"
        };
        // Ticks are at equal distances from the local midnight before the span. After a change of
        // clocks they are not at midnight any more.
        let origin = calendar::local_day_start(from, zone);
        let first = origin + (from - origin + step - 1) / step * step;
        let marks = (0..).map(|n| first + n * step).take_while(|ts| *ts <= to);
        marks
            .map(|ts| (ts as f64, time::format(ts, zone, pattern)))
            .collect()
    }

    /// Returns a line of text about a series.
    fn summary(&self, name: &str, points: &[(f64, f64)]) -> String {
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            return String::new();
        };
        let (low, high) = self.range(points.iter().map(|p| p.1));
        format!(
            "{name} {} points, x {} to {}, y within {} to {}\n",
            points.len(),
            tick_label(first.0),
            tick_label(last.0),
            tick_label(low),
            tick_label(high)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::*;
    use show::picture::assert_sound;

    #[test]
    fn lines_over_time() {
        let ts: Vec<i64> = (0..14 * 24).map(|h| 1_438_300_800 + h * 3_600).collect();
        let n: Vec<i64> = (0..14 * 24)
            .map(|h| 500 + 400 * ((h % 24) - 12i64).abs() / 12)
            .collect();
        let frame = df!("ts" => ts, "page views" => n).unwrap();
        let figure = lines(&frame, "ts", "page views")
            .time(Tz::America__Los_Angeles)
            .figure()
            .unwrap();
        assert_sound(&figure);
        assert!(figure.svg().contains("time in America/Los_Angeles"));
    }

    #[test]
    fn lines_over_numbers() {
        let frame = df!("x" => [1, 2, 3, 1, 2, 3], "y" => [0.1, 0.5, 0.2, -0.3, 0.2, 0.9], "s" => ["a", "a", "a", "b", "b", "b"]).unwrap();
        assert_sound(&lines(&frame, "x", "y").by("s").figure().unwrap());
    }

    #[test]
    fn lines_on_a_logarithmic_axis_with_measurements() {
        let frame = df!("x" => [0.0, 1.0, 2.0], "a" => [0.0, 0.25, 0.5], "b" => [5.0, 23.5, 42.0]);
        let chart = lines(&frame.unwrap(), "x", "a").and("b").logarithmic();
        let figure = chart.clone().points("b", &[(0.5, 14.0), (1.5, 33.0)]);
        let figure = figure.figure().unwrap();
        assert_sound(&figure);
        assert_eq!(figure.svg().matches("<circle").count(), 2);
        for tick in ["0.1", "1", "10", "100"] {
            assert!(figure.svg().contains(&format!("\n{tick}\n")), "{tick}");
        }
        // A value of 0 has no place on the axis, and points need a line.
        let text = crate::Render::render(&figure)
            .get("text/plain")
            .unwrap()
            .to_owned();
        assert!(
            text.contains("a 2 points, x 1 to 2, y within 0.25 to 0.5"),
            "{text}"
        );
        assert!(text.contains("b marked at (0.5, 14), (1.5, 33)"), "{text}");
        assert!(chart.points("c", &[(1.0, 1.0)]).figure().is_err());
        let none = df!("x" => [1.0], "y" => [-1.0]).unwrap();
        assert_sound(&lines(&none, "x", "y").logarithmic().figure().unwrap());
    }

    #[test]
    fn a_line_that_rises_slowly_has_no_stairs() {
        let x: Vec<f64> = (0..=100).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| 50.0 + x / 50.0).collect();
        let figure = lines(&df!("x" => x, "y" => y).unwrap(), "x", "y");
        let svg = figure.figure().unwrap().svg().to_owned();
        let line = svg
            .split("points=\"")
            .find(|line| line.starts_with("80.0,"));
        let line = line.unwrap().split('"').next().unwrap();
        let heights: Vec<&str> = { line.split_whitespace() }
            .map(|point| point.split_once(',').unwrap().1)
            .collect();
        let different: std::collections::BTreeSet<&&str> = heights.iter().collect();
        assert!(different.len() > 30, "{heights:?}");
    }

    #[test]
    fn steps_hold_a_value_until_the_next_point_and_zero_is_thick() {
        let frame = df!("x" => [0i64, 1, 2], "y" => [-3i64, 4, 4]).unwrap();
        let figure = lines(&frame, "x", "y").steps().zero_line().figure();
        let figure = figure.unwrap();
        assert_sound(&figure);
        let along = |x: i32| LEFT + x * (RIGHT - LEFT) / 2;
        // The corner before the second point has its x, and the y of the first.
        let drawn = figure.svg().split("points=\"").skip(1);
        let drawn = drawn.filter_map(|path| path.split('"').next());
        let line = drawn.map(|path| path.split_whitespace().collect::<Vec<_>>());
        let line = line.last().expect("the series is drawn last");
        assert_eq!(line.len(), 5, "{line:?}");
        assert!(line[1].starts_with(&format!("{}.0,", along(1))), "{line:?}");
        let y = |point: &str| point.split(',').nth(1).map(str::to_owned);
        assert_eq!(y(line[0]), y(line[1]));
        assert!(figure.svg().contains("stroke-width=\"3\""));
    }

    #[test]
    fn a_thin_line_has_the_colour_of_another_and_no_place_in_the_legend() {
        let frame = df!("x" => [0i64, 1], "a" => [1.0, 2.0], "b" => [3.0, 4.0], "c" => [2.0, 2.5]);
        let chart = lines(&frame.unwrap(), "x", "a").and("b").and("c");
        let figure = chart.clone().thin("b", "a").figure().unwrap();
        assert_sound(&figure);
        assert!(!figure.svg().contains("\nb\n") && figure.svg().contains("\nc\n"));
        // The second colour is that of `c`, and the third is not used.
        let hex = |n: usize| {
            let plotters::style::RGBColor(r, g, b) = colour(n);
            format!("#{r:02X}{g:02X}{b:02X}")
        };
        assert!(figure.svg().contains(&hex(1)) && !figure.svg().contains(&hex(2)));
        assert!(chart.thin("b", "d").figure().is_err());
    }

    #[test]
    fn lines_of_one_point_and_of_none() {
        let frame = df!("x" => [1i64], "y" => [f64::NAN]).unwrap();
        assert_sound(&lines(&frame, "x", "x").figure().unwrap());
        assert_sound(&lines(&frame, "x", "y").figure().unwrap());
        assert_sound(&lines(&frame.head(Some(0)), "x", "y").figure().unwrap());
    }
}

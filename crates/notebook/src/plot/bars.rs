//! Bar charts, which compare the amounts of categories.
use super::canvas::{ABOVE, AFTER, BEFORE, BELOW, Canvas, draw};
use super::scale::{Scale, log_ticks, tick_label, ticks};
use super::style::{INK, LABEL, series as colour, text_width, wrap};
use super::{Figure, WIDTH, data};
use plotters::style::Color;
use polars::prelude::{DataFrame, PolarsResult};

/// Starts a bar chart with a bar for each row, named by column `x` and as long as column `y`. Bars
/// are vertical if their names fit below them, and horizontal otherwise.
pub fn bars(frame: &DataFrame, x: &str, y: &str) -> Bars {
    Bars {
        frame: frame.clone(),
        x: x.to_owned(),
        y: y.to_owned(),
        by: None,
        logarithmic: false,
        title: format!("{y} by {x}"),
    }
}

/// The builder of a bar chart; see [`bars`].
#[derive(Clone)]
#[must_use = "end it with .figure()?"]
pub struct Bars {
    frame: DataFrame,
    x: String,
    y: String,
    by: Option<String>,
    /// Whether the bars are on a logarithmic scale, on which they begin at 1.
    logarithmic: bool,
    title: String,
}

/// The data of the chart.
struct Groups {
    categories: Vec<String>,
    series: Vec<String>,
    /// For each category, the value of each series; `None` if there is none.
    values: Vec<Vec<Option<f64>>>,
    /// The smallest value, or that at which bars begin if that is smaller.
    low: f64,
    /// The largest value, or that at which bars begin if that is larger.
    high: f64,
}

/// Thickness of a horizontal bar in pixels.
const BAR: i32 = 18;
/// Height of a line of text in pixels.
const LINE: i32 = 16;

impl Bars {
    /// Draws the bars of a category side by side, one for each value of `column`.
    pub fn by(mut self, column: &str) -> Self {
        self.by = Some(column.to_owned());
        self
    }

    /// Draws the bars on a logarithmic scale, where equal distances are equal factors. Each bar begins
    /// at 1, so those of ratios above 1 and below 1 point in opposite directions. Values of 0 and less
    /// are left out.
    ///
    /// ```
    /// use lambda_workbook::prelude::*;
    /// let ways = df!("way" => ["one", "other"], "times" => [8.7, 0.7])?;
    /// let chart = plot::bars(&ways, "way", "times").logarithmic();
    /// assert!(chart.figure()?.svg().contains("times, logarithmic"));
    /// # Ok::<(), PolarsError>(())
    /// ```
    pub fn logarithmic(mut self) -> Self {
        self.logarithmic = true;
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
    /// If a column does not exist, or column `y` does not have numbers.
    pub fn figure(self) -> PolarsResult<Figure> {
        let groups = self.groups()?;
        // Bars are vertical if all names fit below them, on three lines at most, and all values
        // fit above them.
        let slot = (WIDTH as i32 - 90) / groups.categories.len().max(1) as i32;
        let names: Vec<Vec<String>> = groups
            .categories
            .iter()
            .map(|name| wrap(name, LABEL, slot - 8))
            .collect();
        let fits = names.iter().all(|lines| {
            lines.len() <= 3 && lines.iter().all(|line| text_width(line, LABEL) <= slot - 8)
        });
        let values_fit = slot / groups.series.len() as i32 >= 60;
        let svg = if fits && values_fit {
            self.vertical(&groups, &names, slot)
        } else {
            self.horizontal(&groups)
        };
        Ok(Figure::new(svg, &self.title, &groups.as_text()))
    }

    /// Reads the columns of the frame.
    fn groups(&self) -> PolarsResult<Groups> {
        let (places, categories) = data::in_order(data::texts(&self.frame, &self.x)?);
        let (members, series) = data::series(&self.frame, self.by.as_deref())?;
        let numbers = data::numbers(&self.frame, &self.y)?;
        let numbers: Vec<Option<f64>> = { numbers.into_iter() }
            .map(|number| number.filter(|number| !self.logarithmic || *number > 0.0))
            .collect();
        let (low, high) = match self.logarithmic {
            true => numbers
                .iter()
                .flatten()
                .fold((1f64, 1f64), |(low, high), v| (low.min(*v), high.max(*v))),
            false => data::range_with_zero(numbers.iter().flatten().copied()),
        };
        let mut values = vec![vec![None; series.len()]; categories.len()];
        for ((place, member), number) in places.into_iter().zip(members).zip(numbers) {
            values[place][member] = number;
        }
        Ok(Groups {
            categories,
            series,
            values,
            low,
            high,
        })
    }

    /// Returns the place of a value on the axis, before it is scaled to pixels. That at which bars begin
    /// has the place 0.
    fn place(&self, value: f64) -> f64 {
        match self.logarithmic {
            true => value.log10(),
            false => value,
        }
    }

    /// Returns the name of the axis of values.
    fn axis(&self) -> String {
        match self.logarithmic {
            true => format!("{}, logarithmic", self.y),
            false => self.y.clone(),
        }
    }

    /// Draws vertical bars, each category in a slot of `slot` pixels.
    fn vertical(&self, groups: &Groups, names: &[Vec<String>], slot: i32) -> String {
        // The layout from top to bottom: title, legend, bars, names, name of the axis.
        let legend = data::legend(&groups.series);
        let lines = names.iter().map(Vec::len).max().unwrap_or(0) as i32;
        let top = if legend.is_empty() { 66 } else { 90 };
        let (left, bottom) = (80, top + 190);
        let height = bottom + lines * LINE + 34;
        let marks = match self.logarithmic {
            true => log_ticks(groups.low, groups.high),
            false => ticks(groups.low, groups.high, 4),
        };
        let scale = Scale {
            from: self.place(marks[0]),
            to: self.place(marks[marks.len() - 1]),
            pixel_from: bottom,
            pixel_to: top,
        };
        draw((WIDTH, height as u32), |canvas| {
            self.head(canvas, legend);
            canvas.axis_name(&self.axis(), (left - 8, top - 20));
            for mark in &marks {
                let y = scale.at(self.place(*mark));
                // The line at which bars begin stands out on a logarithmic scale.
                let ink = match self.logarithmic && *mark == 1.0 {
                    true => INK.mix(0.9),
                    false => INK.mix(0.3),
                };
                canvas.path(vec![(left, y), (WIDTH as i32 - 10, y)], ink, 1);
                canvas.label(&tick_label(*mark), (left - 8, y), BEFORE);
            }
            let width = ((slot - 16) / groups.series.len() as i32).clamp(6, 70);
            for (place, values) in groups.values.iter().enumerate() {
                let middle = left + slot * place as i32 + slot / 2;
                let first = middle - width * values.len() as i32 / 2;
                for (member, value) in values.iter().enumerate() {
                    let Some(value) = value else { continue };
                    let x = first + width * member as i32;
                    let (from, to) = (scale.at(0.0), scale.at(self.place(*value)));
                    canvas.fill(
                        (x + 2, to.min(from)),
                        (x + width - 2, to.max(from)),
                        colour(member).mix(1.0),
                    );
                    canvas.label(
                        &tick_label(*value),
                        (x + width / 2, to.min(from) - 2),
                        ABOVE,
                    );
                }
                for (row, line) in names[place].iter().enumerate() {
                    canvas.label(line, (middle, bottom + 8 + LINE * row as i32), BELOW);
                }
            }
            let middle = (left + WIDTH as i32) / 2;
            canvas.strong(&self.x, (middle, bottom + 12 + lines * LINE), BELOW);
        })
    }

    /// Draws horizontal bars.
    fn horizontal(&self, groups: &Groups) -> String {
        // The layout from left to right: names, bars, values.
        let legend = data::legend(&groups.series);
        let names: Vec<String> = groups
            .categories
            .iter()
            .map(|name| cut(name, 240))
            .collect();
        let widest = names
            .iter()
            .map(|name| text_width(name, LABEL))
            .max()
            .unwrap_or(0);
        let left = widest.max(text_width(&self.x, LABEL)) + 18;
        let top = if legend.is_empty() { 62 } else { 86 };
        let slot = BAR * groups.series.len() as i32 + 8;
        // A logarithmic axis has its ticks below the bars.
        let marks = match self.logarithmic {
            true => log_ticks(groups.low, groups.high),
            false => Vec::new(),
        };
        let ticks_height = if marks.is_empty() { 0 } else { LINE + 4 };
        let end_of_bars = top + slot * names.len() as i32 + 2;
        let height = end_of_bars + 8 + ticks_height;
        let room = groups.values.iter().flatten().flatten();
        let room = room
            .map(|v| text_width(&tick_label(*v), LABEL))
            .max()
            .unwrap_or(0);
        let scale = Scale {
            from: self.place(groups.low),
            to: self.place(groups.high),
            pixel_from: left,
            pixel_to: WIDTH as i32 - room - 16,
        };
        draw((WIDTH, height.max(60) as u32), |canvas| {
            self.head(canvas, legend);
            canvas.strong(&self.x, (left - 8, top - 14), BEFORE);
            canvas.strong(&self.axis(), (left, top - 14), AFTER);
            let zero = scale.at(0.0);
            let mut free_from = i32::MIN;
            for mark in marks {
                let (x, label) = (scale.at(self.place(mark)), tick_label(mark));
                let half = text_width(&label, LABEL) / 2;
                if !(groups.low..=groups.high).contains(&mark) || x - half < free_from {
                    continue;
                }
                canvas.path(vec![(x, top - 4), (x, end_of_bars)], INK.mix(0.3), 1);
                canvas.label(&label, (x, end_of_bars + 4), BELOW);
                free_from = x + half + 8;
            }
            canvas.path(vec![(zero, top - 4), (zero, end_of_bars)], INK.mix(0.6), 1);
            for (place, values) in groups.values.iter().enumerate() {
                let first = top + slot * place as i32;
                let middle = first + (slot - 8) / 2;
                canvas.label(&names[place], (left - 8, middle), BEFORE);
                for (member, value) in values.iter().enumerate() {
                    let Some(value) = value else { continue };
                    let y = first + BAR * member as i32;
                    let end = scale.at(self.place(*value));
                    canvas.fill(
                        (zero.min(end), y + 2),
                        (zero.max(end), y + BAR - 2),
                        colour(member).mix(1.0),
                    );
                    canvas.label(&tick_label(*value), (zero.max(end) + 6, y + BAR / 2), AFTER);
                }
            }
        })
    }

    /// Draws the title and the legend.
    fn head(&self, canvas: &Canvas, legend: &[String]) {
        canvas.title(&self.title, (8, 16));
        canvas.legend(legend, (8, 42));
    }
}

/// Cuts a text to a width in pixels, with an ellipsis.
fn cut(text: &str, width: i32) -> String {
    if text_width(text, LABEL) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if text_width(&kept, LABEL) > width - 12 {
            break;
        }
    }
    kept + "…"
}

impl Groups {
    /// Returns the values as text, one a line.
    fn as_text(&self) -> String {
        let mut text = String::new();
        for (category, values) in self.categories.iter().zip(&self.values) {
            for (series, value) in self.series.iter().zip(values) {
                let Some(value) = value else { continue };
                let name = format!("{category} {series}");
                text.push_str(&format!("{}: {}\n", name.trim_end(), tick_label(*value)));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Render;
    use polars::prelude::*;
    use show::picture::assert_sound;

    fn view() -> DataFrame {
        df!(
            "hour (UTC)" => ["Mon 2015-08-03 18:00", "Mon 2015-08-03 18:00", "Fri 2015-08-07 02:00", "Fri 2015-08-07 02:00"],
            "url" => ["mysite.com/", "mysite.com/blog", "mysite.com/", "mysite.com/blog"],
            "page views" => [101_212i64, 101_732, 300_054, 899_778],
        )
        .unwrap()
    }

    #[test]
    fn bars_by_series() {
        let figure = bars(&view(), "hour (UTC)", "page views")
            .by("url")
            .title("Page views by hour")
            .figure()
            .unwrap();
        assert_sound(&figure);
        assert!(figure.svg().contains("899,778"));
        let text = figure.render().get("text/plain").unwrap().to_owned();
        assert!(
            text.contains("Fri 2015-08-07 02:00 mysite.com/blog: 899,778"),
            "{text}"
        );
    }

    #[test]
    fn bars_of_ratios_begin_at_one() {
        let (keys, filters) = (["few", "some", "many", "most"], ["a", "b", "c"]);
        let ratios = df!(
            "keys" => keys.iter().flat_map(|keys| [*keys; 3]).collect::<Vec<_>>(),
            "filter" => keys.iter().flat_map(|_| filters).collect::<Vec<_>>(),
            "times" => [8.71, 1.56, 0.83, 1.78, 0.8, 0.75, 0.79, 0.73, 0.75, 0.71, 0.0, 1.0],
        )
        .unwrap();
        let lying = bars(&ratios, "keys", "times").by("filter").logarithmic();
        let standing = bars(&ratios.head(Some(3)), "filter", "times").logarithmic();
        for figure in [lying.figure().unwrap(), standing.figure().unwrap()] {
            assert_sound(&figure);
            for tick in ["1", "2", "5"] {
                assert!(figure.svg().contains(&format!("\n{tick}\n")), "{tick}");
            }
        }
    }

    #[test]
    fn bars_that_lie_down() {
        let names: Vec<String> = (0..12)
            .map(|n| format!("a rather long <name> of bar {n}"))
            .collect();
        let frame =
            df!("name" => names, "n" => (0..12i64).map(|n| n * 7).collect::<Vec<_>>()).unwrap();
        assert_sound(&bars(&frame, "name", "n").figure().unwrap());
    }

    #[test]
    fn bars_of_nothing_and_of_nulls() {
        let frame = df!("x" => ["a", "b"], "y" => [None::<i64>, None]).unwrap();
        assert_sound(&bars(&frame, "x", "y").figure().unwrap());
        assert_sound(
            &bars(&frame.head(Some(0)), "x", "y")
                .by("x")
                .figure()
                .unwrap(),
        );
    }

    #[test]
    fn text_is_no_amount() {
        let error = bars(&view(), "url", "url")
            .figure()
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("column `url` has type str, but a plot needs numbers"),
            "{error}"
        );
    }
}

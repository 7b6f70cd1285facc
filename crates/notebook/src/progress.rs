//! Progress bars for loops, and the time that code takes.
use super::live::{DisplayHandle, display};
use super::{Rich, channel, steady};
use crate::channel::panics::stop_if_interrupted;
use std::time::{Duration, Instant};

/// The time between two updates of a progress bar.
const REFRESH: Duration = Duration::from_millis(100);

/// Returns an iterator over `items` that shows the progress of the loop, its rate and the time left,
/// in one output.
///
/// ```
/// use lambda_workbook::notebook::progress;
/// let sum: u64 = progress(0..1_000u64).label("adding").sum();
/// assert_eq!(sum, 499_500);
/// ```
///
/// The number of steps is the upper bound of the iterator's [`size_hint`](Iterator::size_hint). Set
/// it with [`total`](Progress::total) if the iterator does not know it. An interrupt ends the loop
/// at the next reading of the clock, and the variables of earlier cells are kept. The cost is a few
/// nanoseconds a step, because the clock is read about fifty times a second only.
pub fn progress<I: IntoIterator>(items: I) -> Progress<I::IntoIter> {
    let items = items.into_iter();
    let total = items.size_hint().1.map(|total| total as u64);
    Progress {
        items,
        meter: Meter::new(total),
    }
}

/// An iterator that shows its progress; see [`progress`].
pub struct Progress<I> {
    items: I,
    meter: Meter,
}

impl<I> Progress<I> {
    /// Sets the text in front of the bar.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.meter.label = label.into();
        self
    }

    /// Sets the number of steps.
    pub fn total(mut self, steps: u64) -> Self {
        self.meter.total = Some(steps);
        self
    }
}

impl<I: Iterator> Iterator for Progress<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        if self.meter.done == self.meter.check_at {
            self.meter.check();
        }
        let item = self.items.next();
        match item {
            Some(_) => self.meter.done += 1,
            None => self.meter.end(),
        }
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

/// A bar that shows the progress of work which reports it, rather than of a loop.
///
/// It appears when the work has taken a moment, and only in a front end that can update it. Where
/// outputs must be the same in every run it stays away.
///
/// ```
/// use lambda_workbook::notebook::progress::Bar;
/// let mut bar = Bar::new("on the cluster", "tasks");
/// bar.set(3, 12);
/// bar.set(12, 12);
/// ```
pub struct Bar {
    meter: Meter,
    unit: &'static str,
    made: Instant,
}

/// Work that is shorter has no bar.
const MOMENT: Duration = Duration::from_millis(500);

impl Bar {
    /// Creates a bar with a text in front, and the unit of its steps in the plural.
    pub fn new(label: impl Into<String>, unit: &'static str) -> Self {
        let mut meter = Meter::new(None);
        meter.label = label.into();
        Self {
            meter,
            unit,
            made: Instant::now(),
        }
    }

    /// Shows that `done` steps of the `total` known so far have ended.
    pub fn set(&mut self, done: u64, total: u64) {
        (self.meter.done, self.meter.total) = (done, Some(total));
        let now = Instant::now();
        let elapsed = now.duration_since(self.made);
        let is_due = match &self.meter.shown {
            Some((_, at)) => now.duration_since(*at) >= REFRESH,
            None => elapsed >= MOMENT,
        };
        if is_due && channel::connected() && !steady() {
            let head = self.meter.head();
            let (done, total) = (count(done), count(total));
            let line = format!("{head}{done} of {total} {}, {}", self.unit, human(elapsed));
            self.meter.show(&line, now);
        }
    }
}

impl Drop for Bar {
    /// Shows the last numbers, if there is a bar. After a panic it stays as it was.
    fn drop(&mut self) {
        self.meter.ended = true;
        if self.meter.shown.is_some() && !std::thread::panicking() {
            let now = Instant::now();
            let took = human(now.duration_since(self.made));
            let line = format!(
                "{}{} {} in {took}",
                self.meter.head(),
                count(self.meter.done),
                self.unit
            );
            self.meter.show(&line, now);
        }
    }
}

/// Counts the steps and shows the bar. It is not generic, so that cells compile fast.
struct Meter {
    label: String,
    /// Number of steps done.
    done: u64,
    /// Number of steps in total, if it is known.
    total: Option<u64>,
    /// The step at which the clock is read next.
    check_at: u64,
    /// When the first step began.
    started: Instant,
    /// The output and the time of its last update; `None` before the first.
    shown: Option<(DisplayHandle, Instant)>,
    ended: bool,
}

impl Meter {
    fn new(total: Option<u64>) -> Meter {
        Meter {
            label: String::new(),
            done: 0,
            total,
            check_at: 0,
            started: Instant::now(),
            shown: None,
            ended: false,
        }
    }

    /// Reads the clock, and updates the bar if the last update is long enough ago.
    fn check(&mut self) {
        stop_if_interrupted();
        let now = Instant::now();
        if self.done == 0 {
            self.started = now;
        }
        let elapsed = now.duration_since(self.started);
        self.check_at = self.done + 1 + steps_in(REFRESH / 5, self.done, elapsed);
        let due = |shown: &(DisplayHandle, Instant)| now.duration_since(shown.1) >= REFRESH;
        if self.shown.as_ref().is_none_or(due) {
            self.show(&self.line(elapsed), now);
        }
    }

    /// Shows the last line.
    fn end(&mut self) {
        if !self.ended {
            self.ended = true;
            let now = Instant::now();
            self.show(&self.last_line(now.duration_since(self.started)), now);
        }
    }

    /// Shows a line with the bar. Without a front end only the last line is printed.
    fn show(&mut self, line: &str, now: Instant) {
        if !channel::connected() {
            if self.ended {
                println!("{line}");
            }
            return;
        }
        let rich = Rich::text(line).html(bar(line, self.share()));
        match &mut self.shown {
            Some((handle, at)) => {
                handle.update(rich);
                *at = now;
            }
            None => self.shown = Some((display(rich), now)),
        }
    }

    /// Returns the share of the steps that are done, from 0 to 1; `None` if the total is unknown.
    fn share(&self) -> Option<f64> {
        let total = self.total.filter(|total| *total > 0)?;
        Some((self.done as f64 / total as f64).min(1.0))
    }

    /// Returns the label with a colon, or nothing.
    fn head(&self) -> String {
        match self.label.as_str() {
            "" => String::new(),
            label => format!("{label}: "),
        }
    }

    /// Returns a line such as "adding: 42 %, 420 of 1,000, 1,234/s, 3.00 s left".
    fn line(&self, elapsed: Duration) -> String {
        let mut line = self.head();
        match (self.share(), self.total) {
            (Some(share), Some(total)) => {
                line += &format!(
                    "{:.0} %, {} of {}",
                    share * 100.0,
                    count(self.done),
                    count(total)
                );
            }
            _ => line += &count(self.done),
        }
        if self.done > 0 && !elapsed.is_zero() {
            line += &format!(", {}/s", rate(self.done, elapsed));
            if let Some(total) = self.total {
                let left = total.saturating_sub(self.done) as f64 / self.done as f64;
                line += &format!(", {} left", human(elapsed.mul_f64(left.min(1e9))));
            }
        }
        line
    }

    /// Returns the last line, such as "adding: 1,000 in 810 ms, 1,234/s".
    fn last_line(&self, elapsed: Duration) -> String {
        let mut line = self.head();
        line += &count(self.done);
        if let Some(total) = self.total.filter(|total| *total != self.done) {
            line += &format!(" of {}", count(total));
        }
        if !steady() {
            line += &format!(" in {}", human(elapsed));
            if self.done > 0 && !elapsed.is_zero() {
                line += &format!(", {}/s", rate(self.done, elapsed));
            }
        }
        line
    }
}

/// A loop that is left early by `break` shows how many steps were done. After a panic the bar stays
/// as it was.
impl Drop for Meter {
    fn drop(&mut self) {
        if !self.ended && self.shown.is_some() && !std::thread::panicking() {
            self.end();
        }
    }
}

/// Estimates the number of steps in a time, from those done so far.
fn steps_in(time: Duration, done: u64, elapsed: Duration) -> u64 {
    let share = time.as_secs_f64() / elapsed.as_secs_f64().max(1e-9);
    (done as f64 * share) as u64
}

/// Returns a line as HTML, with a bar if the share is known.
fn bar(line: &str, share: Option<f64>) -> String {
    let bar = share.map_or(String::new(), |share| {
        format!("<progress value=\"{share:.3}\" max=\"1\" style=\"vertical-align:middle;width:16em\"></progress> ")
    });
    format!("<div>{bar}{}</div>", super::escape::escape(line))
}

/// Returns the number of steps a second as text.
fn rate(done: u64, elapsed: Duration) -> String {
    let rate = done as f64 / elapsed.as_secs_f64();
    match rate {
        0.0..10.0 => format!("{rate:.1}"),
        _ => count(rate as u64),
    }
}

/// Returns a number with its digits in groups, such as 1,234,567.
fn count(number: u64) -> String {
    crate::table::grouped(number as i64)
}

/// Returns a time in the unit that fits its size: `1.23 s`, `4.50 ms`, `2 min 5 s`.
///
/// ```
/// use lambda_workbook::notebook::progress::human;
/// use std::time::Duration;
/// assert_eq!(human(Duration::from_micros(4_500)), "4.50 ms");
/// assert_eq!(human(Duration::from_secs(125)), "2 min 5 s");
/// ```
pub fn human(time: Duration) -> String {
    let (seconds, whole) = (time.as_secs_f64(), time.as_secs());
    let three = |value: f64, unit: &str| match value {
        0.0..10.0 => format!("{value:.2} {unit}"),
        10.0..100.0 => format!("{value:.1} {unit}"),
        _ => format!("{value:.0} {unit}"),
    };
    match time.as_nanos() {
        0..1_000 => format!("{} ns", time.as_nanos()),
        1_000..1_000_000 => three(seconds * 1e6, "µs"),
        1_000_000..1_000_000_000 => three(seconds * 1e3, "ms"),
        _ if whole < 60 => three(seconds, "s"),
        _ if whole < 3_600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3_600, whole / 60 % 60),
    }
}

/// Runs `work`, prints how long it took, and returns its result. The time does not include the
/// compilation of the cell.
///
/// ```
/// use lambda_workbook::notebook::timed;
/// let sum = timed("adding", || (1..=10).sum::<u32>());
/// assert_eq!(sum, 55);
/// ```
pub fn timed<T>(label: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let value = work();
    took(label, started.elapsed());
    value
}

/// Prints a time, or a note in place of it if outputs must be the same in every run.
fn took(label: &str, time: Duration) {
    match steady() {
        true => println!("{label}: its time is shown when you run it"),
        false => println!("{label}: {}", human(time)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(done: u64, total: Option<u64>) -> Meter {
        let mut meter = Meter::new(total);
        meter.done = done;
        meter
    }

    #[test]
    fn a_line_has_share_count_rate_and_time_left() {
        let two_seconds = Duration::from_secs(2);
        let half = meter(5_000, Some(10_000));
        assert_eq!(
            half.line(two_seconds),
            "50 %, 5,000 of 10,000, 2,500/s, 2.00 s left"
        );
        assert_eq!(meter(5, None).line(two_seconds), "5, 2.5/s");
        assert_eq!(meter(0, Some(0)).line(Duration::ZERO), "0");
    }

    #[test]
    fn a_loop_left_early_says_so() {
        let line = meter(3, Some(10)).last_line(Duration::from_secs(1));
        assert_eq!(line, "3 of 10 in 1.00 s, 3.0/s");
    }

    #[test]
    fn the_clock_is_read_seldom() {
        let mut meter = Meter::new(Some(1_000_000));
        meter.done = 100_000;
        meter.started = Instant::now() - Duration::from_millis(100);
        meter.check();
        assert!(meter.check_at > 115_000, "{}", meter.check_at);
    }

    #[test]
    fn every_item_comes_through_once() {
        let items: Vec<u32> = progress(0..1_000).label("x").collect();
        assert_eq!(items, (0..1_000).collect::<Vec<_>>());
        let left: Vec<u32> = progress(0..1_000).take(3).collect();
        assert_eq!(left, [0, 1, 2]);
    }

    #[test]
    fn times_are_shown_in_the_unit_that_fits() {
        for (nanos, text) in [
            (999, "999 ns"),
            (1_500, "1.50 µs"),
            (25_000_000, "25.0 ms"),
            (59_900_000_000, "59.9 s"),
            (3_700_000_000_000, "1 h 1 min"),
        ] {
            assert_eq!(human(Duration::from_nanos(nanos)), text);
        }
    }
}

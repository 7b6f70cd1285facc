//! A plan of reads: which buckets make up a range.
use super::canvas::{AFTER, BEFORE, BELOW, Canvas, ON, draw};
use super::style::{INK, LABEL, marked, text_width};
use super::{Figure, WIDTH};
use calendar::{Granularity, Plan, Read};
use chrono_tz::Tz;
use notebook::table::counted;
use notebook::time;
use plotters::style::{Color, WHITE};

/// Draws a plan: the range on top, below it a lane of buckets for each
/// granularity. Filled buckets are added; outlined ones, crossed or
/// with the word minus, are subtracted, and a legend says so.
/// `zone` is for the labels: buckets are UTC's.
///
/// ```
/// use lambda_workbook::calendar::{Granularity, Plan, Span};
/// use lambda_workbook::plot;
///
/// let span = Span::new(1_438_570_800, 1_438_830_000)?;
/// let plan = Plan::additive(span, &Granularity::ALL)?;
/// let figure = plot::plan(&plan, chrono_tz::UTC);
/// assert!(figure.svg().contains("26 reads: 2 days + 24 hours"));
/// # Ok::<(), lambda_workbook::calendar::SpanError>(())
/// ```
pub fn plan(plan: &Plan, zone: Tz) -> Figure {
    drawn(plan, zone, &Along::of(plan), "")
}

/// Draws two plans of one range on the same axis of time, each with what it is for.
///
/// ```
/// use lambda_workbook::{calendar::Span, people, plot};
/// let (add, subtract) = people::both_plans(Span::new(1_438_570_800, 1_438_830_000)?)?;
/// let (upper, lower) = plot::plans(("visitors", &add), ("page views", &subtract), chrono_tz::UTC);
/// assert!(upper.svg().contains("visitors: 26 reads") && lower.svg().contains("page views: 9 reads"));
/// # Ok::<(), lambda_workbook::calendar::SpanError>(())
/// ```
pub fn plans(one: (&str, &Plan), other: (&str, &Plan), zone: Tz) -> (Figure, Figure) {
    let (first, second) = (Along::of(one.1), Along::of(other.1));
    let both = Along {
        from: first.from.min(second.from),
        until: first.until.max(second.until),
    };
    let figure = |(name, plan): (&str, &Plan)| drawn(plan, zone, &both, &format!("{name}: "));
    (figure(one), figure(other))
}

/// Draws a plan along an axis of time; `name` stands before the title.
fn drawn(plan: &Plan, zone: Tz, along: &Along, name: &str) -> Figure {
    let lanes = lanes(plan);
    let heading = plan.to_string();
    let title = &format!("{name}{}", in_words(plan, &lanes));
    let bottom = TOP + LANE * (lanes.len() as i32 + 1);
    let subtracts = !plan.is_additive();
    let height = bottom + 52 + if subtracts { LEGEND } else { 0 };
    let svg = draw((WIDTH, height as u32), |canvas| {
        canvas.title(title, (8, 16));
        let span = plan.span();
        let (from, until) = (along.at(span.from()), along.at(span.until()));
        canvas.label("range", (LEFT - 10, TOP + LANE / 2), BEFORE);
        canvas.fill(
            (from, TOP + 6),
            (until.max(from + 1), TOP + LANE - 6),
            INK.mix(0.8),
        );
        // The ends of the range, below the buckets: what a bucket covers must stay readable.
        for x in [from, until] {
            canvas.path(vec![(x, TOP), (x, bottom)], INK.mix(0.6), 1);
        }
        for (number, granularity) in (1..).zip(&lanes) {
            lane(canvas, plan, along, *granularity, TOP + LANE * number);
        }
        dates(canvas, along, zone, bottom);
        ends(canvas, plan, along, zone, bottom + 36);
        if subtracts {
            let y = bottom + 36 + LEGEND;
            canvas.outline((LEFT, y - 6), (LEFT + 14, y + 6), marked().mix(1.0));
            canvas.label(
                "outlined, crossed or with a minus: subtracted",
                (LEFT + 20, y),
                AFTER,
            );
        }
    });
    Figure::new(
        svg,
        title,
        heading.split_once('\n').map_or("", |rest| rest.1),
    )
}

const LEFT: i32 = 64;
const RIGHT: i32 = WIDTH as i32 - 12;
const TOP: i32 = 34;
const LANE: i32 = 30;
/// Narrower buckets are not told apart by lines.
const NARROWEST: i64 = 3;
/// The height of the legend, which only a plan with subtraction has.
const LEGEND: i32 = 20;
/// Room for the word `minus`.
const WORD: i32 = 48;

/// The granularities that are read, the coarsest first.
fn lanes(plan: &Plan) -> Vec<Granularity> {
    let read = |g: &Granularity| plan.reads().iter().any(|read| read.granularity == *g);
    Granularity::ALL.into_iter().rev().filter(read).collect()
}

/// Returns the number of reads, and of what, such as `9 reads: 3 days + 3 hours - 3 hours`.
fn in_words(plan: &Plan, lanes: &[Granularity]) -> String {
    let mut words = counted(plan.reads().len(), "read", "reads");
    let mut joint = ": ";
    for granularity in lanes {
        for (minus, sign) in [(false, " + "), (true, " - ")] {
            let read = |read: &&Read| read.granularity == *granularity && read.minus == minus;
            let reads = plan.reads().iter().filter(read).count();
            if reads > 0 {
                let name = granularity.name();
                words += match (minus, joint) {
                    (true, ": ") => ": - ",
                    (false, ": ") => ": ",
                    _ => sign,
                };
                words += &counted(reads, name, &format!("{name}s"));
                joint = sign;
            }
        }
    }
    words
}

/// Draws dates below the lanes: the local days that begin where there is room.
fn dates(canvas: &Canvas, along: &Along, zone: Tz, y: i32) {
    let wide = text_width("Aug 30", LABEL) + 14;
    let day = Granularity::Day.secs();
    let every = [1, 2, 7, 14, 28, 56, 182, 364, 3_640]
        .into_iter()
        .find(|days| along.pixels(days * day) >= i64::from(wide))
        .unwrap_or(36_400);
    let mut start = calendar::local_day_start(along.from, zone);
    while start <= along.until {
        if start >= along.from {
            let x = along.at(start);
            canvas.path(vec![(x, y), (x, y + 5)], INK.mix(0.7), 1);
            let name = time::format(start, zone, "%b %-d");
            let half = text_width(&name, LABEL) / 2;
            canvas.label(&name, (x.clamp(half, RIGHT + 10 - half), y + 6), BELOW);
        }
        // Noon of the day that is wanted: no change of clocks is as long as half a day.
        start = calendar::local_day_start(start + every * day + day / 2, zone);
    }
}

/// From seconds to pixels: all that is covered, in reads or in the range.
struct Along {
    from: i64,
    until: i64,
}

impl Along {
    fn of(plan: &Plan) -> Self {
        let starts = plan.reads().iter().map(|read| read.ts);
        let ends = plan.reads().iter().map(|read| read.end());
        let from = starts.fold(plan.span().from(), i64::min);
        let until = ends.fold(plan.span().until(), i64::max);
        Along {
            from,
            until: until.max(from + 1),
        }
    }

    fn at(&self, ts: i64) -> i32 {
        let (width, all) = (i64::from(RIGHT - LEFT), self.until - self.from);
        LEFT + ((ts - self.from).clamp(0, all) * width / all) as i32
    }

    fn pixels(&self, secs: i64) -> i64 {
        secs * i64::from(RIGHT - LEFT) / (self.until - self.from)
    }
}

fn lane(canvas: &Canvas, plan: &Plan, along: &Along, granularity: Granularity, top: i32) {
    let (low, high) = (top + 5, top + LANE - 5);
    let width = granularity.secs();
    canvas.label(granularity.name(), (LEFT - 10, top + LANE / 2), BEFORE);
    canvas.path(vec![(LEFT, high), (RIGHT, high)], INK.mix(0.3), 1);
    if along.pixels(width) >= NARROWEST {
        let mut ts = granularity.bucket(along.from);
        while ts <= along.until {
            if ts >= along.from {
                let x = along.at(ts);
                canvas.path(vec![(x, low), (x, high)], INK.mix(0.3), 1);
            }
            ts += width;
        }
    }
    let of_lane = |read: &&Read| read.granularity == granularity;
    for read in plan.reads().iter().filter(of_lane) {
        let (left, right) = (along.at(read.ts), along.at(read.end()));
        // A pixel of air between two, where there is room.
        let right = (right - i32::from(right - left > 2)).max(left + 1);
        if read.minus {
            let ink = marked().mix(1.0);
            canvas.fill((left, low), (right, high), WHITE.mix(1.0));
            canvas.outline((left, low), (right, high), ink);
            if right - left > WORD {
                canvas.strong("minus", ((left + right) / 2, (low + high) / 2), ON);
            } else {
                canvas.path(vec![(left, low), (right, high)], ink, 1);
                canvas.path(vec![(left, high), (right, low)], ink, 1);
            }
        } else {
            canvas.fill((left, low), (right, high), marked().mix(1.0));
        }
    }
}

fn ends(canvas: &Canvas, plan: &Plan, along: &Along, zone: Tz, y: i32) {
    let label = |ts| time::format(ts, zone, "%b %-d %H:%M %Z");
    let (from, until) = (plan.span().from(), plan.span().until());
    let (first, last) = (label(from), format!("before {}", label(until)));
    let (first_width, last_width) = (text_width(&first, LABEL), text_width(&last, LABEL));
    let x = along
        .at(from)
        .min(RIGHT - first_width - last_width - 16)
        .max(4);
    canvas.label(&first, (x, y), AFTER);
    let end = along
        .at(until)
        .max(x + first_width + 16 + last_width)
        .min(RIGHT);
    canvas.label(&last, (end, y), BEFORE);
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::Span;
    use show::picture::assert_sound;

    const DAY: i64 = 86_400;

    #[test]
    fn the_plan_of_figure_8_3_is_drawn() {
        let start = 1_437_004_800 + 15 * DAY;
        let span = Span::new(start, start + 64 * DAY).unwrap();
        let plan = Plan::with_subtraction(span, &Granularity::ALL).unwrap();
        let figure = super::plan(&plan, Tz::UTC);
        assert_sound(&figure);
        assert!(
            figure
                .svg()
                .contains("8 reads: 2 months + 2 weeks - 1 week + 2 days - 1 day")
        );
        // Only a plan that subtracts needs a legend.
        assert!(
            figure
                .svg()
                .contains("outlined, crossed or with a minus: subtracted")
        );
        let adds = Plan::additive(span, &Granularity::ALL).unwrap();
        let figure = super::plan(&adds, Tz::UTC);
        assert!(
            !figure
                .svg()
                .contains("outlined, crossed or with a minus: subtracted")
        );
    }

    #[test]
    fn a_plan_of_hours_of_a_year_and_of_none_are_drawn() {
        for (from, until) in [(3_600, 365 * DAY + 7_200), (7_200, 7_200), (0, 3_600)] {
            let span = Span::new(from, until).unwrap();
            let plan = Plan::additive(span, &[Granularity::Hour]).unwrap();
            assert_sound(&super::plan(&plan, Tz::America__Los_Angeles));
        }
    }
}

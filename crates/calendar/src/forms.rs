//! How granularities, local days, spans and plans are shown in a cell.
use crate::{Granularity, LocalDay, Plan, Span};
use chrono_tz::Tz;
use show::forms::clock::units;
use show::table::{Grid, Head, counted, grouped};
use show::time::wall_clock;
use show::{Render, Rich};

impl Render for Granularity {
    fn render(&self) -> Rich {
        Rich::text(format!(
            "{}: buckets of {} s, code {:?}",
            self.name(),
            grouped(self.secs()),
            self.code()
        ))
    }

    fn render_all(items: &[Self]) -> Rich {
        let row = |place: usize| {
            let granularity: Granularity = items[place];
            vec![
                granularity.name().to_owned(),
                granularity.code().to_owned(),
                granularity.secs().to_string(),
                length(granularity.secs()),
            ]
        };
        let heads = vec![
            Head::text("granularity"),
            Head::text("code"),
            Head::number("seconds"),
            Head::text("length"),
        ];
        Grid::of_list(heads, items.len(), row).render()
    }
}

/// Shows the times in UTC, because a local day does not contain its time zone.
impl Render for LocalDay {
    fn render(&self) -> Rich {
        Self::render_all(std::slice::from_ref(self))
    }

    fn render_all(items: &[Self]) -> Rich {
        let row = |place: usize| {
            let day: LocalDay = items[place];
            vec![
                day.start.to_string(),
                wall_clock(day.start, Tz::UTC),
                wall_clock(day.end, Tz::UTC),
                length(day.secs()),
                if day.is_whole_hours() { "yes" } else { "no" }.to_owned(),
            ]
        };
        let heads = vec![
            Head::number("ts"),
            Head::text("starts"),
            Head::text("ends before"),
            Head::text("length"),
            Head::text("whole hours"),
        ];
        Grid {
            caption: counted(items.len(), "local day", "local days"),
            ..Grid::of_list(heads, items.len(), row)
        }
        .render()
    }
}

impl Render for Plan {
    fn render(&self) -> Rich {
        let row = |place: usize| {
            let read = self.reads()[place];
            vec![
                if read.minus { "−" } else { "+" }.to_owned(),
                read.granularity.code().to_owned(),
                read.ts.to_string(),
                wall_clock(read.ts, Tz::UTC),
                wall_clock(read.end(), Tz::UTC),
            ]
        };
        let heads = vec![
            Head::text("sign"),
            Head::text("granularity"),
            Head::number("ts"),
            Head::text("starts"),
            Head::text("ends before"),
        ];
        let about = self.to_string();
        let grid = Grid {
            caption: about.lines().next().unwrap_or_default().to_owned(),
            ..Grid::of_list(heads, self.reads().len(), row)
        };
        grid.render()
    }
}

impl Render for Span {
    fn render(&self) -> Rich {
        Rich::text(format!(
            "from {} to before {}: {}",
            wall_clock(self.from(), Tz::UTC),
            wall_clock(self.until(), Tz::UTC),
            counted(self.hours() as usize, "hour", "hours"),
        ))
    }
}

/// Returns a length of time in words: whole hours up to two days, so that a day of 25 hours is
/// recognised, and larger units otherwise.
fn length(secs: i64) -> String {
    match secs {
        0..=172_800 if secs % 3_600 == 0 => format!("{} h", secs / 3_600),
        secs => units(secs.unsigned_abs() as u128 * 1_000_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local_day;
    use chrono_tz::America::Los_Angeles;

    #[test]
    fn a_plan_shows_its_reads() {
        let span = Span::new(0, 7 * 86_400 - 3_600).unwrap();
        let plan = Plan::with_subtraction(span, &Granularity::ALL).unwrap();
        let shown = plan.render().get("text/plain").unwrap().to_owned();
        assert!(shown.contains("2 reads: 1 w, -1 h"), "{shown}");
        assert!(shown.contains("601200"), "{shown}");
        let span = span.render().get("text/plain").unwrap().to_owned();
        assert!(span.ends_with(": 167 hours"), "{span}");
    }

    #[test]
    fn a_granularity_says_how_long_its_buckets_are() {
        let text = Rich::text("hour: buckets of 3,600 s, code \"h\"");
        assert_eq!(Granularity::Hour.render(), text);
        let all = Granularity::ALL
            .render()
            .get("text/plain")
            .unwrap()
            .to_owned();
        assert!(all.ends_with("month        m     2419200  28 d"), "{all}");
    }

    #[test]
    fn a_day_of_25_hours_is_seen_as_one() {
        let autumn = local_day(1_446_408_000, Los_Angeles);
        let text = autumn.render().get("text/plain").unwrap().to_owned();
        assert!(
            text.contains("Sun 2015-11-01 07:00 UTC  Mon 2015-11-02 08:00 UTC  25 h"),
            "{text}"
        );
        assert_eq!(length(1_800 * 47), "23 h 30 min");
    }
}

//! Which hours a data set covers: the grammar of `--hours`.
use super::error::{DatasetError, Result};
use calendar::Granularity;
use chrono::NaiveDate;
use std::fmt;
use std::str::FromStr;

const HOUR: i64 = Granularity::Hour.secs();

/// The lesson's hours: 2015-08-03 18:00 and 2015-08-07 02:00, UTC.
pub const LESSON_HOURS: [i64; 2] = [1_438_624_800, 1_438_912_800];

/// More would be 11 years: surely a slip.
const MOST_HOURS: i64 = 100_000;

/// The hours of a data set.
///
/// ```text
/// SPEC  = PART { "," PART }          in the order of time
/// PART  = "lesson"                   the lesson's two hours, with its exact counts
///       | STAMP                      one day or one hour
///       | STAMP ".." STAMP           from the first to before the second
/// STAMP = YYYY-MM-DD                 a day, or its first hour where it ends a range
///       | YYYY-MM-DD "T" HH          an hour
/// ```
///
/// All of it is UTC. `lesson` may stand beside spans that hold its hours: it
/// keeps its counts, and the spans fill in the hours around it.
///
/// ```
/// use lambda_workbook::dataset::Hours;
///
/// assert_eq!("lesson".parse::<Hours>()?.count(), 2);
/// assert_eq!("2015-08-01..2015-08-29".parse::<Hours>()?.count(), 28 * 24);
/// assert_eq!("2015-08-03T18..2015-08-04".parse::<Hours>()?.count(), 6);
/// assert_eq!("lesson,2015-08-01..2015-08-29".parse::<Hours>()?.count(), 28 * 24);
/// assert!("2015-08-29..2015-08-01".parse::<Hours>().is_err());
/// # Ok::<(), lambda_workbook::dataset::DatasetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    lesson: bool,
    /// Half-open, in the order of time, apart from one another.
    spans: Vec<(i64, i64)>,
}

impl Hours {
    /// The lesson's two hours.
    pub fn lesson() -> Self {
        Self {
            lesson: true,
            spans: Vec::new(),
        }
    }

    /// The hours from one second to before another.
    pub(super) fn span(from: i64, until: i64) -> Self {
        Self {
            lesson: false,
            spans: vec![(from, until)],
        }
    }

    /// The first second of each hour, in the order of time, and whether it is
    /// one of the lesson's.
    pub fn starts(&self) -> Vec<(i64, bool)> {
        let lessons = if self.lesson { &LESSON_HOURS[..] } else { &[] };
        let mut starts: Vec<(i64, bool)> = self
            .spans
            .iter()
            .flat_map(|&(from, until)| (from..until).step_by(HOUR as usize))
            .filter(|start| !lessons.contains(start))
            .map(|start| (start, false))
            .chain(lessons.iter().map(|&start| (start, true)))
            .collect();
        starts.sort_unstable();
        starts
    }

    /// How many hours.
    pub fn count(&self) -> usize {
        self.starts().len()
    }
}

impl FromStr for Hours {
    type Err = DatasetError;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = |remedy: String| DatasetError::BadArgument {
            argument: "--hours",
            value: text.to_owned(),
            remedy,
        };
        let mut hours = Self {
            lesson: false,
            spans: Vec::new(),
        };
        for part in text.split(',').map(str::trim) {
            if part == "lesson" {
                if hours.lesson {
                    return Err(wrong("lesson stands in it twice".into()));
                }
                hours.lesson = true;
                continue;
            }
            let (from, until) = match part.split_once("..") {
                Some((from, until)) => (
                    stamp(from).map_err(wrong)?.0,
                    stamp(until).map_err(wrong)?.0,
                ),
                None => {
                    let (start, width) = stamp(part).map_err(wrong)?;
                    (start, start + width)
                }
            };
            if until <= from {
                return Err(wrong(format!(
                    "{part} is empty: the second stamp must be later than the first, and is itself not included"
                )));
            }
            if hours.spans.last().is_some_and(|&(_, end)| from < end) {
                return Err(wrong(format!(
                    "{part} begins before the span to its left ends; write spans in the order of time, without overlap"
                )));
            }
            hours.spans.push((from, until));
        }
        let covered: i64 = hours
            .spans
            .iter()
            .map(|(from, until)| (until - from) / HOUR)
            .sum();
        if covered > MOST_HOURS {
            return Err(wrong(format!(
                "{covered} hours are more than the {MOST_HOURS} allowed"
            )));
        }
        Ok(hours)
    }
}

/// The first second of a stamp, and the width of the time it names.
fn stamp(text: &str) -> Result<(i64, i64), String> {
    let grammar = || {
        format!(
            "{text:?} is no stamp; write lesson, a day as 2015-08-01, an hour as 2015-08-01T18, \
             or a span as 2015-08-01..2015-08-29 (UTC, the end not included)"
        )
    };
    let (day, hour) = match text.split_once('T') {
        Some((day, hour)) => (day, Some(hour)),
        None => (text, None),
    };
    if day.len() != 10 || !day.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return Err(grammar());
    }
    let midnight = NaiveDate::parse_from_str(day, "%Y-%m-%d")
        .map_err(|_| format!("{day:?} is not a day of the calendar"))?
        .and_hms_opt(0, 0, 0)
        .ok_or_else(grammar)?
        .and_utc()
        .timestamp();
    match hour {
        None => Ok((midnight, Granularity::Day.secs())),
        Some(hour) if hour.len() == 2 => match hour.parse::<u8>() {
            // `parse` would take a sign too.
            Ok(hour) if hour < 24 && !text.contains('+') => {
                Ok((midnight + i64::from(hour) * HOUR, HOUR))
            }
            _ => Err(format!("{hour:?} is not an hour; hours go from 00 to 23")),
        },
        Some(_) => Err(grammar()),
    }
}

impl fmt::Display for Hours {
    /// The grammar again, in its shortest form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if self.lesson {
            parts.push("lesson".to_owned());
        }
        parts.extend(
            self.spans
                .iter()
                .map(|&(from, until)| format!("{}..{}", show(from), show(until))),
        );
        f.write_str(&parts.join(","))
    }
}

fn show(ts: i64) -> String {
    let at = chrono::DateTime::from_timestamp(ts, 0).unwrap_or_default();
    let whole_day = ts.rem_euclid(Granularity::Day.secs()) == 0;
    at.format(if whole_day { "%Y-%m-%d" } else { "%Y-%m-%dT%H" })
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Hours> {
        text.parse()
    }

    #[test]
    fn what_is_shown_parses_back() {
        for text in [
            "lesson",
            "2015-03-01..2015-03-15",
            "lesson,2015-08-01..2015-08-10",
            "2015-03-08..2015-03-09,2015-11-01T06..2015-11-02",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        assert_eq!(
            parse("2015-08-03T18").unwrap().to_string(),
            "2015-08-03T18..2015-08-03T19"
        );
        assert_eq!(
            parse(" lesson , 2015-08-03 ").unwrap().count(),
            25,
            "one of the lesson's is inside"
        );
    }

    #[test]
    fn the_lessons_hours_keep_their_mark_among_others() {
        let starts = parse("2015-08-01..2015-08-29,lesson").unwrap().starts();
        assert!(starts.is_sorted());
        let marked: Vec<i64> = starts
            .iter()
            .filter(|(_, lesson)| *lesson)
            .map(|(ts, _)| *ts)
            .collect();
        assert_eq!(marked, LESSON_HOURS);
    }

    #[test]
    fn a_bad_spec_says_which_part_and_what_is_allowed() {
        for (spec, part) in [
            ("", "2015-08-01..2015-08-29"),
            ("yesterday", "is no stamp"),
            ("lesson,lesson", "twice"),
            ("2015-02-29", "not a day of the calendar"),
            ("2015-08-01T24", "00 to 23"),
            ("2015-08-01T1", "is no stamp"),
            ("2015-08-01T+1", "not an hour"),
            ("2015-8-1", "is no stamp"),
            ("2015-08-02..2015-08-01", "is empty"),
            ("2015-08-01..2015-08-01", "is empty"),
            ("2015-08-01..2015-08-03,2015-08-02", "without overlap"),
            ("2015-08-03,2015-08-01", "order of time"),
            ("1970-01-01..2015-01-01", "more than"),
            ("2015-08-01..", "is no stamp"),
        ] {
            let error = parse(spec).unwrap_err();
            assert!(error.is_wrong_use());
            assert!(error.to_string().contains(part), "{spec}: {error}");
        }
    }
}

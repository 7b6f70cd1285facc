//! Four weeks of SuperWebAnalytics.com: the running example of the chapters.
use super::error::Result;
use super::hours::{Hours, LESSON_HOURS};
use super::kinds::Kinds;
use super::plan::{DatasetPlan, Launch};
use super::population::Population;
use super::random::Random;
use super::sample::{Drawn, drawn_of};
use super::spec::Spec;
use calendar::Granularity;
use lambda::batch;
use lambda::datum::{DataUnit, Equiv, PersonId};
use polars::prelude::*;

/// The first second of the weeks: 2015-07-16 00:00 UTC, where a week and a 28-day month begin.
pub const WEEKS_FROM: i64 = 1_437_004_800;

/// The distinct page views of the weeks.
const VIEWS: u64 = 120_000;
/// The hours of four weeks.
const HOURS: i64 = 28 * 24;
/// One page view in so many is sent late, by a device that was offline.
const ONE_LATE_IN: u64 = 200;
/// By so many seconds at most.
const LATEST: u64 = 3 * 3_600;

/// Four weeks of data; see [`weeks`].
#[derive(Clone, Debug)]
pub struct Weeks {
    /// The page views in the order of their arrival, with the columns
    /// [`PAGE_VIEW_COLUMNS`](super::PAGE_VIEW_COLUMNS): raw URLs, duplicates, and some that
    /// arrived hours late.
    pub log: DataFrame,
    /// The equivs, in the order of time.
    pub equivs: Vec<Equiv>,
    /// The number of people who have the identifiers.
    pub population: usize,
}

impl Weeks {
    /// Returns the distinct page views, with normalised URLs.
    ///
    /// # Errors
    /// None in practice: every URL of the log can be normalised.
    pub fn views(&self) -> PolarsResult<DataFrame> {
        batch::distinct(&batch::normalised(&self.log)?)
    }
}

/// Makes four weeks of four pages of three sites, mysite.com among them, from July 16 to August 13, 2015: one
/// 28-day month. It has 120,000 distinct page views, 1,200 of which were delivered twice. Days
/// and weeks have their rhythm by Pacific time, nights are quiet, visitors come back and use
/// several identifiers, and on August 6 the site is launched anew: the day has five times the page
/// views of other Thursdays. The result is the same in every run.
///
/// ```
/// let weeks = lambda_workbook::dataset::weeks()?;
/// assert_eq!(weeks.log.height(), 121_200);
/// assert_eq!(weeks.views()?.height(), 120_000);
/// assert!(!weeks.equivs.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// None in practice: the arguments are fixed.
pub fn weeks() -> Result<Weeks> {
    made(WEEKS_FROM)
}

/// Makes four weeks like [`weeks`] that begin at another day: `"2015-10-15"` for those in which the
/// clocks of California are put back, `"2015-02-26"` for those in which they are put forward.
///
/// ```
/// use lambda_workbook::dataset;
/// let weeks = dataset::weeks_from("2015-10-15")?;
/// let first = weeks.log.column("true_as_of_secs")?.i64()?.iter().flatten().min();
/// assert_eq!(first.map(|secs| secs / 86_400), Some(16_723)); // 2015-10-15
/// assert!(dataset::weeks_from("yesterday").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A text that is no day, written as `YYYY-MM-DD`.
pub fn weeks_from(day: &str) -> Result<Weeks> {
    let hours: Hours = day.parse()?;
    let starts = hours.starts();
    made(starts.first().map_or(WEEKS_FROM, |(start, _)| *start))
}

/// Makes the weeks from a second at which a day begins.
fn made(from: i64) -> Result<Weeks> {
    let until = from + HOURS * Granularity::Hour.secs();
    let spec = Spec {
        hours: Hours::span(from, until),
        users: 4_000,
        pages: 4,
        duplicates: 0.01,
        kinds: Kinds::ALL,
        ..Spec::lesson()
    };
    // The launch is as far from the beginning as the lesson's second hour.
    let launch = from + (LESSON_HOURS[1] - WEEKS_FROM);
    let plan = DatasetPlan::of_views(&spec, VIEWS)?.with(Launch {
        at: launch,
        times: 5,
    });
    let population = Population::new(spec.users, spec.seed);

    // Draw the datums, and when each of them arrives.
    let mut random = Random::new(&[spec.seed, from as u64, 0x1A7E]);
    let mut arrived = Vec::new();
    let mut equivs = Vec::new();
    for Drawn { datum, .. } in drawn_of(&spec, &plan, &population) {
        let secs = datum.pedigree.true_as_of_secs;
        match datum.dataunit {
            DataUnit::PageView(view) => {
                let late = match random.one_in(ONE_LATE_IN) {
                    true => 1 + random.below(LATEST),
                    false => 0,
                };
                arrived.push((secs + late as i64, secs, view));
            }
            DataUnit::Equiv(equiv) => equivs.push(equiv),
            _ => {}
        }
    }
    // A stable sort: what arrives in one second keeps its order.
    arrived.sort_by_key(|(at, ..)| *at);

    // The same columns as the lesson's.
    let rows = arrived.len();
    let (mut secs, mut urls, mut nonces) = (Vec::new(), Vec::new(), Vec::new());
    let (mut cookies, mut users) = (Vec::new(), Vec::new());
    for (_, at, view) in arrived {
        secs.push(at);
        urls.push(view.page.url);
        nonces.push(view.nonce);
        let (cookie, user) = match view.person {
            PersonId::Cookie(cookie) => (Some(cookie), None),
            PersonId::UserId(user) => (None, Some(user)),
        };
        cookies.push(cookie);
        users.push(user);
    }
    let log = df!(
        "true_as_of_secs" => secs,
        "kind" => vec!["page_view"; rows],
        "url" => urls,
        "cookie" => cookies,
        "user_id" => users,
        "nonce" => nonces,
    );
    Ok(Weeks {
        log: log.expect("each page view gives one value to each column"),
        equivs,
        population: population.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Datelike, Timelike};
    use chrono_tz::America::Los_Angeles;

    /// Page views by the key of their local hour in California.
    fn by<K: Ord>(
        views: &DataFrame,
        key: impl Fn(DateTime<chrono_tz::Tz>) -> K,
    ) -> Vec<(K, usize)> {
        let mut counts = std::collections::BTreeMap::new();
        let secs = views.column("true_as_of_secs").unwrap().i64().unwrap();
        for secs in secs.iter().flatten() {
            let local = DateTime::from_timestamp(secs, 0)
                .unwrap()
                .with_timezone(&Los_Angeles);
            *counts.entry(key(local)).or_default() += 1;
        }
        counts.into_iter().collect()
    }

    #[test]
    fn the_weeks_have_a_rhythm_and_a_launch() {
        let views = weeks().unwrap().views().unwrap();
        let hours = by(&views, |local| local.hour());
        let of = |hour: usize| hours[hour].1;
        assert!(of(11) > 8 * of(3), "{hours:?}"); // nights are quiet
        let days = by(&views, |local| local.date_naive());
        let busiest = days.iter().max_by_key(|(_, views)| *views).unwrap();
        assert_eq!(busiest.0.to_string(), "2015-08-06");
        let thursdays: Vec<usize> = days
            .iter()
            .filter(|(day, _)| day.weekday() == chrono::Weekday::Thu && *day != busiest.0)
            .map(|(_, views)| *views)
            .collect();
        assert!(
            thursdays.iter().all(|views| busiest.1 > 4 * views),
            "{days:?}"
        );
    }

    #[test]
    fn some_page_views_arrive_late_and_some_twice() {
        let weeks = weeks().unwrap();
        let secs = weeks.log.column("true_as_of_secs").unwrap().i64().unwrap();
        let secs: Vec<i64> = secs.into_no_null_iter().collect();
        let mut newest = i64::MIN;
        let late = secs.iter().filter(|&&at| {
            newest = newest.max(at);
            newest - at > 600
        });
        let late = late.count();
        assert!((400..800).contains(&late), "{late}");
        assert_eq!(weeks.log.height() - weeks.views().unwrap().height(), 1_200);
    }

    #[test]
    fn visitors_come_back() {
        let views = weeks().unwrap().views().unwrap();
        let sum = |granularity| {
            let uniques = batch::exact_uniques(&views, granularity).unwrap();
            uniques
                .column("uniques")
                .unwrap()
                .i64()
                .unwrap()
                .sum()
                .unwrap()
        };
        assert!(sum(Granularity::Hour) > 3 * sum(Granularity::Month));
    }
}

//! Which birthdays a person's age samples leave (figure 18.1).
//!
//! "30 years on 2015-08-07" leaves the birthdays of one year. Another sample
//! leaves another year, and the birthday is in both. Who was born on February 29
//! is a year older from March 1 on in years that have no such day, as
//! `chrono` counts it too. Days are those of UTC: where somebody was when the
//! sample was taken is not known.
//!
//! Invariants:
//! 1. The range holds exactly the days on which somebody of those ages may be born.
//! 2. The order of samples does not matter, nor how often one is told.
//! 3. Samples contradict only if two of them do, for ranges of days that meet in
//!    pairs meet all at one day (Helly's theorem on a line). So the least that
//!    contradicts is a pair, and pairs are what is reported.
//!
//! Source: Marz and Warren, "Big Data", section 18.1.
use super::recompute_error::{OLDEST, RecomputeError, name};
use chrono::{DateTime, Datelike as _, NaiveDate};
use lambda::datum::PersonId;
use std::fmt;

/// That a person was so many whole years old at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgeSample {
    person: PersonId,
    secs: i64,
    age: i64,
}

impl AgeSample {
    /// An age in years at epoch seconds, UTC.
    ///
    /// ```
    /// use lambda_workbook::datum::PersonId;
    /// use lambda_workbook::systems::AgeSample;
    /// let ada = AgeSample::new(PersonId::UserId(7), 1_438_912_800, 30)?; // 2015-08-07
    /// assert_eq!(ada.birthdays().to_string(), "1984-08-08 to 1985-08-07");
    /// assert!(AgeSample::new(PersonId::UserId(7), 1_438_912_800, -1).is_err());
    /// # Ok::<(), lambda_workbook::systems::RecomputeError>(())
    /// ```
    ///
    /// # Errors
    /// An age below 0 or above 150, a time outside of the years 1000 to 9999.
    pub fn new(person: PersonId, secs: i64, age: i64) -> Result<Self, RecomputeError> {
        if !(0..=OLDEST).contains(&age) {
            return Err(RecomputeError::Age { person, age });
        }
        let year = DateTime::from_timestamp(secs, 0).map(|at| at.year());
        if !year.is_some_and(|year| (1_000..=9_999).contains(&year)) {
            return Err(RecomputeError::Time { person, secs });
        }
        Ok(AgeSample { person, secs, age })
    }

    /// Whose age it is.
    pub fn person(&self) -> &PersonId {
        &self.person
    }

    /// When it was true: epoch seconds.
    pub fn secs(&self) -> i64 {
        self.secs
    }

    /// Whole years.
    pub fn age(&self) -> i64 {
        self.age
    }

    /// The day of the sample in UTC.
    pub fn day(&self) -> NaiveDate {
        let at = DateTime::from_timestamp(self.secs, 0).unwrap_or_default();
        at.date_naive()
    }

    /// The birthdays that this sample leaves: a year of them. O(1).
    pub fn birthdays(&self) -> Days {
        let (day, year) = (self.day(), self.day().year() - self.age as i32);
        let before = last_until(day, year - 1);
        Days {
            earliest: before.succ_opt().unwrap_or(before),
            latest: last_until(day, year),
        }
    }
}

/// The last day of a year that is no later in its year than `day` is in its own.
/// In a common year, that is February 28 for the 29th.
fn last_until(day: NaiveDate, year: i32) -> NaiveDate {
    let before = || day.pred_opt()?.with_year(year);
    day.with_year(year).or_else(before).unwrap_or(day)
}

/// Days in a row; both ends are among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Days {
    pub earliest: NaiveDate,
    pub latest: NaiveDate,
}

impl Days {
    /// The days that are in both; `None` if there are none.
    pub fn and(self, other: Days) -> Option<Days> {
        let both = Days {
            earliest: self.earliest.max(other.earliest),
            latest: self.latest.min(other.latest),
        };
        (both.earliest <= both.latest).then_some(both)
    }

    /// How many days.
    pub fn count(self) -> i64 {
        (self.latest - self.earliest).num_days() + 1
    }

    /// Whether a day is among them.
    pub fn contains(self, day: NaiveDate) -> bool {
        (self.earliest..=self.latest).contains(&day)
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.earliest, self.latest)
    }
}

/// What is known of a person's birthday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Birthday {
    /// It is one of these days.
    Within(Days),
    /// No day fits all samples.
    Contradiction(Contradiction),
}

impl Birthday {
    /// The days, unless samples contradict.
    pub fn days(&self) -> Option<Days> {
        match self {
            Birthday::Within(days) => Some(*days),
            Birthday::Contradiction(_) => None,
        }
    }
}

/// Samples that cannot all be true: each is in a pair without a common birthday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    samples: Vec<AgeSample>,
}

impl Contradiction {
    /// The samples of all pairs, in the order of time. Others are not to blame.
    pub fn samples(&self) -> &[AgeSample] {
        &self.samples
    }

    /// Each pair that no birthday fits: the least that contradicts. O(n^2) to walk
    /// through for n samples.
    pub fn pairs(&self) -> impl Iterator<Item = (&AgeSample, &AgeSample)> {
        let apart = |a: &AgeSample, b: &AgeSample| a.birthdays().and(b.birthdays()).is_none();
        let rest = |place: usize| self.samples[place + 1..].iter();
        let with_rest = move |(place, one)| rest(place).map(move |other| (one, other));
        let all = self.samples.iter().enumerate().flat_map(with_rest);
        all.filter(move |(one, other)| apart(one, other))
    }
}

/// Pairs that an error's text names.
const NAMED: usize = 3;

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |sample: &AgeSample| {
            let (age, day, born) = (sample.age, sample.day(), sample.birthdays());
            format!("age {age} on {day} means born {born}")
        };
        let person = self.samples.first().map(|sample| name(sample.person()));
        write!(f, "{}: ", person.unwrap_or_default())?;
        for (place, (one, other)) in self.pairs().take(NAMED).enumerate() {
            let and = if place == 0 { "" } else { "; also " };
            write!(f, "{and}{}, but {}", told(one), told(other))?;
        }
        let more = self.pairs().skip(NAMED).count();
        match more {
            0 => write!(f, "; one of each pair is wrong"),
            more => write!(f, "; and {more} pairs more; one of each pair is wrong"),
        }
    }
}

impl fmt::Display for Birthday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Birthday::Within(days) if days.count() == 1 => write!(f, "born {}", days.earliest),
            Birthday::Within(days) => write!(f, "born {days}, {} days", days.count()),
            Birthday::Contradiction(contradiction) => contradiction.fmt(f),
        }
    }
}

/// The birthdays that all of a person's samples leave; `None` without samples.
/// O(n) for n samples that agree.
///
/// ```
/// use lambda_workbook::datum::PersonId;
/// use lambda_workbook::systems::{AgeSample, infer};
/// let sample = |secs, age| AgeSample::new(PersonId::UserId(7), secs, age);
/// let samples = [sample(1_438_912_800, 30)?, sample(1_443_657_600, 31)?]; // Aug 7, Oct 1
/// let birthday = infer(&samples).unwrap();
/// assert_eq!(birthday.to_string(), "born 1984-08-08 to 1984-10-01, 55 days");
/// # Ok::<(), lambda_workbook::systems::RecomputeError>(())
/// ```
pub fn infer<'a>(samples: impl IntoIterator<Item = &'a AgeSample>) -> Option<Birthday> {
    let samples: Vec<&AgeSample> = samples.into_iter().collect();
    let ranges = || samples.iter().map(|sample| sample.birthdays());
    let earliest = ranges().map(|days| days.earliest).max()?;
    let latest = ranges().map(|days| days.latest).min()?;
    if earliest <= latest {
        return Some(Birthday::Within(Days { earliest, latest }));
    }
    // To blame is who ends before another begins, or begins after another's end.
    let blamed = samples.iter().filter(|sample| {
        let days = sample.birthdays();
        days.latest < earliest || days.earliest > latest
    });
    let mut samples: Vec<AgeSample> = blamed.map(|sample| (*sample).clone()).collect();
    samples.sort_by(|a, b| (a.secs, a).cmp(&(b.secs, b)));
    samples.dedup();
    Some(Birthday::Contradiction(Contradiction { samples }))
}

#[cfg(test)]
#[path = "birthday_tests.rs"]
mod tests;

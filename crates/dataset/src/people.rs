//! Who an account belongs to: name, gender, home and birthday.
//!
//! Names are of people in the history of computing, first and last drawn
//! apart, so that none of them is anybody.
use super::random::{Random, hash};
use chrono::{DateTime, NaiveDate};
use lambda::datum::{Gender, Location};
use std::ops::Range;

const WOMEN: [&str; 12] = [
    "Ada", "Grace", "Barbara", "Frances", "Jean", "Margaret", "Radia", "Shafi", "Karen", "Adele",
    "Lynn", "Evelyn",
];
const MEN: [&str; 12] = [
    "Alan", "Edsger", "Donald", "Dennis", "Ken", "Leslie", "John", "Tony", "Niklaus", "Edgar",
    "Jim", "Robin",
];
const LAST: [&str; 24] = [
    "Lovelace",
    "Hopper",
    "Liskov",
    "Allen",
    "Bartik",
    "Hamilton",
    "Perlman",
    "Goldwasser",
    "Jones",
    "Goldberg",
    "Conway",
    "Boyd",
    "Turing",
    "Dijkstra",
    "Knuth",
    "Ritchie",
    "Thompson",
    "Lamport",
    "Backus",
    "Hoare",
    "Wirth",
    "Codd",
    "Gray",
    "Milner",
];
/// City, state, country. A city-state has no state.
const PLACES: [(&str, Option<&str>, &str); 16] = [
    ("San Francisco", Some("CA"), "US"),
    ("Los Angeles", Some("CA"), "US"),
    ("San Diego", Some("CA"), "US"),
    ("Seattle", Some("WA"), "US"),
    ("Portland", Some("OR"), "US"),
    ("New York", Some("NY"), "US"),
    ("Chicago", Some("IL"), "US"),
    ("Austin", Some("TX"), "US"),
    ("Boston", Some("MA"), "US"),
    ("Vancouver", Some("BC"), "CA"),
    ("Toronto", Some("ON"), "CA"),
    ("Kolkata", Some("WB"), "IN"),
    ("São Paulo", Some("SP"), "BR"),
    ("Sydney", Some("NSW"), "AU"),
    ("Singapore", None, "SG"),
    ("Monaco", None, "MC"),
];

/// What is true of one account; what the data say of it is drawn from here.
pub(super) struct Profile {
    key: u64,
    /// When this person moves, if within the data set.
    moves: i64,
}

impl Profile {
    pub fn new(seed: u64, user: u64, span: Range<i64>) -> Self {
        let key = hash(&[seed, 0x9E250, user]);
        // One in five moves at some time during the span.
        let length = (span.end - span.start).max(1) as u64 * 5;
        Self {
            key,
            moves: span.start + (hash(&[key, 1]) % length) as i64,
        }
    }

    fn pick<T: Copy>(&self, label: u64, from: &[T]) -> T {
        from[(hash(&[self.key, label]) % from.len() as u64) as usize]
    }

    pub fn gender(&self) -> Gender {
        self.pick(2, &[Gender::Female, Gender::Male])
    }

    pub fn full_name(&self) -> String {
        let first = match self.gender() {
            Gender::Female => self.pick(3, &WOMEN),
            Gender::Male => self.pick(3, &MEN),
        };
        format!("{first} {}", self.pick(4, &LAST))
    }

    /// Where this person lives at `ts`. One time in ten the country is not
    /// said, which does not mean that it is none.
    pub fn location(&self, ts: i64, random: &mut Random) -> Location {
        let home = if ts < self.moves { 5 } else { 6 };
        let (city, state, country) = self.pick(home, &PLACES);
        Location {
            city: Some(city.to_owned()),
            country: (!random.one_in(10)).then(|| country.to_owned()),
            state: state.map(str::to_owned),
        }
    }

    /// Born between 1925 and 2002.
    pub fn birthday(&self) -> NaiveDate {
        let days = (hash(&[self.key, 7]) % 28_000) as i64;
        NaiveDate::default() + chrono::Duration::days(days - 16_400)
    }

    /// Whole years lived at `ts`, by the UTC date.
    pub fn age(&self, ts: i64) -> i64 {
        let today = DateTime::from_timestamp(ts, 0)
            .unwrap_or_default()
            .date_naive();
        today.years_since(self.birthday()).map_or(0, i64::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_turns_on_the_birthday() {
        let someone = Profile::new(1, 2, 0..1);
        let born = someone.birthday();
        let turns_30 = born.with_year_of_30();
        assert_eq!(someone.age(turns_30 - 1), 29);
        assert_eq!(someone.age(turns_30), 30);
    }

    trait Thirtieth {
        fn with_year_of_30(&self) -> i64;
    }

    impl Thirtieth for NaiveDate {
        fn with_year_of_30(&self) -> i64 {
            let day = *self + chrono::Months::new(360);
            day.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp()
        }
    }

    #[test]
    fn about_one_in_five_moves_within_the_span_and_none_moves_back() {
        let span = 0..1_000_000;
        let moved =
            (0..1_000).filter(|&user| span.contains(&Profile::new(3, user, span.clone()).moves));
        assert!((150..250).contains(&moved.count()));
        let mover = (0..)
            .map(|user| Profile::new(3, user, span.clone()))
            .find(|p| p.moves < 900_000)
            .unwrap();
        let city = |ts| mover.location(ts, &mut Random::new(&[0])).city;
        assert_eq!(city(0), city(mover.moves - 1));
        assert_eq!(city(mover.moves), city(999_999));
    }
}

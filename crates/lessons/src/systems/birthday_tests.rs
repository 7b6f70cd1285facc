use super::*;
use proptest::prelude::*;

fn secs(day: &str) -> i64 {
    let day: NaiveDate = day.parse().unwrap();
    day.and_hms_opt(12, 0, 0).unwrap().and_utc().timestamp()
}

fn sample(day: &str, age: i64) -> AgeSample {
    AgeSample::new(PersonId::UserId(1), secs(day), age).unwrap()
}

/// Whether somebody born on `born` is `age` years old on `day`, as chrono counts.
fn fits(born: NaiveDate, day: NaiveDate, age: i64) -> bool {
    day.years_since(born) == Some(age as u32)
}

#[test]
fn a_sample_leaves_a_year_of_birthdays() {
    let days = sample("2015-08-07", 30).birthdays();
    assert_eq!(days.to_string(), "1984-08-08 to 1985-08-07");
    assert_eq!(days.count(), 365);
}

#[test]
fn who_is_born_on_february_29_is_older_on_march_1_of_a_common_year() {
    let leap: NaiveDate = "1984-02-29".parse().unwrap();
    assert!(sample("2015-03-01", 31).birthdays().contains(leap));
    assert!(sample("2015-02-28", 30).birthdays().contains(leap));
    assert!(!sample("2015-02-28", 31).birthdays().contains(leap));
    assert!(sample("2016-02-29", 32).birthdays().contains(leap));
}

#[test]
fn a_sample_on_february_29_ends_with_the_28th_of_a_common_year() {
    let days = sample("2016-02-29", 31).birthdays();
    assert_eq!(days.to_string(), "1984-03-01 to 1985-02-28");
}

#[test]
fn two_samples_around_a_birthday_name_the_day() {
    let samples = [sample("2015-08-06", 29), sample("2015-08-07", 30)];
    let birthday = infer(&samples).unwrap();
    assert_eq!(birthday.to_string(), "born 1985-08-07");
}

#[test]
fn nothing_is_said_of_whom_there_is_no_sample() {
    assert_eq!(infer(&[]), None);
}

#[test]
fn a_contradiction_names_the_pair_and_blames_nobody_else() {
    let samples = [
        sample("2015-08-07", 30),
        sample("2015-09-01", 29),
        sample("2014-08-20", 29),
    ];
    let Some(Birthday::Contradiction(found)) = infer(&samples) else {
        panic!("younger a month later")
    };
    // 29 in September 2015 is born after Sep 1, 1985; the two others before.
    assert_eq!(found.pairs().count(), 2);
    let three: Vec<i64> = found.samples().iter().map(AgeSample::age).collect();
    assert_eq!(three, [29, 30, 29]);
    let text = found.to_string();
    let pair = "age 30 on 2015-08-07 means born 1984-08-08 to 1985-08-07, but age 29 on 2015-09-01";
    assert!(
        text.starts_with("user 1: ") && text.contains(pair),
        "{text}"
    );
    let innocent = [
        sample("2015-08-07", 30),
        sample("2015-09-01", 29),
        sample("2015-08-07", 29),
    ];
    let Some(Birthday::Contradiction(found)) = infer(&innocent) else {
        panic!("two ages on one day")
    };
    // 29 on Aug 7 fits 29 on Sep 1: it contradicts only the first.
    assert_eq!(found.pairs().count(), 2);
    assert!(
        found
            .pairs()
            .all(|(one, other)| one.age() == 30 || other.age() == 30)
    );
}

#[test]
fn many_pairs_are_counted_not_listed() {
    let samples: Vec<AgeSample> = (0..6).map(|n| sample("2015-08-07", 20 + 5 * n)).collect();
    let text = infer(&samples).unwrap().to_string();
    assert!(text.contains("and 12 pairs more"), "{text}");
}

#[test]
fn an_impossible_age_or_time_is_refused() {
    let who = || PersonId::UserId(1);
    for age in [-1, 151, i64::MAX] {
        assert!(AgeSample::new(who(), 0, age).is_err());
    }
    let millis = AgeSample::new(who(), 1_438_912_800_000, 30).unwrap_err();
    assert!(millis.to_string().contains("not milliseconds"), "{millis}");
    assert!(AgeSample::new(who(), i64::MIN, 30).is_err());
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    (0i64..40_000)
        .prop_map(|n| NaiveDate::from_ymd_opt(1930, 1, 1).unwrap() + chrono::TimeDelta::days(n))
}

fn at(day: NaiveDate, age: i64) -> AgeSample {
    let secs = day.and_hms_opt(23, 59, 59).unwrap().and_utc().timestamp();
    AgeSample::new(PersonId::UserId(1), secs, age).unwrap()
}

proptest! {
    #[test]
    fn a_range_holds_exactly_the_birthdays_of_that_age(day in any_day(), age in 0i64..110) {
        let days = at(day, age).birthdays();
        prop_assert!(fits(days.earliest, day, age) && fits(days.latest, day, age));
        prop_assert!(!fits(days.earliest.pred_opt().unwrap(), day, age));
        prop_assert!(!fits(days.latest.succ_opt().unwrap(), day, age));
    }

    #[test]
    fn true_samples_never_contradict_and_always_hold_the_birthday(
        born in any_day(),
        after in prop::collection::vec(0i64..30_000, 1..12),
    ) {
        let days = after.iter().map(|n| born + chrono::TimeDelta::days(*n));
        let sample = |day: NaiveDate| at(day, i64::from(day.years_since(born).unwrap()));
        let samples: Vec<AgeSample> = days.map(sample).collect();
        let birthday = infer(&samples).unwrap();
        prop_assert!(birthday.days().is_some_and(|days| days.contains(born)));
        let reversed: Vec<AgeSample> = samples.iter().rev().chain(&samples).cloned().collect();
        prop_assert_eq!(infer(&reversed), Some(birthday));
    }

    #[test]
    fn samples_contradict_exactly_if_a_pair_does(
        told in prop::collection::vec((any_day(), 0i64..60), 1..8),
    ) {
        let samples: Vec<AgeSample> = told.iter().map(|(day, age)| at(*day, *age)).collect();
        let apart = |a: &AgeSample, b: &AgeSample| a.birthdays().and(b.birthdays()).is_none();
        let mut distinct = samples.clone();
        distinct.sort();
        distinct.dedup();
        let mut pairs = 0;
        for (place, one) in distinct.iter().enumerate() {
            pairs += distinct[place + 1..].iter().filter(|other| apart(one, other)).count();
        }
        match infer(&samples).unwrap() {
            Birthday::Within(days) => {
                prop_assert_eq!(pairs, 0);
                prop_assert!(samples.iter().all(|sample| sample.birthdays().contains(days.earliest)));
            }
            Birthday::Contradiction(found) => {
                prop_assert_eq!(found.pairs().count(), pairs);
                for sample in found.samples() {
                    prop_assert!(distinct.iter().any(|other| apart(sample, other)));
                }
            }
        }
    }
}

//! Age samples out of a data set, or drawn.
use super::birthday::AgeSample;
use super::recompute_error::RecomputeError;
use chrono::{DateTime, NaiveDate};
use dataset::random::Random;
use lambda::datum::PersonId;
use polars::prelude::{DataFrame, DataType, PolarsResult};

/// The ages of a data set.
#[derive(Clone, Debug, Default)]
pub struct Ages {
    /// In the order of the rows.
    pub samples: Vec<AgeSample>,
    /// Rows that are no sample, and why. Nothing else is left out.
    pub rejected: Vec<(usize, RecomputeError)>,
}

/// The age samples among datums: rows with a value in `age`. Person properties of
/// other kinds and other datums have none, and are passed over. O(rows).
///
/// ```
/// use lambda_workbook::systems::ages;
/// use polars::prelude::*;
/// let datums = df!(
///     "true_as_of_secs" => [1_438_912_800i64; 3], "cookie" => [None::<&str>; 3],
///     "user_id" => [7i64, 7, 8], "age" => [Some(30i64), None, Some(-5)],
/// )?;
/// let ages = ages(&datums)?;
/// assert_eq!((ages.samples.len(), ages.rejected.len()), (1, 1));
/// assert!(ages.rejected[0].1.to_string().contains("an age of -5"));
/// # Ok::<(), PolarsError>(())
/// ```
///
/// # Errors
/// A missing column, or one of another type.
pub fn ages(datums: &DataFrame) -> PolarsResult<Ages> {
    let (times, users) = (datums.column("true_as_of_secs")?, datums.column("user_id")?);
    let (times, users) = (times.i64()?, users.i64()?);
    // A column of nulls alone has no type of its own.
    let cookies = datums.column("cookie")?.cast(&DataType::String)?;
    let (cookies, told) = (cookies.str()?, datums.column("age")?.i64()?);
    let mut ages = Ages::default();
    for (row, age) in told.iter().enumerate() {
        let Some(age) = age else { continue };
        let person = match (cookies.get(row), users.get(row)) {
            (Some(cookie), None) => Ok(PersonId::Cookie(cookie.to_owned())),
            (None, Some(user)) => Ok(PersonId::UserId(user)),
            _ => Err(RecomputeError::Person { row }),
        };
        let secs = times.get(row).ok_or(RecomputeError::NoTime { row });
        match person.and_then(|person| AgeSample::new(person, secs?, age)) {
            Ok(sample) => ages.samples.push(sample),
            Err(error) => ages.rejected.push((row, error)),
        }
    }
    Ok(ages)
}

/// Seconds of ten years from 2005 on.
const SPAN: std::ops::Range<i64> = 1_104_537_600..1_420_070_400;

/// Samples of `people` users, `each` for one, over the ten years to 2015, in the
/// order of time. Each follows a hidden birthday, so none contradict. Same
/// arguments, same samples.
///
/// ```
/// use lambda_workbook::systems::{drawn, infer};
/// let samples = drawn(100, 5, 7);
/// assert_eq!(samples.len(), 500);
/// let first = samples[0].person();
/// let birthday = infer(samples.iter().filter(|sample| sample.person() == first));
/// assert!(birthday.unwrap().days().is_some());
/// ```
pub fn drawn(people: u64, each: u64, seed: u64) -> Vec<AgeSample> {
    let mut random = Random::new(&[seed, 0xA9E]);
    let mut samples = Vec::with_capacity((people * each) as usize);
    let first = NaiveDate::from_ymd_opt(1930, 1, 1).unwrap_or_default();
    for user in 0..people {
        let born = first + chrono::Days::new(random.below(27_000));
        for _ in 0..each {
            let secs = SPAN.start + random.below((SPAN.end - SPAN.start) as u64) as i64;
            let day = DateTime::from_timestamp(secs, 0)
                .unwrap_or_default()
                .date_naive();
            let age = i64::from(day.years_since(born).unwrap_or_default());
            samples.extend(AgeSample::new(PersonId::UserId(user as i64), secs, age));
        }
    }
    samples.sort_by_key(AgeSample::secs);
    samples
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    #[test]
    fn a_row_without_a_person_or_a_time_is_reported_not_lost() {
        let datums = df!(
            "true_as_of_secs" => [Some(0i64), None, Some(0), Some(0)],
            "cookie" => [None, Some("A"), Some("A"), Some("B")],
            "user_id" => [None, None, Some(1i64), None],
            "age" => [30i64, 30, 30, 30],
        );
        let ages = ages(&datums.unwrap()).unwrap();
        let rows: Vec<usize> = ages.rejected.iter().map(|(row, _)| *row).collect();
        assert_eq!((ages.samples.len(), rows), (1, vec![0, 1, 2]));
    }

    #[test]
    fn the_sample_data_set_has_three_ages_of_each_account_and_none_is_refused() {
        let datums = dataset::sample().unwrap();
        let mut columns = (Vec::new(), Vec::new(), Vec::new());
        for datum in datums {
            use lambda::datum::{DataUnit, PersonPropertyValue};
            let DataUnit::PersonProperty(said) = datum.dataunit else {
                continue;
            };
            let (PersonId::UserId(user), PersonPropertyValue::Age(age)) = (said.id, said.property)
            else {
                continue;
            };
            columns.0.push(datum.pedigree.true_as_of_secs);
            columns.1.push(user);
            columns.2.push(age);
        }
        let nobody = vec![None::<&str>; columns.0.len()];
        let frame = df!("true_as_of_secs" => columns.0, "user_id" => columns.1, "age" => columns.2, "cookie" => nobody);
        let ages = ages(&frame.unwrap()).unwrap();
        assert_eq!((ages.samples.len(), ages.rejected.len()), (36, 0));
    }
}

//! What exercises of this room are given: a batch layer that counts, the bits of a key, and facts with
//! their pedigree as plain structs.
use super::birthday::{AgeSample, Birthday};
use super::partial;
use super::wire;
use lambda::datum::PersonId;
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Computes birthdays, and records the samples that it was given.
///
/// ```
/// use lambda_workbook::systems::BatchLayer;
/// use polars::prelude::*;
/// let mut layer = BatchLayer::new();
/// let record = layer.record();
/// let samples = df!("person" => [7i64], "true_as_of_secs" => [1_438_912_800i64], "age" => [30i64])?;
/// let birthdays = layer.birthdays(&samples)?; // person, earliest, latest
/// assert_eq!(birthdays.column("latest")?.str()?.get(0), Some("1985-08-07"));
/// assert_eq!(layer.rows(), 1);
/// assert_eq!(record.samples(), [(7, 1_438_912_800, 30)]);
/// # Ok::<(), PolarsError>(())
/// ```
#[derive(Debug)]
pub struct BatchLayer(Rc<RefCell<Vec<Sample>>>);

/// What a [`BatchLayer`] was given. The program that hands the layer out keeps this: it stays
/// the record of that layer, even if another is put in its place.
#[derive(Debug)]
pub struct BatchRecord(Rc<RefCell<Vec<Sample>>>);

/// A person, seconds, an age.
type Sample = (i64, i64, i64);

impl BatchRecord {
    /// Returns the samples given so far: person, epoch seconds, age.
    pub fn samples(&self) -> Vec<(i64, i64, i64)> {
        self.0.borrow().clone()
    }
}

impl BatchLayer {
    /// Creates a layer that was given nothing yet.
    #[expect(
        clippy::new_without_default,
        reason = "an answer must not make one by `take`"
    )]
    pub fn new() -> Self {
        BatchLayer(Rc::default())
    }

    /// Returns the record of this layer.
    pub fn record(&self) -> BatchRecord {
        BatchRecord(Rc::clone(&self.0))
    }

    /// The birthdays of everybody in `samples` (`person`, `true_as_of_secs`, `age`,
    /// all i64): `person`, `earliest`, `latest`, by person; the days are null where
    /// samples contradict.
    ///
    /// # Errors
    /// A missing column, a null, an age that nobody has.
    pub fn birthdays(&mut self, samples: &DataFrame) -> PolarsResult<DataFrame> {
        let column = |name: &str| -> PolarsResult<Vec<i64>> {
            let column = samples.column(name)?.i64()?;
            if column.null_count() > 0 {
                polars_bail!(ComputeError: "column `{name}` has nulls; every sample has a person, a time and an age");
            }
            Ok(column.into_no_null_iter().collect())
        };
        let (people, times, ages) = (
            column("person")?,
            column("true_as_of_secs")?,
            column("age")?,
        );
        let rows = people.into_iter().zip(times).zip(ages);
        let rows: Vec<Sample> = rows
            .map(|((person, secs), age)| (person, secs, age))
            .collect();
        let sample = |&(person, secs, age)| AgeSample::new(PersonId::UserId(person), secs, age);
        let samples = rows.iter().map(sample).collect::<Result<Vec<_>, _>>()?;
        self.0.borrow_mut().extend(rows);
        let view = partial::full(&samples);
        let person = |person: &PersonId| match person {
            PersonId::UserId(id) => Some(*id),
            PersonId::Cookie(_) => None,
        };
        let days: Vec<_> = view.values().map(Birthday::days).collect();
        let text = |day: chrono::NaiveDate| day.to_string();
        df!(
            "person" => view.keys().filter_map(person).collect::<Vec<_>>(),
            "earliest" => days.iter().map(|days| Some(text((*days)?.earliest))).collect::<Vec<_>>(),
            "latest" => days.iter().map(|days| Some(text((*days)?.latest))).collect::<Vec<_>>(),
        )
    }

    /// Samples given so far.
    pub fn rows(&self) -> usize {
        self.0.borrow().len()
    }
}

/// The bits of a filter of `bits` bits that a person sets, one for each hash; some
/// may be equal. Always the same for the same arguments.
///
/// ```
/// use lambda_workbook::systems::positions;
/// let set = positions(7, 64, 3);
/// assert_eq!((set.len(), positions(7, 64, 3)), (3, set.clone()));
/// assert!(set.iter().all(|bit| *bit < 64));
/// ```
pub fn positions(person: i64, bits: usize, hashes: usize) -> Vec<usize> {
    let key = wire::keys([&PersonId::UserId(person)]);
    let position = |n: usize| xxh3_64_with_seed(&key, n as u64) % bits.max(1) as u64;
    (0..hashes).map(|n| position(n) as usize).collect()
}

/// A fact about the city of an account, with its pedigree: a row of the table of
/// [`FactKind::Location`](super::FactKind::Location).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CityFact {
    /// Since when it is true: epoch seconds, UTC.
    pub true_as_of: i64,
    /// When it was written: epoch seconds, UTC.
    pub arrived: i64,
    /// The program that wrote it, and its version.
    pub writer: String,
    /// The account whose request led to it; `None` if no request did.
    pub said_by: Option<i64>,
    /// The account that it is about.
    pub account: i64,
    /// The city in which the account lives, as the fact says.
    pub city: String,
}

/// A [`Retraction`](super::Retraction) of facts about cities.
///
/// ```
/// use lambda_workbook::systems::{CityFact, CityRetraction};
/// let bug = CityRetraction { writer: "profiles 2".to_owned(), arrived: 100..200, only_about_others: true };
/// let moved = CityFact {
///     true_as_of: 150, arrived: 150, writer: bug.writer.clone(), said_by: Some(1), account: 2, city: "Tokyo".to_owned(),
/// };
/// assert!(bug.arrived.contains(&moved.arrived) && moved.said_by != Some(moved.account));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CityRetraction {
    /// The program, with its version, that wrote the wrong facts.
    pub writer: String,
    /// When they were written: epoch seconds, UTC, without the end.
    pub arrived: Range<i64>,
    /// Whether only facts are wrong that were written at the request of another account than the one
    /// that they are about. If not, all of this writer and time are.
    pub only_about_others: bool,
}

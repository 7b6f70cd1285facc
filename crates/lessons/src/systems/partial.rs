//! Partial recomputation: only what a new batch touches is computed again.
//!
//! 1. *Touched*: the people who have a sample in the new batch.
//! 2. *Retrieved*: their samples in the master data. A Bloom filter of the people
//!    of step 1 lets few others pass; the exact join takes those out.
//! 3. *Recomputed*: their birthdays, from those samples and the new ones.
//! 4. *Merged*: into the old view, in place of what it said of these people.
//!
//! Invariant: partial = full recomputation, on any data, with a filter of any size.
//!
//! The algorithm of step 3 is the one that computes everything. So a human mistake
//! is mended as ever: the bad data are taken out, and full recomputation runs.
//!
//! Source: Marz and Warren, "Big Data", section 18.1.
use super::birthday::{AgeSample, Birthday, infer};
use super::key_filter::KeyFilter;
use super::recompute_error::RecomputeError;
use lambda::datum::PersonId;
use polars::prelude::{DataFrame, PolarsResult, df};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

/// The batch view: what is known of everybody's birthday.
pub type BirthdayView = BTreeMap<PersonId, Birthday>;

/// What a run of [`partial`] did, in rows of age samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// People with a new sample.
    pub people: usize,
    /// Samples of the master data that were shown to the filter: all of them.
    pub scanned: usize,
    /// Those that passed it.
    pub passed: usize,
    /// Those that the exact join kept.
    pub retrieved: usize,
    /// Samples that birthdays were computed from: those, and the new ones.
    pub recomputed: usize,
    /// Size of the filter.
    pub filter_bytes: usize,
}

fn by_person<'a>(
    samples: impl Iterator<Item = &'a AgeSample>,
) -> HashMap<&'a PersonId, Vec<&'a AgeSample>> {
    let mut people: HashMap<_, Vec<_>> = HashMap::new();
    for sample in samples {
        people.entry(sample.person()).or_default().push(sample);
    }
    people
}

fn birthdays<'a>(
    samples: impl Iterator<Item = &'a AgeSample>,
) -> impl Iterator<Item = (PersonId, Birthday)> {
    let people = by_person(samples).into_iter();
    people.filter_map(|(person, samples)| Some((person.clone(), infer(samples)?)))
}

/// The view of all samples: function(all data). O(n log p) for n samples of p people.
pub fn full<'a>(samples: impl IntoIterator<Item = &'a AgeSample>) -> BirthdayView {
    birthdays(samples.into_iter()).collect()
}

/// The view of `master` and `batch`, made from `old`, the view of `master`.
///
/// ```
/// use lambda_workbook::systems::{drawn, partial};
/// let samples = drawn(1_000, 5, 7);
/// let (master, batch) = samples.split_at(4_990);
/// let old = partial::full(master);
/// let (new, work) = partial::partial(master, batch, old, 0.01)?;
/// assert_eq!(new, partial::full(&samples));
/// assert!(work.recomputed < 100);
/// # Ok::<(), lambda_workbook::systems::RecomputeError>(())
/// ```
///
/// # Errors
/// `false_positives`, the rate asked of the filter, is not between 0 and 1.
pub fn partial(
    master: &[AgeSample],
    batch: &[AgeSample],
    old: BirthdayView,
    false_positives: f64,
) -> Result<(BirthdayView, Work), RecomputeError> {
    let touched: HashSet<&PersonId> = batch.iter().map(AgeSample::person).collect();
    let filter = KeyFilter::with_false_positives(touched.iter().copied(), false_positives)?;
    let mut passed = 0;
    let may_be_touched = master
        .iter()
        .filter(|sample| filter.might_contain(sample.person()));
    let retrieved: Vec<&AgeSample> = may_be_touched
        .inspect(|_| passed += 1)
        .filter(|sample| touched.contains(sample.person()))
        .collect();
    let work = Work {
        people: touched.len(),
        scanned: master.len(),
        passed,
        retrieved: retrieved.len(),
        recomputed: retrieved.len() + batch.len(),
        filter_bytes: filter.bytes(),
    };
    let mut view = old;
    view.extend(birthdays(retrieved.into_iter().chain(batch)));
    Ok((view, work))
}

/// Partial beside full recomputation, for batches of the last rows of `samples`,
/// which are in the order of time: `batch_rows`, `people` touched, `scanned`,
/// `passed`, `retrieved`, `recomputed`, `of_all` (% of the rows that a full run
/// computes from), and seconds: `partial_s`, `full_s`.
///
/// # Errors
/// A batch larger than the samples; a partial view that is not the full one.
pub fn saved(
    samples: &[AgeSample],
    batches: &[usize],
    now: &mut dyn FnMut() -> Duration,
) -> PolarsResult<DataFrame> {
    let mut rows = Vec::new();
    let begun = now();
    let all = full(samples);
    let full_s = (now() - begun).as_secs_f64();
    for &asked in batches {
        let old = samples
            .len()
            .checked_sub(asked)
            .ok_or(RecomputeError::Batch {
                asked,
                rows: samples.len(),
            })?;
        let (master, batch) = samples.split_at(old);
        let old = full(master);
        let begun = now();
        let (view, work) = partial(master, batch, old, 0.01)?;
        let partial_s = (now() - begun).as_secs_f64();
        if view != all {
            polars::prelude::polars_bail!(ComputeError: "a batch of {asked} rows: the partial view is not the full one");
        }
        rows.push((work, partial_s, batch.len()));
    }
    let count =
        |of: fn(&Work) -> usize| -> Vec<i64> { rows.iter().map(|row| of(&row.0) as i64).collect() };
    let share =
        |row: &(Work, f64, usize)| 100.0 * row.0.recomputed as f64 / samples.len().max(1) as f64;
    df!(
        "batch_rows" => rows.iter().map(|row| row.2 as i64).collect::<Vec<_>>(),
        "people" => count(|work| work.people),
        "scanned" => count(|work| work.scanned),
        "passed" => count(|work| work.passed),
        "retrieved" => count(|work| work.retrieved),
        "recomputed" => count(|work| work.recomputed),
        "of_all" => rows.iter().map(share).collect::<Vec<_>>(),
        "partial_s" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "full_s" => vec![full_s; rows.len()],
    )
}

/// A view as a table: `person`, `earliest`, `latest`, `days`, `note`, in the order
/// of persons; of a contradiction only the note.
pub fn frame(view: &BirthdayView) -> PolarsResult<DataFrame> {
    let day = |pick: fn(super::Days) -> chrono::NaiveDate| -> Vec<Option<String>> {
        let days = view.values().map(Birthday::days);
        days.map(|days| Some(pick(days?).to_string())).collect()
    };
    let note = |birthday: &Birthday| match birthday {
        Birthday::Within(_) => String::new(),
        Birthday::Contradiction(found) => found.to_string(),
    };
    df!(
        "person" => view.keys().map(super::recompute_error::name).collect::<Vec<_>>(),
        "earliest" => day(|days| days.earliest),
        "latest" => day(|days| days.latest),
        "days" => view.values().map(|b| Some(b.days()?.count())).collect::<Vec<_>>(),
        "note" => view.values().map(note).collect::<Vec<_>>(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_samples(most: usize) -> impl Strategy<Value = Vec<AgeSample>> {
        let person = prop_oneof![
            (0i64..12).prop_map(PersonId::UserId),
            "[A-C]".prop_map(PersonId::Cookie)
        ];
        let sample = (person, 0i64..1_500_000_000, 0i64..90)
            .prop_map(|(person, secs, age)| AgeSample::new(person, secs, age).unwrap());
        prop::collection::vec(sample, 0..most)
    }

    proptest! {
        #[test]
        fn partial_recomputation_equals_full_recomputation(
            master in any_samples(60),
            batch in any_samples(20),
            rate in prop_oneof![Just(0.999), Just(0.5), Just(0.01), Just(1e-9)],
        ) {
            let (view, work) = partial(&master, &batch, full(&master), rate).unwrap();
            prop_assert_eq!(&view, &full(master.iter().chain(&batch)));
            let touched: HashSet<_> = batch.iter().map(AgeSample::person).collect();
            let theirs = master.iter().filter(|sample| touched.contains(sample.person()));
            prop_assert_eq!(work.retrieved, theirs.count());
            prop_assert!(work.passed >= work.retrieved && work.people == touched.len());
        }

        #[test]
        fn batch_after_batch_ends_at_the_view_of_all_data(
            samples in any_samples(80),
            cut in 1usize..9,
        ) {
            let mut view = BirthdayView::new();
            for (n, batch) in samples.chunks(cut).enumerate() {
                view = partial(&samples[..n * cut], batch, view, 0.1).unwrap().0;
            }
            prop_assert_eq!(view, full(&samples));
        }
    }

    #[test]
    fn a_small_batch_recomputes_few_rows_and_a_clock_is_asked() {
        let samples = drawn_thousand();
        let mut told = 0;
        let mut now = || {
            told += 1;
            Duration::from_secs(told * told)
        };
        let table = saved(&samples, &[10, 1_000], &mut now).unwrap();
        let recomputed: Vec<i64> = table
            .column("recomputed")
            .unwrap()
            .i64()
            .unwrap()
            .into_no_null_iter()
            .collect();
        assert!(
            recomputed[0] <= 10 * 5 && recomputed[1] > 1_000,
            "{recomputed:?}"
        );
        let seconds = table.column("partial_s").unwrap().f64().unwrap().to_vec();
        assert_eq!(seconds, [Some(7.0), Some(11.0)]);
        assert!(saved(&samples, &[5_001], &mut now).is_err());
    }

    fn drawn_thousand() -> Vec<AgeSample> {
        super::super::drawn(1_000, 5, 7)
    }

    #[test]
    fn the_table_of_a_view_tells_of_contradictions() {
        let who = || PersonId::UserId(3);
        let samples =
            [(0, 30), (0, 40)].map(|(secs, age)| AgeSample::new(who(), secs, age).unwrap());
        let table = frame(&full(&samples)).unwrap();
        assert_eq!(table.column("days").unwrap().i64().unwrap().get(0), None);
        let note = table
            .column("note")
            .unwrap()
            .str()
            .unwrap()
            .get(0)
            .unwrap()
            .to_owned();
        assert!(note.starts_with("user 3: age 30 on 1970-01-01"), "{note}");
    }
}

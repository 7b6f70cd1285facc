//! Equivs applied when a query asks, or before the view is written, over four weeks.

use calendar::{Granularity, Plan, Span};
use dataset::WEEKS_FROM;
use lambda::batch::persons::read_side::ReadSideAnswer;
use lambda::batch::persons::{PersonIndex, WriteSide};
use lambda::datum::{Equiv, PersonId};
use polars::prelude::{DataFrame, PolarsResult, df, polars_err};
use std::collections::{BTreeMap, HashSet};

/// Counts the visitors of a page in the four weeks of [`dataset::weeks`], less three hours at
/// each end: identifiers as if each were a person, people by the read side, and people by the
/// write side. Both sides are stored by hour first, and then at all four granularities, so that
/// the effect of the side and that of the granularities can be told apart.
///
/// The columns are `design`, `stored by`, `answer`, `reads` (buckets), `bytes` (of what was
/// read) and `lookups` (identifiers that the query converted to people).
///
/// # Errors
/// A missing column, or a row with no person or with two.
pub fn sides(views: &DataFrame, equivs: &[Equiv], url: &str) -> PolarsResult<DataFrame> {
    // One pass fills all three.
    let (nobody, index) = (PersonIndex::default(), PersonIndex::of(equivs));
    let (mut identifiers, mut read_side) = (WriteSide::default(), Sets::default());
    let mut write_side = WriteSide::default();
    let urls = views.column("url")?.str()?;
    let secs = views.column("true_as_of_secs")?.i64()?;
    let cookies = views.column("cookie")?.str()?;
    let users = views.column("user_id")?.i64()?;
    for row in 0..views.height() {
        let id = match (cookies.get(row), users.get(row)) {
            (Some(cookie), None) => PersonId::Cookie(cookie.to_owned()),
            (None, Some(user)) => PersonId::UserId(user),
            _ => {
                return Err(
                    polars_err!(ComputeError: "row {row}: a person is a cookie or a user_id"),
                );
            }
        };
        let (Some(of), Some(ts)) = (urls.get(row), secs.get(row)) else {
            return Err(polars_err!(ComputeError: "row {row}: no url or no true_as_of_secs"));
        };
        identifiers.add(of, ts, &id, &nobody);
        write_side.add(of, ts, &id, &index);
        if of == url {
            read_side.add(ts, id);
        }
    }

    // The range leaves out the first and last three hours, so that a plan reads several buckets.
    let span = span();
    let plan = |levels| Plan::additive(span, levels).expect("whole hours");
    let (hours, all) = (plan(&[Granularity::Hour]), plan(&Granularity::ALL));
    let written = write_side.write()?;
    let answers = [
        identifiers.write()?.query(url, &all)?,
        read_side.query(&hours, &index),
        read_side.query(&all, &index),
        written.query(url, &hours)?,
        written.query(url, &all)?,
    ];
    const FOUR: &str = "hour, day, week, month";
    df!(
        "design" => ["identifiers, not people", "read side", "read side", "write side", "write side"],
        "stored by" => [FOUR, "hour", FOUR, "hour", FOUR],
        "answer" => answers.map(|answer| answer.uniques),
        "reads" => answers.map(|answer| answer.reads as i64),
        "bytes" => answers.map(|answer| answer.bytes as i64),
        "lookups" => answers.map(|answer| answer.converted as i64),
    )
}

/// Returns the four weeks without their first and last three hours.
pub(super) fn span() -> Span {
    let (hour, month) = (Granularity::Hour.secs(), Granularity::Month.secs());
    let span = Span::new(WEEKS_FROM + 3 * hour, WEEKS_FROM + month - 3 * hour);
    span.expect("whole hours")
}

/// The read side of one page, at any granularity: the set of identifiers of each bucket.
///
/// [`ReadSide`](lambda::batch::persons::ReadSide) stores hours only. This one unites the hours of a
/// bucket when it is read, and counts the bytes of the united set, as if it had been stored so.
#[derive(Default)]
pub(super) struct Sets {
    hours: BTreeMap<i64, HashSet<PersonId>>,
}

impl Sets {
    /// Adds a page view at `ts`, in epoch seconds, UTC.
    pub(super) fn add(&mut self, ts: i64, id: PersonId) {
        let hour = Granularity::Hour.bucket(ts);
        self.hours.entry(hour).or_default().insert(id);
    }

    /// Unites the sets of the plan's buckets, and counts the people behind them.
    pub(super) fn query(&self, plan: &Plan, index: &PersonIndex) -> ReadSideAnswer {
        let (mut reads, mut bytes) = (0, 0);
        let mut ids: HashSet<&PersonId> = HashSet::new();
        for read in plan.reads() {
            let hours = self.hours.range(read.ts..read.end());
            let bucket: HashSet<&PersonId> = hours.flat_map(|(_, ids)| ids).collect();
            reads += usize::from(!bucket.is_empty());
            bytes += bucket.iter().map(|id| stored_bytes(id)).sum::<usize>();
            ids.extend(bucket);
        }
        let persons: HashSet<&PersonId> = ids.iter().map(|id| index.person(id)).collect();
        ReadSideAnswer {
            uniques: persons.len() as i64,
            reads,
            bytes,
            converted: ids.len(),
        }
    }
}

/// Returns the number of bytes that an identifier takes when it is stored.
fn stored_bytes(id: &PersonId) -> usize {
    match id {
        PersonId::Cookie(cookie) => cookie.len(),
        PersonId::UserId(_) => size_of::<i64>(),
    }
}

//! The bounce rate: the share of the visits to a domain that consist of one page view.
//!
//! A *visit* is a sequence of page views of one domain by one person, in which no gap between
//! two page views is longer than 30 minutes. (Elsewhere it is called a session, and the gap a
//! session timeout.) A visit with a single page view is a *bounce*. The batch view has one row
//! for each domain, over all time, and no buckets.
//!
//! A visit, or a part of one, is represented by a [`Stretch`] of time, and stretches can be
//! merged: two sets of page views, each divided into stretches, are combined by joining the
//! stretches that are at most 30 minutes apart. So page views can be processed in any order
//! and in parts, which is how the engine computes a batch of any size.
//!
//! Four mistakes are easy to make here. Each has a test:
//! 1. The time of the last page view is not updated, so every page view becomes a visit. The
//!    golden example then has 8 visits and 8 bounces, where 4 visits and no bounce are right.
//! 2. Two layers use two different timeouts, so their numbers do not add up.
//! 3. A visit is counted for the domain of the page view during which its end was noticed,
//!    not for its own domain.
//! 4. A second page view in the same second is not noticed, so the visit counts as a bounce.
//!
//! Source: Marz and Warren, "Big Data", sections 8.3.3 and 9.2.6.

use crate::datum::PersonId;
use polars::prelude::*;
use std::collections::HashMap;

/// The longest gap between two page views of one visit, in seconds: 30 minutes. A gap of one
/// second more ends the visit.
pub const SILENCE: i64 = 1_800;

/// A visit, or a part of one, as a range of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// Time of its first page view, in epoch seconds, UTC.
    pub first: i64,
    /// Time of its last page view, in epoch seconds, UTC.
    pub last: i64,
    /// Whether it has two page views or more. They may be in the same second, so this does
    /// not follow from the two times.
    pub many: bool,
}

impl Stretch {
    /// Creates the stretch of one page view at `secs`.
    pub fn of(secs: i64) -> Self {
        Stretch {
            first: secs,
            last: secs,
            many: false,
        }
    }

    /// Joins a stretch that does not start earlier, if both belong to one visit. Returns
    /// whether they do; if not, `self` is unchanged.
    pub fn join(&mut self, later: Stretch) -> bool {
        let one = later.first - self.last <= SILENCE;
        if one {
            self.last = self.last.max(later.last);
            self.many = true;
        }
        one
    }
}

/// Sorts the stretches of one person and domain, and joins those that belong to one visit.
/// The result is the visits, in order of time. O(n log n).
///
/// ```
/// use lambda_workbook::batch::bounces::{Stretch, join};
///
/// let mut views: Vec<Stretch> = [5_000, 0, 1_800, 5_000].map(Stretch::of).to_vec();
/// join(&mut views);
/// assert_eq!(views, [
///     Stretch { first: 0, last: 1_800, many: true },
///     Stretch { first: 5_000, last: 5_000, many: true }, // two page views in one second: no bounce
/// ]);
/// ```
pub fn join(stretches: &mut Vec<Stretch>) {
    stretches.sort_unstable();
    stretches.dedup_by(|later, earlier| earlier.join(*later));
}

/// Bytes of one stretch in [`to_bytes`].
const STRETCH: usize = 17;

/// Returns stretches as bytes. Each takes 17 bytes: the first and the last second, big-endian,
/// and one byte that is 1 if it has two page views or more.
pub fn to_bytes(stretches: &[Stretch]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(STRETCH * stretches.len());
    for stretch in stretches {
        bytes.extend(stretch.first.to_be_bytes());
        bytes.extend(stretch.last.to_be_bytes());
        bytes.push(stretch.many.into());
    }
    bytes
}

/// Reads what [`to_bytes`] wrote; `None` for any other bytes.
///
/// ```
/// use lambda_workbook::batch::bounces::{Stretch, from_bytes, to_bytes};
///
/// let visits = [Stretch::of(60), Stretch { first: 90, last: 120, many: true }];
/// let bytes = to_bytes(&visits);
/// assert_eq!(from_bytes(&bytes), Some(visits.to_vec()));
/// assert_eq!(from_bytes(&bytes[1..]), None);
/// ```
pub fn from_bytes(bytes: &[u8]) -> Option<Vec<Stretch>> {
    let read = |bytes: &[u8]| {
        let (first, rest) = bytes.split_first_chunk()?;
        let (last, many) = rest.split_first_chunk()?;
        let many = match many {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        Some(Stretch {
            first: i64::from_be_bytes(*first),
            last: i64::from_be_bytes(*last),
            many,
        })
    };
    bytes.chunks(STRETCH).map(read).collect()
}

/// Returns the domain of a normalised URL: all that comes before the first slash.
///
/// ```
/// assert_eq!(lambda_workbook::batch::bounces::domain("foo.com/post1"), "foo.com");
/// ```
pub fn domain(url: &str) -> &str {
    url.split_once('/').map_or(url, |(domain, _)| domain)
}

/// Returns the batch view of bounces, with the columns `domain`, `visits` and `bounces`, sorted
/// by domain. `views` are distinct, normalised page views. Each identifier counts as a person
/// of its own, so apply a [`PersonIndex`](super::persons::PersonIndex) first.
///
/// # Errors
/// A missing column; a row with no person or with two; a row with no URL or no time.
///
/// ```
/// use lambda_workbook::batch;
/// use polars::prelude::*;
///
/// let views = df!(
///     "url" => ["foo.com/", "foo.com/a", "foo.com/b", "bar.com/"],
///     "true_as_of_secs" => [0i64, 1_800, 3_601, 60],
///     "cookie" => [Some("ABCDE"); 4],
///     "user_id" => [None::<i64>; 4],
/// )?;
/// let bounces = batch::bounces(&views)?; // foo.com: a visit of two views, and a bounce
/// assert_eq!(bounces.column("visits")?.i64()?.to_vec(), [Some(1), Some(2)]);
/// assert_eq!(bounces.column("bounces")?.i64()?.to_vec(), [Some(1), Some(1)]);
/// # Ok::<(), PolarsError>(())
/// ```
pub fn bounces(views: &DataFrame) -> PolarsResult<DataFrame> {
    // The page views of each person and domain, one stretch for each.
    let urls = views.column("url")?.str()?;
    let secs = views.column("true_as_of_secs")?.i64()?;
    let cookies = views.column("cookie")?.str()?;
    let users = views.column("user_id")?.i64()?;
    let mut visits: HashMap<(&str, PersonId), Vec<Stretch>> = HashMap::new();
    for row in 0..views.height() {
        let person = match (cookies.get(row), users.get(row)) {
            (Some(cookie), None) => PersonId::Cookie(cookie.to_owned()),
            (None, Some(user)) => PersonId::UserId(user),
            _ => polars_bail!(ComputeError: "row {row}: a person is a cookie or a user_id"),
        };
        let (Some(url), Some(secs)) = (urls.get(row), secs.get(row)) else {
            polars_bail!(ComputeError: "row {row}: no url or no true_as_of_secs");
        };
        let of_person = visits.entry((domain(url), person)).or_default();
        of_person.push(Stretch::of(secs));
    }

    // Join them to visits, and count visits and bounces by domain.
    let mut domains: HashMap<&str, (i64, i64)> = HashMap::new();
    for ((domain, _), mut stretches) in visits {
        join(&mut stretches);
        let (visits, bounces) = domains.entry(domain).or_default();
        *visits += stretches.len() as i64;
        *bounces += stretches.iter().filter(|visit| !visit.many).count() as i64;
    }

    // The table.
    let mut rows: Vec<_> = domains.into_iter().collect();
    rows.sort_unstable();
    df!(
        "domain" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "visits" => rows.iter().map(|row| row.1.0).collect::<Vec<_>>(),
        "bounces" => rows.iter().map(|row| row.1.1).collect::<Vec<_>>(),
    )
}

#[cfg(test)]
#[path = "bounces_tests.rs"]
mod tests;

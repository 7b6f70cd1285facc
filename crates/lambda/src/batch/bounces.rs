//! Bounce rate: how many visits to a domain end where they began.
//!
//! A visit is a person's page views of one domain with never more than half an
//! hour of silence between two of them. A visit of a single view is a bounce.
//! Visits have no hours: a view by domain has one row each, over all time.
//!
//! A visit is also a stretch of time, and stretches merge: two sets of views,
//! each cut into visits, make one set by joining the stretches that lie half an
//! hour apart or less ([`Stretch`]). So views may come in any order, and in parts:
//! that is how a batch of any size is computed.
//!
//! Four slips that an implementation makes easily, each a test here:
//! 1. the last-seen time is not moved on, so every view is a visit: (8, 8) for
//!    the golden example, where (4, 0) is right;
//! 2. two layers use two lengths of silence, and their sums mean nothing;
//! 3. a visit is charged to the domain that is looked at when it expires;
//! 4. a second view in the same second is taken for none.
//!
//! Source: Marz and Warren, "Big Data", sections 8.3.3 and 9.2.6.

use crate::datum::PersonId;
use polars::prelude::*;
use std::collections::HashMap;

/// Seconds of silence that a visit survives: 30 minutes. One more ends it.
pub const SILENCE: i64 = 1_800;

/// A visit, or a part of one: seconds of the first and the last view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    pub first: i64,
    pub last: i64,
    /// Whether it has two views or more; they may be in one second.
    pub many: bool,
}

impl Stretch {
    /// Of one view.
    pub fn of(secs: i64) -> Self {
        Stretch {
            first: secs,
            last: secs,
            many: false,
        }
    }

    /// Joins a stretch that starts no earlier; whether they are one visit.
    pub fn join(&mut self, later: Stretch) -> bool {
        let one = later.first - self.last <= SILENCE;
        if one {
            self.last = self.last.max(later.last);
            self.many = true;
        }
        one
    }
}

/// Joins what belongs together; leaves visits in the order of time.
///
/// ```
/// use lambda_workbook::batch::bounces::{Stretch, join};
///
/// let mut views: Vec<Stretch> = [5_000, 0, 1_800, 5_000].map(Stretch::of).to_vec();
/// join(&mut views);
/// assert_eq!(views, [
///     Stretch { first: 0, last: 1_800, many: true },
///     Stretch { first: 5_000, last: 5_000, many: true }, // two in one second: no bounce
/// ]);
/// ```
pub fn join(stretches: &mut Vec<Stretch>) {
    stretches.sort_unstable();
    stretches.dedup_by(|later, earlier| earlier.join(*later));
}

/// Bytes of a stretch in [`to_bytes`].
const STRETCH: usize = 17;

/// Returns stretches as bytes: for each its first and last second, and whether it has many
/// views.
pub fn to_bytes(stretches: &[Stretch]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(STRETCH * stretches.len());
    for stretch in stretches {
        bytes.extend(stretch.first.to_be_bytes());
        bytes.extend(stretch.last.to_be_bytes());
        bytes.push(stretch.many.into());
    }
    bytes
}

/// Reads what [`to_bytes`] wrote; `None` if the bytes are anything else.
pub fn from_bytes(bytes: &[u8]) -> Option<Vec<Stretch>> {
    let read = |bytes: &[u8]| {
        let (first, rest) = bytes.split_first_chunk()?;
        let (last, many) = rest.split_first_chunk()?;
        Some(Stretch {
            first: i64::from_be_bytes(*first),
            last: i64::from_be_bytes(*last),
            many: *many == [1],
        })
    };
    bytes.chunks(STRETCH).map(read).collect()
}

/// The domain of a normalised URL: what stands before the first slash.
///
/// ```
/// assert_eq!(lambda_workbook::batch::bounces::domain("foo.com/post1"), "foo.com");
/// ```
pub fn domain(url: &str) -> &str {
    url.split_once('/').map_or(url, |(domain, _)| domain)
}

/// The batch view of bounces: `domain`, `visits`, `bounces`, sorted by domain,
/// from distinct, normalised page views. Persons are taken as they stand: apply a
/// [`PersonIndex`](super::persons::PersonIndex) first.
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
    let mut domains: HashMap<&str, (i64, i64)> = HashMap::new();
    for ((domain, _), mut stretches) in visits {
        join(&mut stretches);
        let (visits, bounces) = domains.entry(domain).or_default();
        *visits += stretches.len() as i64;
        *bounces += stretches.iter().filter(|visit| !visit.many).count() as i64;
    }
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

//! The read side: store identifiers, and convert them during each query.
//!
//! The view holds, for each URL and hour, the *set* of identifiers that viewed the page. A
//! query merges the sets of its hours, converts each identifier to its PersonID, and counts
//! the PersonIDs. The answer is exact, and takes account of every equiv that is known at the
//! time of the query. The price is that a query reads and converts every identifier of its
//! range.
//!
//! Source: Marz and Warren, "Big Data", section 10.7.3 (figure 10.11).

use super::PersonIndex;
use crate::datum::PersonId;
use calendar::{Granularity, Span};
use std::collections::{BTreeMap, HashSet};

/// The answer to a query, and its cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadSideAnswer {
    /// Number of different persons.
    pub uniques: i64,
    /// Number of buckets that were read.
    pub reads: usize,
    /// Size in bytes of the values that were read.
    pub bytes: usize,
    /// Number of identifiers that were looked up in the index.
    pub converted: usize,
}

/// A view of sets of identifiers, by URL and hour; see the [module](self).
#[derive(Clone, Debug, Default)]
pub struct ReadSide {
    hours: BTreeMap<String, BTreeMap<i64, HashSet<PersonId>>>,
}

impl ReadSide {
    /// Creates an empty view.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a page view at `ts`, in epoch seconds, UTC.
    pub fn add(&mut self, url: &str, ts: i64, id: &PersonId) {
        if !self.hours.contains_key(url) {
            self.hours.insert(url.to_owned(), BTreeMap::new());
        }
        let hours = self.hours.get_mut(url).expect("inserted above");
        let ids = hours.entry(Granularity::Hour.bucket(ts)).or_default();
        if !ids.contains(id) {
            ids.insert(id.clone());
        }
    }

    /// Returns the uniques of a URL in a range of whole hours: 0 for a URL that the view does not
    /// hold.
    ///
    /// Time: linear in the identifiers of all hours of the range.
    pub fn query(&self, url: &str, span: Span, index: &PersonIndex) -> ReadSideAnswer {
        let hours = self.hours.get(url);
        let sets = || {
            hours
                .into_iter()
                .flat_map(|hours| hours.range(span.from()..span.until()))
                .map(|(_, ids)| ids)
        };
        let ids: HashSet<&PersonId> = sets().flatten().collect();
        let persons: HashSet<&PersonId> = ids.iter().map(|id| index.person(id)).collect();
        ReadSideAnswer {
            uniques: persons.len() as i64,
            reads: sets().count(),
            bytes: sets().flatten().map(bytes).sum(),
            converted: ids.len(),
        }
    }

    /// Returns the size in bytes of all values.
    pub fn bytes(&self) -> usize {
        let sets = self.hours.values().flat_map(BTreeMap::values);
        sets.flatten().map(bytes).sum()
    }
}

/// Returns the number of bytes that an identifier takes when it is stored.
fn bytes(id: &PersonId) -> usize {
    match id {
        PersonId::Cookie(cookie) => cookie.len(),
        PersonId::UserId(_) => size_of::<i64>(),
    }
}

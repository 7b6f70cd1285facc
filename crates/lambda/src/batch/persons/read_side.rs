//! Read-side: keep identifiers, convert when asked.
//!
//! The view holds, for each URL and hour, the *set* of identifiers that came. A
//! query merges the sets of its hours, converts each identifier to its PersonID,
//! and counts. It is exact, and an equiv learned today is in the next answer; but
//! every query reads and converts every identifier.
//!
//! Source: Marz and Warren, "Big Data", section 10.7.3 (figure 10.11).

use super::PersonIndex;
use crate::datum::PersonId;
use calendar::{Granularity, Span};
use std::collections::{BTreeMap, HashSet};

/// What a query gave, and what it cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub uniques: i64,
    /// Buckets that were read.
    pub reads: usize,
    /// Bytes of the values that were read.
    pub bytes: usize,
    /// Identifiers that were looked up in the index.
    pub converted: usize,
}

/// (URL, hour) to a set of identifiers. See the top of this file.
#[derive(Clone, Debug, Default)]
pub struct ReadSide {
    hours: BTreeMap<String, BTreeMap<i64, HashSet<PersonId>>>,
}

impl ReadSide {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a page view; `ts` in epoch seconds, UTC.
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

    /// The uniques of a URL in a range of whole hours. An unknown URL has none.
    ///
    /// Time: linear in the identifiers of all hours of the range.
    pub fn query(&self, url: &str, span: Span, index: &PersonIndex) -> Answer {
        let hours = self.hours.get(url);
        let sets = || {
            hours
                .into_iter()
                .flat_map(|hours| hours.range(span.from()..span.until()))
                .map(|(_, ids)| ids)
        };
        let ids: HashSet<&PersonId> = sets().flatten().collect();
        let persons: HashSet<&PersonId> = ids.iter().map(|id| index.person(id)).collect();
        Answer {
            uniques: persons.len() as i64,
            reads: sets().count(),
            bytes: sets().flatten().map(bytes).sum(),
            converted: ids.len(),
        }
    }

    /// Bytes of all values.
    pub fn bytes(&self) -> usize {
        let sets = self.hours.values().flat_map(BTreeMap::values);
        sets.flatten().map(bytes).sum()
    }
}

/// Bytes that an identifier takes where it is stored.
fn bytes(id: &PersonId) -> usize {
    match id {
        PersonId::Cookie(cookie) => cookie.len(),
        PersonId::UserId(_) => size_of::<i64>(),
    }
}

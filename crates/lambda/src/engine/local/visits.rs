//! Visits on their way to be counted, in bounded memory.
//!
//! The page views of one person are spread over all partitions, for these are cut
//! so that duplicates meet. So each distinct view is sent on as a stretch of one
//! view, to a second store that is cut by person. There, stretches that belong
//! together are joined; a visit that has been silent for long enough before all
//! that is still to be read is counted and forgotten.
//!
//! A stretch has the form of a [`record`]:
//!
//! | word | holds |
//! |---|---|
//! | 0 | first second since year 1 (40 bits); bit 41: many views; 22 bits of length |
//! | 1 | domain number |
//! | 2, 3 | the person |

use super::person::Key;
use super::record;
use super::store::{Scattered, Store};
use super::urls::Folded;
use crate::batch::bounces::{SILENCE, Stretch};
use crate::batch::rejected::TIMESTAMPS;
use crate::engine::EngineError;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;

const MANY: u64 = 1 << 41;
const LENGTH: u32 = 42;
/// A longer visit is kept in parts that meet.
const LONGEST: i64 = (1 << (64 - LENGTH)) - 1;

/// Visits and bounces by domain number.
pub type Domains = HashMap<u32, (i64, i64), Folded>;

/// All stretches that wait, and what was counted.
pub struct Visits {
    bits: u32,
    store: Store,
    counted: Domains,
    /// The visits themselves, where they are asked for.
    each: Option<Vec<Visit>>,
}

/// A person's visit to a domain.
pub type Visit = (u32, Key, Stretch);

/// A stretch and whose it is, as at the top of this file.
type Words = [u64; record::HEAD];

impl Visits {
    /// `each` says whether the visits are kept, or only how many there are.
    pub fn new(bits: u32, folder: &Path, each: bool) -> Self {
        Visits {
            bits,
            store: Store::new(bits, folder),
            counted: Domains::default(),
            each: each.then(Vec::new),
        }
    }

    /// Room for the stretches of one thread, about so many.
    pub fn scattered(&self, expected: usize) -> Scattered {
        Scattered::new(self.bits, expected)
    }

    pub fn add(&mut self, scattered: Scattered) {
        self.store.add(scattered);
    }

    /// Words in memory.
    pub fn words(&self) -> usize {
        self.store.words()
    }

    pub fn spill(&mut self) -> Result<(), EngineError> {
        self.store.spill()
    }

    /// Whether a partial [`close`](Self::close) is worth its pass.
    pub fn may_close(&self) -> bool {
        self.store.may_close()
    }

    /// Counts the visits that have ended: all views from before `secs` are here.
    pub fn close(&mut self, secs: i64) -> Result<(), EngineError> {
        let ends_before = secs.saturating_sub(SILENCE);
        let last_time = secs == i64::MAX;
        let open = Mutex::new(Scattered::new(self.bits, 0));
        let counted = Mutex::new(std::mem::take(&mut self.counted));
        let asked_for = self.each.is_some();
        let each = Mutex::new(self.each.take());
        let count = |stretches: Vec<Words>| {
            let (mut domains, mut kept) = (Domains::default(), Vec::new());
            let mut ended = Vec::new();
            for_each_visit(&stretches, self.bits, |person, domain, visit| {
                if visit.last < ends_before || last_time {
                    let (visits, bounces) = domains.entry(domain).or_default();
                    *visits += 1;
                    *bounces += i64::from(!visit.many);
                    if asked_for {
                        ended.push((domain, person, visit));
                    }
                } else {
                    kept.push((person, domain, visit));
                }
            });
            let mut open = open.lock().expect("no thread panics");
            for (person, domain, visit) in kept {
                push(&mut open, person, domain, visit);
            }
            add(&mut counted.lock().expect("no thread panics"), domains);
            if let Some(each) = &mut *each.lock().expect("no thread panics") {
                each.append(&mut ended);
            }
        };
        let closed = self.store.close(
            secs,
            Vec::with_capacity,
            |stretches, words| stretches.push(*words.first_chunk().expect("a whole stretch")),
            count,
        );
        self.counted = counted.into_inner().expect("no thread panics");
        self.each = each.into_inner().expect("no thread panics");
        self.store.add(open.into_inner().expect("no thread panics"));
        closed
    }

    /// Visits and bounces of every domain, after the last close, and the visits
    /// themselves where they were asked for.
    pub fn into_counted(self) -> (Domains, Option<Vec<Visit>>) {
        (self.counted, self.each)
    }
}

fn add(all: &mut Domains, more: Domains) {
    for (domain, (visits, bounces)) in more {
        let sum = all.entry(domain).or_default();
        sum.0 += visits;
        sum.1 += bounces;
    }
}

/// Joins the stretches that are one visit, and hands each visit on. All are of
/// one partition of so many bits.
fn for_each_visit(stretches: &[Words], bits: u32, mut each: impl FnMut(Key, u32, Stretch)) {
    let sorted = sorted(stretches, bits);
    let mut rest = sorted.iter().map(read);
    let Some((mut person, mut domain, mut visit)) = rest.next() else {
        return;
    };
    for (of, on, stretch) in rest {
        if (of, on) == (person, domain) && visit.join(stretch) {
            continue;
        }
        each(person, domain, visit);
        (person, domain, visit) = (of, on, stretch);
    }
    each(person, domain, visit);
}

/// By person, domain and time. Persons are hashes: one pass by the bits below
/// those that chose the partition leaves a few in each place.
fn sorted(stretches: &[Words], bits: u32) -> Vec<Words> {
    let places = (stretches.len() / 2).max(1).ilog2().min(16);
    let place = |words: &Words| (words[2] << bits >> 1 >> (63 - places)) as usize;
    let mut ends = vec![0u32; 1 << places];
    for words in stretches {
        ends[place(words)] += 1;
    }
    let mut sum = 0;
    for end in &mut ends {
        sum += *end;
        *end = sum;
    }
    let mut sorted = vec![Words::default(); stretches.len()];
    for words in stretches.iter().rev() {
        let end = &mut ends[place(words)];
        *end -= 1;
        sorted[*end as usize] = *words;
    }
    // Each place now starts where its end stood; one person may fill a place.
    let starts = ends;
    for (number, &start) in starts.iter().enumerate() {
        let end = starts
            .get(number + 1)
            .map_or(sorted.len(), |&end| end as usize);
        let group = &mut sorted[start as usize..end];
        if group.len() > FEW {
            group.sort_unstable_by_key(key);
        } else {
            insertion_sort(group);
        }
    }
    sorted
}

/// So few are sorted quickest by moving each to its place.
const FEW: usize = 16;

fn insertion_sort(group: &mut [Words]) {
    for end in 1..group.len() {
        let mut at = end;
        while at > 0 && key(&group[at]) < key(&group[at - 1]) {
            group.swap(at, at - 1);
            at -= 1;
        }
    }
}

#[inline]
fn key(words: &Words) -> (u64, u64, u64, i64) {
    (words[2], words[3], words[1], record::secs(words))
}

/// Sends a stretch on.
#[inline]
pub fn push(scattered: &mut Scattered, person: Key, domain: u32, stretch: Stretch) {
    let mut rest = stretch;
    loop {
        let last = rest.last.min(rest.first + LONGEST);
        let first = (rest.first - TIMESTAMPS.start()) as u64;
        let many = if stretch.many { MANY } else { 0 };
        let length = (last - rest.first) as u64;
        let words = [
            first | many | length << LENGTH,
            u64::from(domain),
            person.0,
            person.1,
        ];
        scattered.push_words(person.0, &words);
        if last == rest.last {
            return;
        }
        rest.first = last;
    }
}

#[inline]
fn read(words: &Words) -> (Key, u32, Stretch) {
    let first = record::secs(words);
    let stretch = Stretch {
        first,
        last: first + (words[0] >> LENGTH) as i64,
        many: words[0] & MANY != 0,
    };
    ((words[2], words[3]), record::url(words), stretch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::bounces;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn visits_are_the_same_however_they_are_closed(
            views in prop::collection::vec((0..3u64, 0..2u32, 0..90_000i64), 0..200),
            steps in 1..5usize, spill in any::<bool>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut views = views;
            views.sort_by_key(|view| view.2);
            let mut visits = Visits::new(3, folder.path(), true);
            let step = views.len().div_ceil(steps).max(1);
            for part in views.chunks(step) {
                visits.close(part[0].2).unwrap();
                let mut scattered = visits.scattered(0);
                for &(person, domain, secs) in part {
                    push(&mut scattered, (person << 61, 7), domain, Stretch::of(secs));
                }
                visits.add(scattered);
                if spill {
                    visits.spill().unwrap();
                }
            }
            visits.close(i64::MAX).unwrap();
            let mut expected = Domains::default();
            for (person, domain) in (0..3).flat_map(|person| [(person, 0), (person, 1)]) {
                let of = views.iter().filter(|view| (view.0, view.1) == (person, domain));
                let mut stretches: Vec<Stretch> = of.map(|view| Stretch::of(view.2)).collect();
                bounces::join(&mut stretches);
                if !stretches.is_empty() {
                    let sum = expected.entry(domain).or_default();
                    sum.0 += stretches.len() as i64;
                    sum.1 += stretches.iter().filter(|visit| !visit.many).count() as i64;
                }
            }
            let (counted, each) = visits.into_counted();
            let sum: i64 = expected.values().map(|(visits, _)| visits).sum();
            prop_assert_eq!(each.map(|each| each.len() as i64), Some(sum));
            prop_assert_eq!(counted, expected);
        }
    }

    #[test]
    fn a_visit_of_a_year_stays_one() {
        let mut scattered = Scattered::new(0, 0);
        let year = Stretch {
            first: -5,
            last: 31_536_000,
            many: true,
        };
        push(&mut scattered, (1, 2), 3, year);
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::new(0, folder.path());
        store.add(scattered);
        let found = Mutex::new(Vec::new());
        let take = |all: &mut Vec<Words>, words: &[u64]| all.push(*words.first_chunk().unwrap());
        let end = |all| *found.lock().unwrap() = all;
        store
            .close(i64::MAX, Vec::with_capacity, take, end)
            .unwrap();
        let found = found.into_inner().unwrap();
        assert_eq!(found.len(), 8);
        let mut visits = Vec::new();
        for_each_visit(&found, 0, |person, domain, visit| {
            visits.push((person, domain, visit));
        });
        assert_eq!(visits, [((1, 2), 3, year)]);
    }
}

//! Joins page views to visits and counts the visits, in bounded memory.
//!
//! The page views of one person are spread over all partitions, because partitions are chosen
//! so that duplicates are in the same one. So each distinct page view is repartitioned: it is
//! pushed, as a stretch of one page view, into a second store that is partitioned by person.
//! There, stretches that belong together are joined. A visit is counted and dropped from
//! memory as soon as its silence before everything that is still to be read is long enough.
//!
//! A stretch has the layout of a [`record`]:
//!
//! | word | contents |
//! |---|---|
//! | 0 | first second since year 1 (bits 0 to 39); whether it has several page views (bit 41); length in seconds (bits 42 to 63) |
//! | 1 | domain number |
//! | 2, 3 | key of the person |

use super::person::PersonKey;
use super::record;
use super::scratch::{self, Scratch};
use super::store::{RecordStore, Scattered, StoreState};
use super::urls::Folded;
use crate::batch::bounces::{SILENCE, Stretch};
use crate::engine::EngineError;
use calendar::TIMESTAMPS;
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Mutex;

/// The bit of word 0 that is set if a stretch has several page views.
const MANY_BIT: u64 = 1 << 41;
/// The lowest bit of the length in word 0.
const LENGTH_SHIFT: u32 = 42;
/// The longest stretch that fits, in seconds (48 days). A longer visit is stored as several
/// stretches, each of which begins where the one before ends.
const LONGEST_STRETCH: i64 = (1 << (64 - LENGTH_SHIFT)) - 1;

/// (visits, bounces) by domain number.
pub type VisitsByDomain = HashMap<u32, (i64, i64), Folded>;

/// A domain number with its visits and bounces.
pub type DomainCounts = (u32, i64, i64);

/// The stretches that are not counted yet, and the counts.
pub struct Visits {
    /// The number of partitions is 2 to the power of this.
    bits: u32,
    store: RecordStore,
    counted: VisitsByDomain,
    /// The single visits, if the job asks for them.
    each: Option<Vec<Visit>>,
}

/// A visit: (domain number, person, stretch of time).
pub type Visit = (u32, PersonKey, Stretch);

/// A stretch in the layout that the module documentation describes.
type Words = [u64; record::HEAD];

impl Visits {
    /// Creates an empty store of 2^`bits` partitions, which spills into a temporary file. `each` says
    /// whether the single visits are kept, or only their number.
    pub fn new(bits: u32, scratch: &Scratch, each: bool) -> Self {
        Visits {
            bits,
            store: RecordStore::new(bits, scratch, "visits"),
            counted: VisitsByDomain::default(),
            each: each.then(Vec::new),
        }
    }

    /// Creates a buffer for the stretches of one thread, with room for about `expected` of them.
    pub fn scattered(&self, expected: usize) -> Scattered {
        Scattered::new(self.bits, expected)
    }

    /// Adds the stretches of a thread.
    pub fn add(&mut self, scattered: Scattered) {
        self.store.add(scattered);
    }

    /// Returns the size of the stretches in memory, in words of 8 bytes.
    pub fn words(&self) -> usize {
        self.store.words()
    }

    /// Moves all stretches to disk.
    pub fn spill(&mut self) -> Result<(), EngineError> {
        self.store.spill()
    }

    /// Returns true if a partial [`close`](Self::close) is possible and worth its cost; see
    /// [`RecordStore::may_close`].
    pub fn may_close(&self) -> bool {
        self.store.may_close()
    }

    /// Counts the visits that have ended, and keeps the others. All page views from before
    /// `secs` (epoch seconds) must have been added; `i64::MAX` says that all page views were,
    /// and then every visit is counted.
    ///
    /// # Errors
    /// If the spill file cannot be read.
    pub fn close(&mut self, secs: i64) -> Result<(), EngineError> {
        // A visit can still be continued by a page view at `secs` or later, unless the silence
        // since its last page view is longer than SILENCE.
        let ends_before = secs.saturating_sub(SILENCE);
        let last_time = secs == i64::MAX;
        let open = Mutex::new(Scattered::new(self.bits, 0));
        let counted = Mutex::new(std::mem::take(&mut self.counted));
        let keep_each = self.each.is_some();
        let each = Mutex::new(self.each.take());
        // For each partition, on all threads: join its stretches, count the visits that have
        // ended, and collect the others.
        let count = |stretches: Vec<Words>| {
            let (mut domains, mut kept) = (VisitsByDomain::default(), Vec::new());
            let mut ended = Vec::new();
            for_each_visit(&stretches, self.bits, |person, domain, visit| {
                if visit.last < ends_before || last_time {
                    let (visits, bounces) = domains.entry(domain).or_default();
                    *visits += 1;
                    *bounces += i64::from(!visit.many);
                    if keep_each {
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
        // Visits that may continue go back into the store.
        self.counted = counted.into_inner().expect("no thread panics");
        self.each = each.into_inner().expect("no thread panics");
        self.store.add(open.into_inner().expect("no thread panics"));
        closed
    }

    /// Writes the stretches in memory, and returns where those on disk are, and the counts.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn save(&self, memory: &mut dyn Write) -> io::Result<(StoreState, Vec<DomainCounts>)> {
        let counted = self.counted.iter();
        let counted = counted.map(|(domain, (visits, bounces))| (*domain, *visits, *bounces));
        Ok((self.store.save(memory)?, counted.collect()))
    }

    /// Takes up what [`save`](Self::save) has written.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn restore(
        &mut self,
        state: StoreState,
        counted: Vec<DomainCounts>,
        memory: &mut scratch::Words,
    ) -> Result<(), EngineError> {
        let counted = counted.into_iter();
        self.counted = counted
            .map(|(domain, visits, bounces)| (domain, (visits, bounces)))
            .collect();
        self.store.restore(state, memory)
    }

    /// Returns visits and bounces by domain, and the single visits if the job asks for them.
    /// The last [`close`](Self::close) must have been for `i64::MAX`.
    pub fn into_counted(self) -> (VisitsByDomain, Option<Vec<Visit>>) {
        (self.counted, self.each)
    }
}

/// Adds the counts of `more` to `all`.
fn add(all: &mut VisitsByDomain, more: VisitsByDomain) {
    for (domain, (visits, bounces)) in more {
        let sum = all.entry(domain).or_default();
        sum.0 += visits;
        sum.1 += bounces;
    }
}

/// Joins the stretches of one partition to visits, and calls `each` with every visit. There
/// are 2^`bits` partitions.
fn for_each_visit(stretches: &[Words], bits: u32, mut each: impl FnMut(PersonKey, u32, Stretch)) {
    let sorted = sorted(stretches, bits);
    let mut rest = sorted.iter().map(read);
    let Some((mut person, mut domain, mut visit)) = rest.next() else {
        return;
    };
    for (next_person, next_domain, stretch) in rest {
        if (next_person, next_domain) == (person, domain) && visit.join(stretch) {
            continue;
        }
        each(person, domain, visit);
        (person, domain, visit) = (next_person, next_domain, stretch);
    }
    each(person, domain, visit);
}

/// Returns the stretches of one partition, sorted by person, domain and time.
///
/// This is a bucket sort. The keys of persons are hashes, so one pass by the bits below those
/// that chose the partition leaves a few stretches in each bucket.
fn sorted(stretches: &[Words], bits: u32) -> Vec<Words> {
    let bucket_bits = (stretches.len() / 2).max(1).ilog2().min(16);
    let bucket = |words: &Words| (words[2] << bits >> 1 >> (63 - bucket_bits)) as usize;
    // Count each bucket; the running sums are where the buckets end.
    let mut ends = vec![0u32; 1 << bucket_bits];
    for words in stretches {
        ends[bucket(words)] += 1;
    }
    let mut sum = 0;
    for end in &mut ends {
        sum += *end;
        *end = sum;
    }
    // Fill each bucket from its end, after which its end has become its start.
    let mut sorted = vec![Words::default(); stretches.len()];
    for words in stretches.iter().rev() {
        let end = &mut ends[bucket(words)];
        *end -= 1;
        sorted[*end as usize] = *words;
    }
    let starts = ends;
    // Sort each bucket. A bucket can be large if one person has many page views.
    for (number, &start) in starts.iter().enumerate() {
        let end = starts
            .get(number + 1)
            .map_or(sorted.len(), |&end| end as usize);
        let group = &mut sorted[start as usize..end];
        if group.len() > INSERTION_SORT_MAX {
            group.sort_unstable_by_key(key);
        } else {
            insertion_sort(group);
        }
    }
    sorted
}

/// Up to this length, insertion sort is faster than the standard library's sort.
const INSERTION_SORT_MAX: usize = 16;

/// Sorts a few stretches by [`key`].
fn insertion_sort(group: &mut [Words]) {
    for end in 1..group.len() {
        let mut at = end;
        while at > 0 && key(&group[at]) < key(&group[at - 1]) {
            group.swap(at, at - 1);
            at -= 1;
        }
    }
}

/// The order of stretches: person, domain, first second.
#[inline]
fn key(words: &Words) -> (u64, u64, u64, i64) {
    (words[2], words[3], words[1], record::secs(words))
}

/// Encodes a stretch and adds it to its person's partition. One that is longer than
/// [`LONGEST_STRETCH`] is split.
#[inline]
pub fn push(scattered: &mut Scattered, person: PersonKey, domain: u32, stretch: Stretch) {
    let mut rest = stretch;
    loop {
        let last = rest.last.min(rest.first + LONGEST_STRETCH);
        let first = (rest.first - TIMESTAMPS.start()) as u64;
        let many = if stretch.many { MANY_BIT } else { 0 };
        let length = (last - rest.first) as u64;
        let words = [
            first | many | length << LENGTH_SHIFT,
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

/// Decodes a stretch: (person, domain number, stretch).
#[inline]
fn read(words: &Words) -> (PersonKey, u32, Stretch) {
    let first = record::secs(words);
    let stretch = Stretch {
        first,
        last: first + (words[0] >> LENGTH_SHIFT) as i64,
        many: words[0] & MANY_BIT != 0,
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
            let mut visits = Visits::new(3, &Scratch::nameless(folder.path()), true);
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
            let mut expected = VisitsByDomain::default();
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
        let mut store = RecordStore::new(0, &Scratch::nameless(folder.path()), "visits");
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

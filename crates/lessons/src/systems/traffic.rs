//! A day of traffic in the order of its arrival, and the truth about it.
//!
//! Some people have two identifiers, a user id and a cookie, and an equiv that says
//! so: in time, before the second is used, or hours late. Some page views are
//! delivered twice: within seconds, or hours late.
use calendar::Granularity::Hour;
use dataset::random::Random;
use lambda::datum::*;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// What a day is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Distinct page views of the day.
    pub views: u32,
    pub persons: u32,
    pub pages: u32,
    /// Seconds between the first use of a second identifier and its equiv; below
    /// zero, the equiv comes first.
    pub equivs_late_by: i64,
    /// One page view in so many comes twice; 0 for none.
    pub copy_one_in: u64,
    /// Seconds between a page view and its copy, at most.
    pub copies_late_by: i64,
    pub seed: u64,
}

/// A datum and when it came, in epoch seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedDatum {
    pub at: i64,
    pub datum: Datum,
    /// The page of a page view.
    pub page: Option<u32>,
}

/// Seconds of the day: 0 to 86,400.
pub const DAY: i64 = 86_400;

/// The normalised URL of a page.
pub fn url(page: u32) -> String {
    format!("mysite.com/page/{page}")
}

impl Traffic {
    /// A day of which each fault can spoil something.
    pub const SMALL: Self = Self {
        views: 4_800,
        persons: 400,
        pages: 6,
        equivs_late_by: -1,
        copy_one_in: 50,
        copies_late_by: 20,
        seed: 7,
    };

    /// The arrivals of the day, in order.
    pub fn arrivals(&self) -> Vec<ReceivedDatum> {
        let mut random = Random::new(&[self.seed, 0xDA7]);
        let mut arrivals = Vec::new();
        let mut known: HashSet<u64> = HashSet::new();
        for n in 0..i64::from(self.views) {
            let secs = n * DAY / i64::from(self.views);
            let person = random.below(u64::from(self.persons));
            let page = random.below(u64::from(self.pages)) as u32;
            // Every other person has a cookie besides.
            let second = person.is_multiple_of(2) && random.one_in(2);
            if second && known.insert(person) {
                let equiv = DataUnit::Equiv(Equiv {
                    id1: PersonId::UserId(person as i64),
                    id2: cookie(person),
                });
                let at = secs + self.equivs_late_by;
                arrivals.push(arrival(at, at, equiv, None));
            }
            let view = DataUnit::PageView(PageView {
                nonce: random.below(1 << 32) as i64,
                page: PageId {
                    url: spelled(page, &mut random),
                },
                person: if second {
                    cookie(person)
                } else {
                    PersonId::UserId(person as i64)
                },
            });
            if self.copy_one_in > 0 && random.one_in(self.copy_one_in) {
                let late = 1 + random.below(self.copies_late_by.max(1) as u64) as i64;
                arrivals.push(arrival(secs + late, secs, view.clone(), Some(page)));
            }
            arrivals.push(arrival(secs, secs, view, Some(page)));
        }
        arrivals.retain(|arrival| arrival.at < DAY);
        arrivals.sort_by_key(|arrival| arrival.at);
        arrivals
    }
}

fn cookie(person: u64) -> PersonId {
    PersonId::Cookie(format!("c{person}"))
}

fn spelled(page: u32, random: &mut Random) -> String {
    match random.below(3) {
        0 => format!("http://mysite.com/page/{page}"),
        1 => format!("http://MYSITE.COM:8080/page/{page}"),
        _ => format!("http://mysite.com/page/{page}?from=mail"),
    }
}

fn arrival(at: i64, secs: i64, dataunit: DataUnit, page: Option<u32>) -> ReceivedDatum {
    let datum = Datum {
        dataunit,
        pedigree: Pedigree {
            true_as_of_secs: secs,
        },
    };
    ReceivedDatum { at, datum, page }
}

/// What is true of the data so far, counted one by one and without any of the
/// layers' code: the measure of every answer.
#[derive(Clone, Debug, Default)]
pub struct TrafficTruth {
    seen: HashSet<(i64, u32, PersonId, i64)>,
    /// By page and hour: page views, and identifiers.
    hours: HashMap<(u32, i64), (i64, HashSet<PersonId>)>,
    /// Cookies whose user id is known.
    same: HashMap<PersonId, PersonId>,
}

impl TrafficTruth {
    /// Takes an arrival.
    pub fn take(&mut self, arrival: &ReceivedDatum) {
        match (&arrival.datum.dataunit, arrival.page) {
            (DataUnit::PageView(view), Some(page)) => {
                let secs = arrival.datum.pedigree.true_as_of_secs;
                let identity = (secs, page, view.person.clone(), view.nonce);
                if self.seen.insert(identity) {
                    let (views, ids) = self.hours.entry((page, Hour.bucket(secs))).or_default();
                    *views += 1;
                    ids.insert(view.person.clone());
                }
            }
            (DataUnit::Equiv(equiv), _) => {
                self.same.insert(equiv.id2.clone(), equiv.id1.clone());
            }
            _ => {}
        }
    }

    /// Page views of a page in the hours that begin in a range.
    pub fn page_views(&self, page: u32, hours: Range<i64>) -> i64 {
        self.within(page, hours).map(|(views, _)| views).sum()
    }

    /// Persons who viewed it.
    pub fn uniques(&self, page: u32, hours: Range<i64>) -> i64 {
        let ids = self.within(page, hours).flat_map(|(_, ids)| ids);
        let persons: HashSet<&PersonId> = ids.map(|id| self.same.get(id).unwrap_or(id)).collect();
        persons.len() as i64
    }

    fn within(
        &self,
        page: u32,
        hours: Range<i64>,
    ) -> impl Iterator<Item = &(i64, HashSet<PersonId>)> {
        let bucket = Hour.secs() as usize;
        hours
            .step_by(bucket)
            .filter_map(move |hour| self.hours.get(&(page, hour)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_its_views_once_and_its_copies_besides() {
        let arrivals = Traffic::SMALL.arrivals();
        let mut truth = TrafficTruth::default();
        arrivals.iter().for_each(|arrival| truth.take(arrival));
        let pages = 0..Traffic::SMALL.pages;
        let views: i64 = pages.map(|page| truth.page_views(page, 0..DAY)).sum();
        assert_eq!(views, 4_800);
        let delivered = arrivals.iter().filter(|a| a.page.is_some()).count();
        assert!((4_840..4_960).contains(&delivered), "{delivered}");
        assert!(arrivals.windows(2).all(|pair| pair[0].at <= pair[1].at));
    }

    #[test]
    fn two_identifiers_are_one_person_from_the_equiv_on() {
        let mut truth = TrafficTruth::default();
        let view = |person| {
            let page = PageId { url: url(1) };
            let view = PageView {
                nonce: 1,
                page,
                person,
            };
            arrival(5, 5, DataUnit::PageView(view), Some(1))
        };
        truth.take(&view(PersonId::UserId(2)));
        truth.take(&view(cookie(2)));
        assert_eq!(truth.uniques(1, 0..DAY), 2);
        let (id1, id2) = (PersonId::UserId(2), cookie(2));
        truth.take(&arrival(9, 9, DataUnit::Equiv(Equiv { id1, id2 }), None));
        assert_eq!(
            (truth.uniques(1, 0..DAY), truth.page_views(1, 0..DAY)),
            (1, 2)
        );
    }
}

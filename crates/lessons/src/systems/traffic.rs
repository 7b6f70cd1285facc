//! Days of traffic in the order of their arrival, and the truth about them.
//!
//! Some people have two identifiers, a user id and a cookie, and an equiv that says
//! so: in time, before the second is used, or hours late. Some page views are
//! delivered twice: within seconds, or hours late.
use calendar::Granularity::Hour;
use dataset::random::Random;
use lambda::datum::*;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// What the days are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Number of days.
    pub days: u32,
    /// Distinct page views of all days.
    pub views: u32,
    pub persons: u32,
    pub pages: u32,
    /// Number of domains, to which the pages belong in turn.
    pub domains: u32,
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

/// The normalised URL of a page where there is one domain.
pub fn url(page: u32) -> String {
    format!("mysite.com/page/{page}")
}

/// The names of the domains.
const DOMAINS: [&str; 3] = ["mysite.com", "mysite.org", "mysite.net"];

impl Traffic {
    /// A day of which each fault can spoil something.
    pub const SMALL: Self = Self {
        days: 1,
        views: 4_800,
        persons: 400,
        pages: 6,
        domains: 1,
        equivs_late_by: -1,
        copy_one_in: 50,
        copies_late_by: 20,
        seed: 7,
    };

    /// Four days, two domains, and few enough persons that most come several times an hour, so
    /// that visits have several page views and an identifier that is not joined is noticed.
    pub const FOUR_DAYS: Self = Self {
        days: 4,
        views: 9_600,
        persons: 80,
        pages: 4,
        domains: 2,
        ..Self::SMALL
    };

    /// Returns the number of seconds of all days.
    pub fn secs(&self) -> i64 {
        i64::from(self.days) * DAY
    }

    /// Returns the domain with a number, counted from 0.
    ///
    /// # Panics
    /// If it is 3 or more.
    pub fn domain(&self, domain: u32) -> &'static str {
        DOMAINS[domain as usize]
    }

    /// Returns the normalised URL of a page.
    pub fn url(&self, page: u32) -> String {
        format!("{}/page/{page}", self.domain(page % self.domains))
    }

    /// The arrivals of the days, in order.
    pub fn arrivals(&self) -> Vec<ReceivedDatum> {
        let mut random = Random::new(&[self.seed, 0xDA7]);
        let mut arrivals = Vec::new();
        let mut known: HashSet<u64> = HashSet::new();
        for n in 0..i64::from(self.views) {
            let secs = n * self.secs() / i64::from(self.views);
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
                    url: self.spelled(page, &mut random),
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
        arrivals.retain(|arrival| arrival.at < self.secs());
        arrivals.sort_by_key(|arrival| arrival.at);
        arrivals
    }

    /// A URL of the page as a browser may spell it.
    fn spelled(&self, page: u32, random: &mut Random) -> String {
        let domain = self.domain(page % self.domains);
        match random.below(3) {
            0 => format!("http://{domain}/page/{page}"),
            1 => format!("http://{}:8080/page/{page}", domain.to_uppercase()),
            _ => format!("http://{domain}/page/{page}?from=mail"),
        }
    }
}

fn cookie(person: u64) -> PersonId {
    PersonId::Cookie(format!("c{person}"))
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
    /// By page: the seconds and the identifier of each page view.
    views: HashMap<u32, Vec<(i64, PersonId)>>,
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
                    let views = self.views.entry(page).or_default();
                    views.push((secs, view.person.clone()));
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

    /// Visits to the domain of some pages, and how many of them had one page view. A visit of a
    /// person ends when the next page view comes more than 30 minutes later. O(n log n).
    pub fn bounces(&self, pages: impl IntoIterator<Item = u32>) -> (i64, i64) {
        let mut by_person: HashMap<&PersonId, Vec<i64>> = HashMap::new();
        for (secs, id) in pages
            .into_iter()
            .flat_map(|page| self.views.get(&page))
            .flatten()
        {
            let person = self.same.get(id).unwrap_or(id);
            by_person.entry(person).or_default().push(*secs);
        }
        let (mut visits, mut bounces) = (0, 0);
        for mut times in by_person.into_values() {
            times.sort_unstable();
            for visit in times.chunk_by(|earlier, later| later - earlier <= 30 * 60) {
                visits += 1;
                bounces += i64::from(visit.len() == 1);
            }
        }
        (visits, bounces)
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
    fn a_visit_ends_after_thirty_minutes_and_one_second_without_a_page_view() {
        let mut truth = TrafficTruth::default();
        for (nonce, secs) in [
            (1, 0),
            (2, 1_800),
            (3, 3_601),
            (3, 3_601),
            (4, 9_000),
            (5, 9_000),
        ] {
            let view = PageView {
                nonce,
                page: PageId { url: url(0) },
                person: PersonId::UserId(1),
            };
            truth.take(&arrival(secs, secs, DataUnit::PageView(view), Some(0)));
        }
        // 0 and 1,800 are one visit; the copy at 3,601 adds nothing; two at 9,000 are one visit.
        assert_eq!(truth.bounces([0]), (3, 1));
        assert_eq!(truth.bounces([1]), (0, 0));
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

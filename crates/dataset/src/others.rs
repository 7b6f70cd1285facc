//! Equivs and properties, strewn over the hours of a data set.
//!
//! Each is said once, at a time that depends on the arguments alone. The facts
//! behind them hold together: ages follow a hidden birthday, a person who moved
//! has another location from that day on, and a page's counter is the number of
//! its distinct page views in the set so far.
use super::people::Profile;
use super::plan::{Block, DatasetPlan, HourPlan};
use super::population::{Id, Population};
use super::random::{Random, Spread, hash};
use super::site::Site;
use super::spec::Spec;
use calendar::Granularity;
use lambda::datum::*;

const HOUR: u64 = Granularity::Hour.secs() as u64;

/// What is said of each account: its name, its gender, three times where it
/// lives and three times how old it is.
const SAID_OF_EACH: u64 = 8;

pub(super) struct Others<'a> {
    spec: &'a Spec,
    site: &'a Site,
    starts: &'a [(i64, bool)],
    edges: Vec<(Id, Id)>,
    /// How many equivs and person properties there are, and their order.
    total: u64,
    order: Spread,
}

impl<'a> Others<'a> {
    pub fn new(spec: &'a Spec, site: &'a Site, people: &Population, plan: &'a DatasetPlan) -> Self {
        let edges = if spec.kinds.equiv {
            people.edges()
        } else {
            Vec::new()
        };
        let properties = if spec.kinds.person_property {
            u64::from(spec.users) * SAID_OF_EACH
        } else {
            0
        };
        let total = edges.len() as u64 + properties;
        let order = Spread::new(total, hash(&[spec.seed, 0x0743]));
        Self {
            spec,
            site,
            starts: plan.starts(),
            edges,
            total,
            order,
        }
    }

    /// Equivs and person properties of the whole set.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many page properties an hour ends with.
    pub fn counters_of(&self, hour: &HourPlan) -> u64 {
        match self.spec.kinds.page_property {
            true => hour.so_far.iter().filter(|views| **views > 0).count() as u64,
            false => 0,
        }
    }

    /// Those of a block, in the order of time.
    pub fn within(&self, block: &Block) -> Vec<Datum> {
        let begin = block.hour.index * HOUR;
        let slots = self.first_slot(begin + block.secs.start as u64)
            ..self.first_slot(begin + block.secs.end as u64);
        let mut found: Vec<Datum> = slots.map(|slot| self.datum(slot)).collect();
        if self.spec.kinds.page_property && block.secs.end == HOUR as i64 {
            found.extend(self.counters(block));
        }
        found
    }

    /// The second of the set, without the gaps between its hours, of a slot.
    fn second(&self, slot: u64) -> u64 {
        let seconds = self.starts.len() as u64 * HOUR;
        let jitter = hash(&[self.spec.seed, 0x71E, slot]) % seconds;
        ((u128::from(slot) * u128::from(seconds) + u128::from(jitter)) / u128::from(self.total))
            as u64
    }

    /// The first slot at or after a second of the set.
    fn first_slot(&self, second: u64) -> u64 {
        let (mut low, mut high) = (0, self.total);
        while low < high {
            let middle = (low + high) / 2;
            if self.second(middle) < second {
                low = middle + 1
            } else {
                high = middle
            }
        }
        low
    }

    fn datum(&self, slot: u64) -> Datum {
        let second = self.second(slot);
        let ts = self.starts[(second / HOUR) as usize].0 + (second % HOUR) as i64;
        let fact = self.order.of(slot);
        let dataunit = match self.edges.get(fact as usize) {
            Some((a, b)) => DataUnit::Equiv(Equiv {
                id1: a.to_person(),
                id2: b.to_person(),
            }),
            None => self.property(fact - self.edges.len() as u64, ts),
        };
        Datum {
            dataunit,
            pedigree: Pedigree {
                true_as_of_secs: ts,
            },
        }
    }

    fn property(&self, fact: u64, ts: i64) -> DataUnit {
        let user = fact / SAID_OF_EACH;
        let first = self.starts[0].0;
        let last = self.starts[self.starts.len() - 1].0;
        let profile = Profile::new(self.spec.seed, user, first..last);
        let property = match fact % SAID_OF_EACH {
            0 => PersonPropertyValue::FullName(profile.full_name()),
            1 => PersonPropertyValue::Gender(profile.gender()),
            2..5 => PersonPropertyValue::Location(
                profile.location(ts, &mut Random::new(&[self.spec.seed, 0x10C, fact])),
            ),
            _ => PersonPropertyValue::Age(profile.age(ts)),
        };
        DataUnit::PersonProperty(PersonProperty {
            id: PersonId::UserId(user as i64),
            property,
        })
    }

    /// The counters of all pages, as the site shows them at the end of an hour.
    fn counters<'b>(&'b self, block: &'b Block) -> impl Iterator<Item = Datum> + 'b {
        let ts = block.hour.start + HOUR as i64 - 1;
        let counted = block
            .hour
            .so_far
            .iter()
            .enumerate()
            .filter(|(_, views)| **views > 0);
        counted.map(move |(page, &views)| Datum {
            dataunit: DataUnit::PageProperty(PageProperty {
                id: PageId {
                    url: self.site.raw(self.site.plain(page)),
                },
                property: PagePropertyValue::PageViews(views as i64),
            }),
            pedigree: Pedigree {
                true_as_of_secs: ts,
            },
        })
    }
}

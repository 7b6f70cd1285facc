//! What some events add to the realtime views, before it is written.
//!
//! The views are sums, unions and joins of stretches, so what a thousand events
//! add can be gathered in memory and written as one. That is why throughput
//! rises with the load: the more events wait, the more of them fall into one row.
use super::event::{Event, Who};
use crate::batch::bounces::{SILENCE, Stretch, domain, join};
use crate::batch::sketch::{Gather, Precision, SketchError};
use calendar::Granularity;
use std::collections::{BTreeMap, HashMap};
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

type Map<K, V> = HashMap<K, V, Xxh3DefaultBuilder>;

/// An hour of a page.
#[derive(Clone, Debug)]
pub struct Hour {
    /// Page views.
    pub count: i64,
    /// Who came.
    pub persons: Gather,
}

/// Who came to a domain, and when.
#[derive(Clone, Debug, Default)]
struct Visitors {
    users: Map<i64, Vec<Stretch>>,
    cookies: Map<Box<str>, Vec<Stretch>>,
}

/// What events add to the views: page views and persons by URL and hour, visits
/// by domain and person.
#[derive(Clone, Debug)]
pub struct Delta {
    precision: Precision,
    urls: Map<Box<str>, BTreeMap<i64, Hour>>,
    domains: Map<Box<str>, Visitors>,
}

impl Delta {
    /// Nothing yet.
    pub fn new(precision: Precision) -> Self {
        Self {
            precision,
            urls: Map::default(),
            domains: Map::default(),
        }
    }

    /// Whether nothing is added.
    pub fn is_empty(&self) -> bool {
        self.urls.is_empty()
    }

    /// Adds a page view.
    pub fn add(&mut self, event: &Event<'_>) {
        let precision = self.precision;
        let hour = Granularity::Hour.bucket(event.secs);
        let url = entry(&mut self.urls, &event.url);
        let hour = url.entry(hour).or_insert_with(|| Hour {
            count: 0,
            persons: Gather::new(precision),
        });
        hour.count += 1;
        hour.persons.add(event.who.hash());
        let visitors = entry(&mut self.domains, domain(&event.url));
        let stretches = match &event.who {
            Who::User(id) => visitors.users.entry(*id).or_default(),
            Who::Cookie(cookie) => entry(&mut visitors.cookies, cookie),
        };
        add(stretches, event.secs);
    }

    /// Adds all of another; the same as adding its events.
    ///
    /// # Errors
    /// Another precision.
    pub fn merge(&mut self, other: Delta) -> Result<(), SketchError> {
        for (url, hours) in other.urls {
            let mine = entry(&mut self.urls, &url);
            for (ts, hour) in hours {
                match mine.get_mut(&ts) {
                    Some(there) => {
                        there.count += hour.count;
                        there.persons.merge(&hour.persons)?;
                    }
                    None => _ = mine.insert(ts, hour),
                }
            }
        }
        for (domain, visitors) in other.domains {
            let mine = entry(&mut self.domains, &domain);
            for (user, stretches) in visitors.users {
                mine.users.entry(user).or_default().extend(stretches);
            }
            for (cookie, stretches) in visitors.cookies {
                entry(&mut mine.cookies, &cookie).extend(stretches);
            }
        }
        Ok(())
    }

    /// Every page and hour.
    pub fn hours(&self) -> impl Iterator<Item = (&str, i64, &Hour)> {
        self.urls.iter().flat_map(|(url, hours)| {
            let hours = hours.iter();
            hours.map(move |(ts, hour)| (&**url, *ts, hour))
        })
    }

    /// Every domain and person, with visits joined and in order.
    pub fn visits(&self) -> impl Iterator<Item = (&str, Who<'_>, Vec<Stretch>)> {
        self.domains.iter().flat_map(|(domain, visitors)| {
            let users = visitors.users.iter().map(|(id, s)| (Who::User(*id), s));
            let cookies = visitors.cookies.iter();
            let cookies = cookies.map(|(cookie, s)| (Who::Cookie((&**cookie).into()), s));
            users.chain(cookies).map(move |(who, stretches)| {
                let mut stretches = stretches.clone();
                join(&mut stretches);
                (&**domain, who, stretches)
            })
        })
    }
}

/// The value of a key that is only made when it is not there.
fn entry<'a, V: Default>(map: &'a mut Map<Box<str>, V>, key: &str) -> &'a mut V {
    if !map.contains_key(key) {
        map.insert(key.into(), V::default());
    }
    map.get_mut(key).expect("it was put there")
}

/// Adds a view. Most follow the last one closely; the others are joined later.
fn add(stretches: &mut Vec<Stretch>, secs: i64) {
    if let Some(last) = stretches.last_mut()
        && last.first <= secs
        && secs - last.last <= SILENCE
    {
        last.join(Stretch::of(secs));
        return;
    }
    stretches.push(Stretch::of(secs));
}

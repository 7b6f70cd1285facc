//! The delta of several events: what they add to the realtime views, gathered in memory
//! before it is written.
//!
//! The views consist of sums, of unions of sketches, and of joined stretches of time, so the
//! contributions of a thousand events can be combined in memory and written at once. That is
//! why throughput rises with the load: the more events wait, the more of them share a row.
use super::event::{ValidPageView, Who};
use crate::batch::bounces::{SILENCE, Stretch, domain, join};
use crate::batch::sketch::{Precision, SketchError};
use crate::batch::url_hour::UrlHour;
use calendar::Granularity;
use std::collections::{BTreeMap, HashMap};
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

type Map<K, V> = HashMap<K, V, Xxh3DefaultBuilder>;

/// The visitors of a domain, each with the stretches of time in which page views were seen.
#[derive(Clone, Debug, Default)]
struct Visitors {
    users: Map<i64, Vec<Stretch>>,
    cookies: Map<Box<str>, Vec<Stretch>>,
}

/// What events add to the views: page views and visitors by URL and hour, and visits by
/// domain and person.
#[derive(Clone, Debug)]
pub struct Delta {
    precision: Precision,
    /// By URL, and by the epoch second at which the hour begins.
    urls: Map<Box<str>, BTreeMap<i64, UrlHour>>,
    domains: Map<Box<str>, Visitors>,
}

impl Delta {
    /// Creates a delta without events, whose sketches have this precision.
    pub fn new(precision: Precision) -> Self {
        Self {
            precision,
            urls: Map::default(),
            domains: Map::default(),
        }
    }

    /// Returns true if no event was added.
    pub fn is_empty(&self) -> bool {
        self.urls.is_empty()
    }

    /// Adds a page view, whose identifier is taken for the person.
    pub fn add(&mut self, event: &ValidPageView<'_>) {
        self.add_count(event);
        self.add_visitor(event, &event.who);
    }

    /// Adds a page view to the counts alone.
    pub fn add_count(&mut self, event: &ValidPageView<'_>) {
        self.hour(event).add(None);
    }

    /// Adds the visitor of a page view, under the name `who`, to the sketches and the visits.
    pub fn add_visitor(&mut self, event: &ValidPageView<'_>, who: &Who<'_>) {
        self.hour(event).persons.add_hash(who.hash());
        let visitors = entry(&mut self.domains, domain(&event.url));
        let stretches = match who {
            Who::User(id) => visitors.users.entry(*id).or_default(),
            Who::Cookie(cookie) => entry(&mut visitors.cookies, cookie),
        };
        add(stretches, event.secs);
    }

    /// Returns the hour of a page view's URL.
    fn hour(&mut self, event: &ValidPageView<'_>) -> &mut UrlHour {
        let precision = self.precision;
        let hour = Granularity::Hour.bucket(event.secs);
        let url = entry(&mut self.urls, &event.url);
        url.entry(hour).or_insert_with(|| UrlHour::new(precision))
    }

    /// Adds all events of another delta.
    ///
    /// # Errors
    /// If the other delta has another precision.
    pub fn merge(&mut self, other: Delta) -> Result<(), SketchError> {
        for (url, hours) in other.urls {
            let mine = entry(&mut self.urls, &url);
            for (ts, hour) in hours {
                match mine.get_mut(&ts) {
                    Some(existing) => existing.merge(&hour)?,
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

    /// Returns every (URL, hour, contribution), in no order. The hour is the epoch second at
    /// which it begins.
    pub fn hours(&self) -> impl Iterator<Item = (&str, i64, &UrlHour)> {
        self.urls.iter().flat_map(|(url, hours)| {
            let hours = hours.iter();
            hours.map(move |(ts, hour)| (&**url, *ts, hour))
        })
    }

    /// Returns every (domain, person, visits). Domains and persons are in no order; the visits
    /// of a person are joined and in the order of time.
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

/// Returns the value of a key, and inserts a default one if there is none. The key is copied
/// only then, which `HashMap::entry` cannot do.
fn entry<'a, V: Default>(map: &'a mut Map<Box<str>, V>, key: &str) -> &'a mut V {
    if !map.contains_key(key) {
        map.insert(key.into(), V::default());
    }
    map.get_mut(key).expect("the key was inserted above")
}

/// Adds a page view at an epoch second. Most page views continue the last stretch; a stretch
/// that overlaps an earlier one is joined with it later.
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

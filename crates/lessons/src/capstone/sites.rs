//! Counters of both sites, as CRDTs: what each answers by itself.
//!
//! A site counts what comes to it, in a cell for each page and hour of arrival, and
//! sends its cells to the other whenever the network lets it. An answer is the
//! batch view that the site serves, and the cells of hours that it does not cover.
//! The far site hears of a new batch over the same network.
//!
//! A count is a function of how far the site has read its own part of the log. So
//! a site that lost its memory may begin anew under its old name: it reads again
//! from the beginning, and arrives at numbers no smaller than those it had sent.
//!
//! A client whose site does not answer in time may send its page view again to the other
//! site. Each site drops the copies of its own log, and neither knows the log of the other.
//! So a G-counter counts the page view at both: it merges numbers, and a number does not say
//! which page views it counts. Beside the counters each site keeps the *identities* of the page
//! views, each with the first hour in which it came to each site. Their merge takes the
//! union of the identities and the earlier hour, so a copy is the same element. The price is an
//! entry for each page view in place of one for each page and hour.
use super::arrivals::SITES;
use super::error::Result;
use super::order::SiteAnswers;
use crate::crdt::{Crdt, GCounter, Map, Replica, ReplicaId};
use calendar::Span;
use lambda::batch::{Precision, Sketch};
use lambda::serving::ServedViews;
use lambda::speed::event::{Fact, read};
use lambda::speed::{Log, Record, Window};
use std::collections::HashMap;
use std::ops::Range;

/// By site: the hour in which a page view came there first; `i64::MAX` if it did not.
type FirstCame = [i64; SITES as usize];

/// Page and hour of arrival, epoch seconds.
type Cell = (String, i64);

/// One data centre's counters.
pub struct Counters {
    views: Replica<Map<Cell, GCounter>>,
    /// By site too: a sketch does not say which site added to it.
    persons: Map<(u32, Cell), Sketch>,
    /// By the identity of a page view.
    events: HashMap<u128, FirstCame>,
    precision: Precision,
    window: Window,
    next: u64,
    /// What came since the two last met lies in cells from this hour on.
    met: i64,
    served: ServedViews,
    /// By site: the hour of arrival from which on cells are not covered.
    from: Vec<i64>,
    /// Whether `from` is that of the batch that is served. A new process does not know it yet.
    knows_cut: bool,
}

/// When a record came to its site: its key.
pub fn came_at(record: &Record<'_>) -> i64 {
    let key = record.key.try_into().map(i64::from_be_bytes);
    key.unwrap_or_default()
}

impl Counters {
    /// Of a site that has read nothing yet and serves this batch.
    pub fn new(site: u32, precision: Precision, window: usize, served: ServedViews) -> Self {
        Self {
            views: Replica::new(ReplicaId(site), Map::default()),
            persons: Map::default(),
            events: HashMap::new(),
            precision,
            window: Window::of(window),
            next: 0,
            met: i64::MIN,
            served,
            from: vec![i64::MIN; SITES as usize],
            knows_cut: false,
        }
    }

    /// Whether the site has been told the cut of the batch that it serves.
    pub fn knows_cut(&self) -> bool {
        self.knows_cut
    }

    /// Counts what came to the site since the last time.
    pub fn count(&mut self, log: &dyn Log, topic: &str) -> Result<()> {
        let site = self.views.id().0;
        let records = log.read(topic, site, self.next, usize::MAX)?;
        for record in records.iter() {
            let Ok(Fact::View(event)) = read(record.value) else {
                continue;
            };
            if !self.window.is_new(event.identity()) {
                continue;
            }
            let came = came_at(&record);
            let first = self.events.entry(event.identity());
            let first = &mut first.or_insert([i64::MAX; SITES as usize])[site as usize];
            *first = came.min(*first);
            let cell = (event.url.to_string(), came);
            let sketch = Sketch::new(self.precision);
            let persons = self.persons.at_or((site, cell.clone()), sketch);
            persons.add_hash(event.who.hash());
            self.views.change(|views, id| views.at(cell).add(id, 1))?;
        }
        self.next = records.next();
        Ok(())
    }

    /// Serves a batch, whose cut is known, at an hour.
    pub fn serve(
        &mut self,
        served: &ServedViews,
        log: &dyn Log,
        topic: &str,
        now: i64,
    ) -> Result<()> {
        let mut from = Vec::new();
        let mut cut = served.cut();
        cut.resize(SITES as usize, 0);
        for (partition, &cut) in (0..).zip(&cut) {
            let first = log.read(topic, partition, cut, 1)?;
            let hour = first.iter().next().map(|record| came_at(&record));
            from.push(hour.unwrap_or(now));
        }
        (self.served, self.from) = (served.pinned(), from);
        self.knows_cut = true;
        Ok(())
    }

    /// Each takes in what the other has counted since they last met.
    pub fn meet(&mut self, other: &mut Self, now: i64) -> Result<()> {
        let since = self.met.min(other.met);
        let (mine, theirs) = (self.since(since), other.since(since));
        self.views.receive(&theirs.0)?;
        other.views.receive(&mine.0)?;
        self.persons.merge(&theirs.1)?;
        other.persons.merge(&mine.1)?;
        merge_events(&mut self.events, &theirs.2);
        merge_events(&mut other.events, &mine.2);
        (self.met, other.met) = (now, now);
        Ok(())
    }

    /// The cells from an hour on.
    #[allow(clippy::type_complexity)]
    fn since(
        &self,
        hour: i64,
    ) -> (
        Map<Cell, GCounter>,
        Map<(u32, Cell), Sketch>,
        Vec<(u128, FirstCame)>,
    ) {
        let (mut views, mut persons) = (Map::default(), Map::default());
        for (cell, counter) in self.views.state().iter().filter(|(cell, _)| cell.1 >= hour) {
            views.at_or(cell.clone(), counter.clone());
        }
        for (key, sketch) in self.persons.iter().filter(|(key, _)| key.1.1 >= hour) {
            persons.at_or(key.clone(), sketch.clone());
        }
        // An hour of a site says nothing where the page view did not come.
        let is_recent =
            |first: &FirstCame| first.iter().any(|came| (hour..i64::MAX).contains(came));
        let events = self.events.iter().filter(|(_, first)| is_recent(first));
        let events = events
            .map(|(identity, first)| (*identity, *first))
            .collect();
        (views, persons, events)
    }

    /// What the site answers: page views of all pages, uniques of one.
    pub fn answer(&self, pages: &[String], home: &str, hours: &Range<i64>) -> Result<SiteAnswers> {
        let mut page_views = 0;
        for page in pages {
            let found = self.served.page_views(page, Span::of_hours_in(hours))?;
            page_views += found.map_or(0, |found| found.value);
        }
        let served = page_views;
        let sites = || (0..SITES).zip(&self.from);
        let mut counts = 0;
        for (cell, counter) in self.views.state().iter() {
            for (site, _) in sites().filter(|(_, from)| cell.1 >= **from) {
                let count = counter.count(ReplicaId(site));
                page_views += count as i64;
                counts += u64::from(count > 0);
            }
        }
        // A page view that is in the batch views by either site is not counted again.
        let is_open = |first: &&FirstCame| {
            first
                .iter()
                .zip(&self.from)
                .all(|(came, from)| came >= from)
        };
        let identities = self.events.values().filter(is_open).count();
        let mut persons = Sketch::new(self.precision);
        if let Some(covered) = self.served.uniques(home, Span::of_hours_in(hours))? {
            persons
                .merge(&covered.value)
                .map_err(crate::crdt::CrdtError::from)?;
        }
        for ((site, (page, hour)), sketch) in self.persons.iter() {
            if page == home && *hour >= self.from[*site as usize] {
                persons
                    .merge(sketch)
                    .map_err(crate::crdt::CrdtError::from)?;
            }
        }
        Ok(SiteAnswers {
            batch: self.served.batch(),
            page_views,
            by_identity: served + identities as i64,
            counts,
            identities: identities as u64,
            uniques: persons.uniques(),
        })
    }
}

/// Takes in identities: their union, and of each the earlier hour at each site.
fn merge_events(mine: &mut HashMap<u128, FirstCame>, theirs: &[(u128, FirstCame)]) {
    for (identity, first) in theirs {
        let known = mine.entry(*identity);
        let known = known.or_insert([i64::MAX; SITES as usize]);
        for (mine, theirs) in known.iter_mut().zip(first) {
            *mine = (*mine).min(*theirs);
        }
    }
}

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
use super::arrivals::SITES;
use super::error::Result;
use super::order::SiteAnswers;
use crate::crdt::{Crdt, GCounter, Map, Replica, ReplicaId};
use calendar::Span;
use lambda::batch::{Precision, Sketch};
use lambda::serving::ServedViews;
use lambda::speed::event::{Fact, read};
use lambda::speed::{Log, Record, Window};
use std::ops::Range;

/// Page and hour of arrival, epoch seconds.
type Cell = (String, i64);

/// One data centre's counters.
pub struct Counters {
    views: Replica<Map<Cell, GCounter>>,
    /// By site too: a sketch does not say which site added to it.
    persons: Map<(u32, Cell), Sketch>,
    precision: Precision,
    window: Window,
    next: u64,
    /// What came since the two last met lies in cells from this hour on.
    met: i64,
    served: ServedViews,
    /// By site: the hour of arrival from which on cells are not covered.
    from: Vec<i64>,
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
            precision,
            window: Window::of(window),
            next: 0,
            met: i64::MIN,
            served,
            from: vec![i64::MIN; SITES as usize],
        }
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
            let cell = (event.url.to_string(), came_at(&record));
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
        (self.met, other.met) = (now, now);
        Ok(())
    }

    /// The cells from an hour on.
    #[allow(clippy::type_complexity)]
    fn since(&self, hour: i64) -> (Map<Cell, GCounter>, Map<(u32, Cell), Sketch>) {
        let (mut views, mut persons) = (Map::default(), Map::default());
        for (cell, counter) in self.views.state().iter().filter(|(cell, _)| cell.1 >= hour) {
            views.at_or(cell.clone(), counter.clone());
        }
        for (key, sketch) in self.persons.iter().filter(|(key, _)| key.1.1 >= hour) {
            persons.at_or(key.clone(), sketch.clone());
        }
        (views, persons)
    }

    /// What the site answers: page views of all pages, uniques of one.
    pub fn answer(&self, pages: &[String], home: &str, hours: &Range<i64>) -> Result<SiteAnswers> {
        let mut page_views = 0;
        for page in pages {
            let found = self.served.page_views(page, Span::of_hours_in(hours))?;
            page_views += found.map_or(0, |found| found.value);
        }
        let sites = || (0..SITES).zip(&self.from);
        for (cell, counter) in self.views.state().iter() {
            let open = sites().filter(|(_, from)| cell.1 >= **from);
            page_views += open
                .map(|(site, _)| counter.count(ReplicaId(site)) as i64)
                .sum::<i64>();
        }
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
            uniques: persons.uniques(),
        })
    }
}

//! The merged query: what the serving views and the realtime views say together.
//!
//! Counts add, sketches merge, and visits join where a person's later views go on
//! with a visit that the batch layer has seen the beginning of. That is why the
//! merge is a function of the *views* and not of the answers: neither uniques nor
//! bounce rates can be added.
use crate::batch::bounces::{Stretch, join};
use crate::batch::sketch::Sketch;
use crate::error::Result;
use crate::serving::{Bounces, ServedViews};
use crate::speed::event::person_of_key;
use crate::speed::{Offsets, Since, SpeedError};
use calendar::{Granularity, Span};
use show::table::{Grid, counted};
use show::{Render, Rich};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;

/// A value with where it comes from and how fresh it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// Of both layers.
    pub value: T,
    /// What the serving views alone would say.
    pub serving: T,
    /// What the realtime views alone would say.
    pub realtime: T,
    pub freshness: Freshness,
}

/// How much of the log an answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// The batch that is served.
    pub batch: u64,
    /// Records in the serving views.
    pub served: u64,
    /// Records in the realtime views, since the batch's cut.
    pub realtime: u64,
    /// Records in the log that no view holds yet.
    pub waiting: u64,
}

impl Freshness {
    fn facts(&self) -> [(&'static str, String); 4] {
        let records = |n: u64| counted(n as usize, "record", "records");
        let batch = match self.batch {
            0 => "none yet".to_owned(),
            batch => format!("{batch}: {}", records(self.served)),
        };
        [
            ("served batch", batch),
            ("since its cut", records(self.realtime)),
            ("in the log, in no view yet", records(self.waiting)),
            (
                "state",
                if self.waiting == 0 {
                    "up to date"
                } else {
                    "behind"
                }
                .to_owned(),
            ),
        ]
    }
}

fn rendered(caption: &str, facts: &[(&str, String)]) -> Rich {
    let facts: Vec<(&str, &dyn Display)> = facts
        .iter()
        .map(|(name, fact)| (*name, fact as &dyn Display))
        .collect();
    Grid::of_facts(caption, &facts).render()
}

impl Render for Freshness {
    fn render(&self) -> Rich {
        rendered("How fresh", &self.facts())
    }
}

impl<T: Display> Render for Answer<T> {
    /// The value, what each layer alone would say, and how fresh it is.
    fn render(&self) -> Rich {
        let mut facts = vec![
            ("value", self.value.to_string()),
            ("the serving views alone", self.serving.to_string()),
            ("the realtime views alone", self.realtime.to_string()),
        ];
        facts.extend(self.freshness.facts());
        rendered("Answer of both layers", &facts)
    }
}

/// Both layers at one moment.
pub struct Query<'a> {
    served: ServedViews,
    cut: Offsets,
    since: Since<'a>,
    freshness: Freshness,
}

impl<'a> Query<'a> {
    /// The views that are served.
    pub fn served(&self) -> &ServedViews {
        &self.served
    }

    /// Views that meet at one cut, and the log's ends.
    ///
    /// # Errors
    /// If they do not meet.
    pub fn new(served: &ServedViews, since: Since<'a>, ends: Vec<u64>) -> Result<Self> {
        let mut cut = served.cut();
        cut.resize(ends.len(), 0);
        if since.cut != cut {
            return Err(SpeedError::UnknownBatch {
                served: served.batch(),
                realtime: vec![since.batch],
            }
            .into());
        }
        // An updater may be behind the cut: a batch run reads the log itself.
        let partitions = || cut.iter().zip(&since.offsets);
        let seen = partitions().map(|(cut, at)| cut.max(at));
        let freshness = Freshness {
            batch: served.batch(),
            served: cut.iter().sum(),
            realtime: partitions().map(|(cut, at)| at.saturating_sub(*cut)).sum(),
            waiting: ends
                .iter()
                .zip(seen)
                .map(|(end, seen)| end.saturating_sub(*seen))
                .sum(),
        };
        Ok(Self {
            // A version that is published meanwhile has another cut.
            served: served.snapshot(),
            cut,
            since,
            freshness,
        })
    }

    /// The next offset of each partition that no answer holds.
    pub fn seen(&self) -> Offsets {
        // An updater may be behind the cut: a batch run reads the log itself.
        let partitions = self.cut.iter().zip(&self.since.offsets);
        partitions.map(|(cut, at)| *cut.max(at)).collect()
    }

    /// How much of the log the answers hold.
    pub fn freshness(&self) -> Freshness {
        self.freshness
    }

    fn answer<T>(&self, value: T, serving: T, realtime: T) -> Answer<T> {
        Answer {
            value,
            serving,
            realtime,
            freshness: self.freshness,
        }
    }

    /// Page views of a URL in the hours that begin in a range of epoch seconds.
    pub fn page_views(&self, url: &str, hours: Range<i64>) -> Result<Answer<i64>> {
        let found = self.served.page_views(url, Span::of_hours_in(&hours))?;
        let serving = found.map_or(0, |found| found.value);
        let realtime = self.since.count(url, &hours)?;
        Ok(self.answer(serving + realtime, serving, realtime))
    }

    /// The same, hour by hour; hours without any are left out.
    pub fn page_views_by_hour(&self, url: &str, hours: Range<i64>) -> Result<BTreeMap<i64, i64>> {
        let mut all = self.since.counts(url, &hours)?;
        for (hour, count) in self.served.counts(url, Granularity::Hour, hours)? {
            *all.entry(hour).or_default() += count;
        }
        Ok(all)
    }

    /// How many persons came to a URL in the hours that begin in a range.
    pub fn uniques(&self, url: &str, hours: Range<i64>) -> Result<Answer<i64>> {
        let realtime = self.since.persons(url, &hours)?;
        let found = self.served.uniques(url, Span::of_hours_in(&hours))?;
        let serving = match found {
            Some(found) => found.value,
            None => Sketch::new(realtime.precision()),
        };
        let all = match realtime.uniques() {
            0 => serving.clone(),
            // As good as the coarser of both, until the next batch run.
            _ => {
                let precision = realtime.precision().min(serving.precision());
                let mut all = serving.coarser(precision)?;
                all.merge(&realtime.coarser(precision)?)?;
                all
            }
        };
        Ok(self.answer(all.uniques(), serving.uniques(), realtime.uniques()))
    }

    /// Visits to a domain, and bounces. A visit that goes on after the cut is one.
    pub fn bounce_rate(&self, domain: &str) -> Result<Answer<Bounces>> {
        let serving = self.served.bounces(domain)?.unwrap_or_default();
        let (mut value, mut realtime) = (serving, Bounces::default());
        for (person, recent) in self.since.visits(domain)? {
            add_visits(&mut realtime, &recent, 1);
            // The person's visits before the cut are counted without the later ones: they
            // are taken out, joined with these, and counted again.
            let person = person_of_key(&person).ok_or_else(|| SpeedError::Damaged {
                what: "a visit is of a user or a cookie",
                place: format!("the visits to {domain}"),
            })?;
            let mut all = self.served.visits_of(domain, &person)?;
            add_visits(&mut value, &all, -1);
            all.extend(recent);
            join(&mut all);
            add_visits(&mut value, &all, 1);
        }
        Ok(self.answer(value, serving, realtime))
    }
}

/// Adds a person's visits so many times.
fn add_visits(all: &mut Bounces, stretches: &[Stretch], times: i64) {
    all.visits += times * stretches.len() as i64;
    all.bounces += times * stretches.iter().filter(|visit| !visit.many).count() as i64;
}

//! The merged query: what the serving views and the realtime views say together.
//!
//! Counts add, sketches merge, and visits join where a person's later views go on
//! with a visit that the batch layer has seen the beginning of. That is why the
//! merge is a function of the *views* and not of the answers: neither uniques nor
//! bounce rates can be added.
use super::batch_run::{Served, Visits};
use crate::batch::bounces::join;
use crate::batch::sketch::Sketch;
use crate::speed::{Result, Since, SpeedError};
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

/// Both layers at one moment.
pub struct Query<'a> {
    served: &'a Served,
    since: Since<'a>,
    freshness: Freshness,
}

impl<'a> Query<'a> {
    /// Views that meet at one cut, and the log's ends.
    ///
    /// # Errors
    /// If they do not meet.
    pub fn new(served: &'a Served, since: Since<'a>, ends: Vec<u64>) -> Result<Self> {
        if since.cut != served.cut {
            return Err(SpeedError::UnknownBatch {
                served: served.batch,
                realtime: vec![since.batch],
            });
        }
        // An updater may be behind the cut: a batch run reads the log itself.
        let partitions = || served.cut.iter().zip(&since.offsets);
        let seen = partitions().map(|(cut, at)| cut.max(at));
        let freshness = Freshness {
            batch: served.batch,
            served: served.cut.iter().sum(),
            realtime: partitions().map(|(cut, at)| at.saturating_sub(*cut)).sum(),
            waiting: ends
                .iter()
                .zip(seen)
                .map(|(end, seen)| end.saturating_sub(*seen))
                .sum(),
        };
        Ok(Self {
            served,
            since,
            freshness,
        })
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
        let serving = self.served.count(url, &hours)?;
        let realtime = self.since.count(url, &hours)?;
        Ok(self.answer(serving + realtime, serving, realtime))
    }

    /// How many persons came to a URL in the hours that begin in a range.
    pub fn uniques(&self, url: &str, hours: Range<i64>) -> Result<Answer<i64>> {
        let realtime = self.since.persons(url, &hours)?;
        let mut serving = Sketch::new(realtime.precision());
        for bytes in self.served.persons(url, &hours)? {
            serving.merge(&Sketch::from_bytes(&bytes)?)?;
        }
        let mut all = serving.clone();
        all.merge(&realtime)?;
        Ok(self.answer(all.uniques(), serving.uniques(), realtime.uniques()))
    }

    /// Visits to a domain, and bounces. A visit that goes on after the cut is one.
    pub fn bounce_rate(&self, domain: &str) -> Result<Answer<Visits>> {
        let serving = self.served.visits(domain)?;
        let (mut value, mut realtime) = (serving, Visits::default());
        for (person, recent) in self.since.visits(domain)? {
            realtime.add(&recent, 1);
            let mut all = self.served.visits_of(domain, &person)?;
            value.add(&all, -1);
            all.extend(recent);
            join(&mut all);
            value.add(&all, 1);
        }
        Ok(self.answer(value, serving, realtime))
    }
}

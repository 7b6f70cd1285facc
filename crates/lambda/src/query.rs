//! The query: it merges the serving views with the realtime views.
//!
//! Counts are added, sketches are merged, and visits are joined where page views after the cut
//! continue a visit that began before it. So a query must merge the *views* of both layers,
//! and not their answers: neither uniques nor bounce rates can be added.
use crate::batch::bounces::{Stretch, join};
use crate::batch::sketch::Sketch;
use crate::error::{LambdaError, Result};
use crate::serving::{Bounces, Explained, ServedViews};
use crate::speed::event::person_of_key;
use crate::speed::{Offsets, SpeedError, ViewsSince};
use calendar::{Granularity, Span};
use show::table::{Grid, counted};
use show::{Render, Rich};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;

/// An answer, with the part of each layer and its freshness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// The answer from both layers.
    pub value: T,
    /// The answer that the serving views alone would give.
    pub serving: T,
    /// The answer that the realtime views alone would give.
    pub realtime: T,
    /// How much of the log the answer contains.
    pub freshness: Freshness,
}

/// How much of the log an answer contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// Number of the served batch; 0 before the first.
    pub batch: u64,
    /// Number of records in the serving views: those before the cut of the batch.
    pub served: u64,
    /// Number of records in the realtime views after the cut of the batch.
    pub realtime: u64,
    /// Number of records in the log that are in no view yet.
    pub waiting: u64,
}

impl Freshness {
    /// Returns the numbers with their captions.
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

/// Returns a table of facts, one in each row.
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
    /// Shows the answer, the part of each layer, and the freshness.
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

/// Both layers at one moment. All answers of a query are about the same records.
///
/// Ranges are in epoch seconds, and count the hours that begin in them. A range that ends
/// where it begins, or before, has no hours.
pub struct Query<'a> {
    served: ServedViews,
    /// The cut of the served batch.
    cut: Offsets,
    /// The realtime views after the cut.
    since: ViewsSince<'a>,
    freshness: Freshness,
}

impl<'a> Query<'a> {
    /// Returns the serving views.
    pub fn served(&self) -> &ServedViews {
        &self.served
    }

    /// Creates a query from serving views, the realtime views since their cut, and the end of each
    /// partition of the log (its next offset).
    ///
    /// # Errors
    /// [`LambdaError::OtherCut`] if the realtime views begin at another cut.
    pub fn new(served: &ServedViews, since: ViewsSince<'a>, ends: Vec<u64>) -> Result<Self> {
        // Both layers must meet at one cut.
        let mut cut = served.cut();
        cut.resize(ends.len(), 0);
        if since.cut != cut {
            return Err(LambdaError::OtherCut {
                batch: served.batch(),
                batch_layer: cut,
                speed_layer: since.cut,
            });
        }

        // The realtime views may be behind the cut, because the master data set is filled from
        // the log, whatever they have applied. A partition has then been seen up to the cut.
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
            // Pinned, because a version that is published later has another cut.
            served: served.pinned(),
            cut,
            since,
            freshness,
        })
    }

    /// Returns for each partition the first offset that is not contained in the answers.
    pub fn seen(&self) -> Offsets {
        // The realtime views may be behind the cut, as in `new`.
        let partitions = self.cut.iter().zip(&self.since.offsets);
        partitions.map(|(cut, at)| *cut.max(at)).collect()
    }

    /// Returns how much of the log the answers contain.
    pub fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// Returns an answer with the freshness of this query.
    fn answer<T>(&self, value: T, serving: T, realtime: T) -> Answer<T> {
        Answer {
            value,
            serving,
            realtime,
            freshness: self.freshness,
        }
    }

    /// Returns the page views of a URL in the hours that begin in a range of epoch seconds.
    ///
    /// The URL is asked for in its [normal form](crate::datum::normalise_url): another spelling has
    /// no views.
    ///
    /// # Errors
    /// A view that cannot be read.
    pub fn page_views(&self, url: &str, secs: Range<i64>) -> Result<Answer<i64>> {
        Ok(self.page_views_explained(url, secs)?.0)
    }

    /// As [`page_views`](Self::page_views), with what was read of the serving views; `None` if
    /// they do not hold the URL.
    ///
    /// # Errors
    /// As [`page_views`](Self::page_views).
    pub fn page_views_explained(
        &self,
        url: &str,
        secs: Range<i64>,
    ) -> Result<(Answer<i64>, Option<Explained<()>>)> {
        let found = self.served.page_views(url, Span::of_hours_in(&secs))?;
        let serving = found.as_ref().map_or(0, |found| found.value);
        let realtime = self.since.page_views(url, &forward(&secs))?;
        let answer = self.answer(serving + realtime, serving, realtime);
        Ok((answer, found.map(|found| found.map(|_| ()))))
    }

    /// Returns the page views of a URL by hour, for the hours that begin in a range of epoch
    /// seconds. Hours without page views are left out.
    ///
    /// The URL is asked for in its [normal form](crate::datum::normalise_url): another spelling has
    /// no views.
    ///
    /// # Errors
    /// A view that cannot be read.
    pub fn page_views_by_hour(&self, url: &str, secs: Range<i64>) -> Result<BTreeMap<i64, i64>> {
        let mut all = self.since.page_views_by_hour(url, &forward(&secs))?;
        for (hour, count) in
            self.served
                .page_views_by_bucket(url, Granularity::Hour, forward(&secs))?
        {
            *all.entry(hour).or_default() += count;
        }
        Ok(all)
    }

    /// Returns the number of different persons who viewed a URL in the hours that begin in a range
    /// of epoch seconds.
    ///
    /// The URL is asked for in its [normal form](crate::datum::normalise_url): another spelling has
    /// no views.
    ///
    /// # Errors
    /// A view that cannot be read, or a batch run without the view of uniques.
    pub fn uniques(&self, url: &str, secs: Range<i64>) -> Result<Answer<i64>> {
        Ok(self.uniques_explained(url, secs)?.0)
    }

    /// As [`uniques`](Self::uniques), with what was read of the serving views; `None` if they do
    /// not hold the URL.
    ///
    /// # Errors
    /// As [`uniques`](Self::uniques).
    pub fn uniques_explained(
        &self,
        url: &str,
        secs: Range<i64>,
    ) -> Result<(Answer<i64>, Option<Explained<()>>)> {
        let realtime = self.since.uniques(url, &forward(&secs))?;
        let mut serving = Sketch::new(realtime.precision());
        let found = self.served.uniques(url, Span::of_hours_in(&secs))?;
        let reads = found.map(|found| found.map(|sketch| serving = sketch));
        let all = match realtime.uniques() {
            0 => serving.clone(),
            // Sketches of different precisions are merged at the lower one.
            _ => {
                let precision = realtime.precision().min(serving.precision());
                let mut all = serving.coarser(precision)?;
                all.merge(&realtime.coarser(precision)?)?;
                all
            }
        };
        let answer = self.answer(all.uniques(), serving.uniques(), realtime.uniques());
        Ok((answer, reads))
    }

    /// Returns the visits to a domain and the bounces among them, over all time. A visit that
    /// began before the cut and continues after it counts once. A cookie and a user id of one person
    /// are one if the realtime views join them: by the equivs before the cut, or not at all, as
    /// [`Options::resolution`](crate::Options::resolution) says. The next batch joins the others.
    ///
    /// # Errors
    /// A view that cannot be read, or a batch run without the views of bounces and visits.
    pub fn bounces(&self, domain: &str) -> Result<Answer<Bounces>> {
        let serving = self.served.bounces(domain)?.unwrap_or_default();
        let (mut value, mut realtime) = (serving, Bounces::default());
        for (person, recent) in self.since.visits(domain)? {
            add_visits(&mut realtime, &recent, 1);
            // The serving views have counted this person's visits before the cut. Subtract
            // those, join them with the visits after the cut, and add the result.
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

/// The same range, or an empty one if it runs backward.
fn forward(secs: &Range<i64>) -> Range<i64> {
    secs.start..secs.end.max(secs.start)
}

/// Adds the visits of a person `times` times. -1 subtracts them.
fn add_visits(all: &mut Bounces, stretches: &[Stretch], times: i64) {
    all.visits += times * stretches.len() as i64;
    all.bounces += times * stretches.iter().filter(|visit| !visit.many).count() as i64;
}

//! The realtime views since the cut of a batch, as a query reads them: with
//! [`Alternating`](super::Alternating) those of one generation, with
//! [`ByCut`](super::ByCut) those of one or more.
use super::error::{Result, SpeedError};
use super::resolution::IdentityResolution;
use super::view_reader::ViewReader;
use super::views::Offsets;
use crate::batch::bounces::{Stretch, join};
use crate::batch::sketch::{Precision, Sketch};
use std::collections::BTreeMap;
use std::ops::Range;

/// A reader of the views of the events since a cut, from one snapshot.
///
/// Its methods return an error if the store cannot be read or a value is damaged.
pub struct ViewsSince<'a> {
    reader: ViewReader<'a>,
    /// The generations since the cut, the oldest first.
    generations: Vec<u64>,
    /// The generations whose persons and visits are those of the events since the cut.
    of_persons: Vec<u64>,
    precision: Precision,
    /// The batch at whose cut the views begin.
    pub batch: u64,
    /// The cut: the first offset of each partition that is in the views.
    pub cut: Offsets,
    /// The next offset of each partition to be applied.
    pub offsets: Offsets,
}

impl<'a> ViewsSince<'a> {
    /// Creates the reader of the views since a batch's cut.
    ///
    /// # Errors
    /// If no generation begins at this cut.
    pub(super) fn of(reader: ViewReader<'a>, batch: u64, precision: Precision) -> Result<Self> {
        let mut generations = reader.begun()?;
        let Some((cut, resolution)) = generations.get(&batch).cloned() else {
            let realtime: Vec<u64> = generations.into_keys().collect();
            return Err(missing(batch, realtime));
        };
        let generations: Vec<u64> = generations.split_off(&batch).into_keys().collect();
        Ok(Self {
            offsets: reader.offsets(cut.len())?,
            of_persons: match resolution {
                // Those of a later generation are in it, under its own names.
                IdentityResolution::AtCut => vec![batch],
                IdentityResolution::None => generations.clone(),
            },
            generations,
            reader,
            precision,
            batch,
            cut,
        })
    }

    /// Returns the page views of a URL in the hours that begin (epoch seconds) in a range.
    pub fn page_views(&self, url: &str, hours: &Range<i64>) -> Result<i64> {
        Ok(self.page_views_by_hour(url, hours)?.values().sum())
    }

    /// Returns the page views of a URL by hour, for the hours that begin (epoch seconds) in a
    /// range. Hours without a page view are left out.
    pub fn page_views_by_hour(&self, url: &str, hours: &Range<i64>) -> Result<BTreeMap<i64, i64>> {
        let mut all = BTreeMap::new();
        for &generation in &self.generations {
            for (hour, count) in self
                .reader
                .page_views_by_hour(generation, url, hours.clone())?
            {
                *all.entry(hour).or_default() += count;
            }
        }
        Ok(all)
    }

    /// Returns the sketch of the visitors of a URL, over the hours that begin (epoch seconds)
    /// in a range.
    pub fn uniques(&self, url: &str, hours: &Range<i64>) -> Result<Sketch> {
        let mut all = Sketch::new(self.precision);
        for &generation in &self.of_persons {
            all.merge(&self.reader.uniques(generation, url, hours.clone())?)?;
        }
        Ok(all)
    }

    /// Returns the visits to a domain by the person's key
    /// ([`Who::key`](super::event::Who::key)), in the order of time.
    pub fn visits(&self, domain: &str) -> Result<BTreeMap<Vec<u8>, Vec<Stretch>>> {
        let mut all: BTreeMap<Vec<u8>, Vec<Stretch>> = BTreeMap::new();
        for &generation in &self.of_persons {
            for (person, visits) in self.reader.visits(generation, domain)? {
                all.entry(person).or_default().extend(visits);
            }
        }
        all.values_mut().for_each(join);
        Ok(all)
    }
}

/// Returns the error for views that do not begin at the cut of the batch `served`; `realtime`
/// are the batches at whose cuts they begin.
pub(super) fn missing(served: u64, realtime: Vec<u64>) -> SpeedError {
    match realtime.iter().min() {
        Some(&first) if first > served => SpeedError::MissingBatch {
            served,
            missing: (served + 1..=first).collect(),
            realtime,
        },
        _ => SpeedError::UnknownBatch { served, realtime },
    }
}

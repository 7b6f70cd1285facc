//! Write-side: convert first, keep sketches.
//!
//! Each identifier becomes its PersonID before anything is stored, and the view
//! holds a sketch for each URL and bucket. A query merges few small sketches. It
//! is off by the sketch's error, and it knows only the equivs that were known
//! when it was written: a later one is in no sketch until the batch layer writes
//! the view anew.
//!
//! Source: Marz and Warren, "Big Data", section 10.7.3.

use super::PersonIndex;
use super::read_side::Answer;
use crate::batch::sketch::{Gather, Precision, SketchError, person_hash};
use crate::datum::PersonId;
use calendar::{Granularity, Plan};
use std::collections::{BTreeMap, HashMap};

/// URL, granularity and bucket to a sketch. See the top of this file.
#[derive(Clone, Debug)]
pub struct WriteSide {
    precision: Precision,
    hours: BTreeMap<(String, i64), Gather>,
}

impl Default for WriteSide {
    fn default() -> Self {
        WriteSide::new(Precision::DEFAULT)
    }
}

/// [`WriteSide`] at all granularities, written for good.
#[derive(Clone, Debug)]
pub struct Written {
    precision: Precision,
    urls: HashMap<String, BTreeMap<(Granularity, i64), Vec<u8>>>,
}

impl WriteSide {
    pub fn new(precision: Precision) -> Self {
        WriteSide {
            precision,
            hours: BTreeMap::new(),
        }
    }

    /// Takes a page view; `ts` in epoch seconds, UTC. The person is what the
    /// index says now.
    pub fn add(&mut self, url: &str, ts: i64, id: &PersonId, index: &PersonIndex) {
        let key = (url.to_owned(), Granularity::Hour.bucket(ts));
        let precision = self.precision;
        let gather = self
            .hours
            .entry(key)
            .or_insert_with(|| Gather::new(precision));
        gather.add(person_hash(index.person(id)));
    }

    /// Writes the view: hours, and what they merge to.
    pub fn write(&self) -> Result<Written, SketchError> {
        let mut buckets: BTreeMap<(&str, Granularity, i64), Gather> = BTreeMap::new();
        for ((url, hour), gather) in &self.hours {
            for granularity in Granularity::ALL {
                let key = (&**url, granularity, granularity.bucket(*hour));
                let merged = buckets
                    .entry(key)
                    .or_insert_with(|| Gather::new(self.precision));
                merged.merge(gather)?;
            }
        }
        let mut urls: HashMap<String, BTreeMap<_, _>> = HashMap::new();
        for ((url, granularity, ts), gather) in buckets {
            let rows = urls.entry(url.to_owned()).or_default();
            rows.insert((granularity, ts), gather.finish());
        }
        Ok(Written {
            precision: self.precision,
            urls,
        })
    }
}

impl Written {
    /// The uniques of a URL in the range of a plan. An unknown URL has none.
    ///
    /// Time: linear in the reads, however many persons they stand for.
    ///
    /// # Errors
    /// A plan that takes something away, which sketches cannot.
    pub fn query(&self, url: &str, plan: &Plan) -> Result<Answer, SketchError> {
        if !plan.is_additive() {
            return Err(SketchError::Minus);
        }
        let (mut reads, mut bytes) = (0, 0);
        let mut merged = Gather::new(self.precision);
        for read in plan.reads() {
            let rows = self.urls.get(url);
            let sketch = rows.and_then(|rows| rows.get(&(read.granularity, read.ts)));
            if let Some(sketch) = sketch {
                reads += 1;
                bytes += sketch.len();
                merged.merge(&Gather::from_bytes(sketch)?)?;
            }
        }
        Ok(Answer {
            uniques: merged.sketch().uniques(),
            reads,
            bytes,
            converted: 0,
        })
    }

    /// Bytes of all values.
    pub fn bytes(&self) -> usize {
        let sketches = self.urls.values().flat_map(BTreeMap::values);
        sketches.map(Vec::len).sum()
    }
}

//! The write side: convert identifiers first, and store sketches.
//!
//! Each identifier is replaced by its PersonID before anything is stored, and the view holds
//! a sketch for each URL and bucket. A query merges a few small sketches. Its answer has the
//! error of a sketch, and takes account only of the equivs that were known when the view was
//! written. A later equiv has no effect until the batch layer computes the view again.
//!
//! Source: Marz and Warren, "Big Data", section 10.7.3.

use super::PersonIndex;
use super::read_side::ReadSideAnswer;
use crate::batch::sketch::{Precision, Sketch, SketchError, person_hash, union_of_bytes};
use crate::datum::PersonId;
use calendar::{Granularity, Plan};
use std::collections::{BTreeMap, HashMap};

/// Sketches by URL and hour, to which page views can be added; see the [module](self).
#[derive(Clone, Debug)]
pub struct WriteSide {
    precision: Precision,
    hours: BTreeMap<(String, i64), Sketch>,
}

impl Default for WriteSide {
    fn default() -> Self {
        WriteSide::new(Precision::DEFAULT)
    }
}

/// The finished view: sketches of all granularities as bytes, which no longer change. It is
/// made by [`WriteSide::write`].
#[derive(Clone, Debug)]
pub struct WriteSideView {
    precision: Precision,
    urls: HashMap<String, BTreeMap<(Granularity, i64), Vec<u8>>>,
}

impl WriteSide {
    /// Creates an empty view with sketches of this precision.
    pub fn new(precision: Precision) -> Self {
        WriteSide {
            precision,
            hours: BTreeMap::new(),
        }
    }

    /// Adds a page view at `ts`, in epoch seconds, UTC. The identifier is converted with `index`
    /// at once.
    pub fn add(&mut self, url: &str, ts: i64, id: &PersonId, index: &PersonIndex) {
        let key = (url.to_owned(), Granularity::Hour.bucket(ts));
        let precision = self.precision;
        let persons = self
            .hours
            .entry(key)
            .or_insert_with(|| Sketch::new(precision));
        persons.add_hash(person_hash(index.person(id)));
    }

    /// Writes the view: the sketches of the hours, and those of days, weeks and months, which
    /// are merged from them.
    ///
    /// # Errors
    /// None in practice: all sketches have one precision.
    pub fn write(&self) -> Result<WriteSideView, SketchError> {
        let mut buckets: BTreeMap<(&str, Granularity, i64), Sketch> = BTreeMap::new();
        for ((url, hour), persons) in &self.hours {
            for granularity in Granularity::ALL {
                let key = (&**url, granularity, granularity.bucket(*hour));
                let merged = buckets
                    .entry(key)
                    .or_insert_with(|| Sketch::new(self.precision));
                merged.merge(persons)?;
            }
        }
        let mut urls: HashMap<String, BTreeMap<_, _>> = HashMap::new();
        for ((url, granularity, ts), persons) in buckets {
            let rows = urls.entry(url.to_owned()).or_default();
            rows.insert((granularity, ts), persons.to_bytes());
        }
        Ok(WriteSideView {
            precision: self.precision,
            urls,
        })
    }
}

impl WriteSideView {
    /// Returns the uniques of a URL in the range of a plan: 0 for a URL that the view does not
    /// hold.
    ///
    /// Time: linear in the reads of the plan, however many persons the sketches contain.
    ///
    /// # Errors
    /// A plan with subtraction, because sketches cannot be subtracted.
    pub fn query(&self, url: &str, plan: &Plan) -> Result<ReadSideAnswer, SketchError> {
        if !plan.is_additive() {
            return Err(SketchError::Subtraction);
        }
        let (mut reads, mut bytes) = (0, 0);
        // An empty sketch first, so that the union of none has the precision of the view.
        let none = Sketch::new(self.precision).to_bytes();
        let mut sketches = vec![&none[..]];
        for read in plan.reads() {
            let rows = self.urls.get(url);
            let sketch = rows.and_then(|rows| rows.get(&(read.granularity, read.ts)));
            if let Some(sketch) = sketch {
                reads += 1;
                bytes += sketch.len();
                sketches.push(sketch);
            }
        }
        Ok(ReadSideAnswer {
            uniques: union_of_bytes(sketches)?.uniques(),
            reads,
            bytes,
            converted: 0,
        })
    }

    /// Returns the size in bytes of all values.
    pub fn bytes(&self) -> usize {
        let sketches = self.urls.values().flat_map(BTreeMap::values);
        sketches.map(Vec::len).sum()
    }
}

//! Reads the realtime views from one snapshot of their store.
use super::delta::Delta;
use super::error::{Result, SpeedError};
use super::resolution::IdentityResolution;
use super::store::{Column, Family, Mutation, Place, Reader, from_sortable, sortable};
use super::views::{COUNT, Offsets, PERSONS, RESOLVED, VISITS};
use crate::batch::bounces::{Stretch, from_bytes, join, to_bytes};
use crate::batch::sketch::{Precision, Sketch, union_of_bytes};
use std::collections::BTreeMap;
use std::ops::Range;

/// A reader of the realtime views. All its answers come from one snapshot, so an update
/// that is applied later is not seen.
pub struct ViewReader<'a> {
    /// The store's snapshot.
    pub(super) inner: Box<dyn Reader + 'a>,
    /// The precision of the sketches.
    pub(super) precision: Precision,
}

/// Returns the error for a cell of the view `view` that cannot be decoded.
fn damaged(view: &str) -> SpeedError {
    SpeedError::Damaged {
        what: "a key or value has an unexpected length",
        place: format!("the realtime view {view}"),
    }
}

/// The longest name of a URL or domain that is a row as it is, in bytes. HBase takes rows of up to
/// 32,767 bytes.
const LONGEST_NAME: usize = 30_000;

/// Returns the row of a URL or domain. The generation comes first, so the rows of a
/// generation are one range. A name that is too long is cut and gets its hash, behind a byte that
/// no text contains.
fn row_of(generation: u64, name: &str) -> Vec<u8> {
    let (generation, name) = (generation.to_be_bytes(), name.as_bytes());
    match name.get(..LONGEST_NAME) {
        Some(begin) if begin.len() < name.len() => {
            let hash = xxhash_rust::xxh3::xxh3_128(name).to_be_bytes();
            [&generation[..], begin, &[0xff], &hash].concat()
        }
        _ => [&generation[..], name].concat(),
    }
}

/// Decodes a number; `None` unless there are exactly eight bytes.
pub(super) fn number(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

impl ViewReader<'_> {
    /// Returns the next offset to apply of each of the first `partitions` partitions; 0 for
    /// one of which nothing was applied yet.
    ///
    /// # Errors
    /// If the store cannot be read, or a value is damaged.
    pub fn offsets(&self, partitions: usize) -> Result<Offsets> {
        let partition = |p: usize| {
            let cell = self
                .inner
                .get(b"offset", "meta", &(p as u32).to_be_bytes())?;
            Ok(match cell {
                Some(cell) => number(&cell.value).ok_or_else(|| damaged("offset"))?,
                None => 0,
            })
        };
        (0..partitions).map(partition).collect()
    }

    /// Returns the generations that are kept, each with the offsets at which it begins, one
    /// for each partition.
    ///
    /// # Errors
    /// If the store cannot be read, or a value is damaged.
    pub fn generations(&self) -> Result<BTreeMap<u64, Offsets>> {
        let all = self.begun()?.into_iter();
        Ok(all.map(|(generation, (at, _))| (generation, at)).collect())
    }

    /// Returns the generations that are kept, each with the offsets at which it begins and how it
    /// names persons.
    ///
    /// # Errors
    /// If the store cannot be read, or a value is damaged.
    pub(super) fn begun(&self) -> Result<BTreeMap<u64, (Offsets, IdentityResolution)>> {
        let cells = self
            .inner
            .row(b"generation", "meta", b"".as_slice()..&[0xff; 9])?;
        let read = |(qualifier, cell): Column| {
            let generation = number(&qualifier)?;
            let (offsets, rest) = cell.value.as_chunks();
            let resolution = match rest {
                [] => IdentityResolution::None,
                [RESOLVED] => IdentityResolution::AtCut,
                _ => return None,
            };
            let offsets = offsets.iter().map(|offset| u64::from_be_bytes(*offset));
            Some((generation, (offsets.collect(), resolution)))
        };
        let all: Option<BTreeMap<_, _>> = cells.into_iter().map(read).collect();
        all.ok_or_else(|| damaged("generation"))
    }

    /// Returns the records that could not be read, each as (partition, offset, reason), in
    /// the order of partitions and offsets. Records of expired generations are included.
    ///
    /// # Errors
    /// If the store cannot be read, or a key is damaged.
    pub fn rejected(&self) -> Result<Vec<(u32, u64, String)>> {
        let cells = self
            .inner
            .row(b"rejected", "meta", b"".as_slice()..&[0xff; 13])?;
        let read = |(position, cell): Column| {
            let (partition, offset) = position.split_first_chunk()?;
            let reason = String::from_utf8_lossy(&cell.value).into_owned();
            Some((u32::from_be_bytes(*partition), number(offset)?, reason))
        };
        let all: Option<Vec<_>> = cells.into_iter().map(read).collect();
        all.ok_or_else(|| damaged("rejected"))
    }

    /// Returns the page views of a URL by hour, as (hour, count) in the order of time. An
    /// hour is given by the epoch second at which it begins, which must lie in `hours`.
    /// Hours without a page view are left out.
    ///
    /// # Errors
    /// If the store cannot be read, or a value is damaged.
    pub fn page_views_by_hour(
        &self,
        generation: u64,
        url: &str,
        hours: Range<i64>,
    ) -> Result<Vec<(i64, i64)>> {
        let read = |(hour, bytes): (i64, Vec<u8>)| {
            let count = bytes.try_into().map(i64::from_be_bytes);
            Ok((hour, count.map_err(|_| damaged("count"))?))
        };
        self.by_hour(&COUNT, generation, url, hours)?
            .into_iter()
            .map(read)
            .collect()
    }

    /// Returns the sketch of the visitors of a URL, over all hours that begin (epoch seconds)
    /// in `hours`. It is empty if there was no page view.
    ///
    /// # Errors
    /// If the store cannot be read, or a sketch is damaged or has another precision.
    pub fn uniques(&self, generation: u64, url: &str, hours: Range<i64>) -> Result<Sketch> {
        let sketches = self.by_hour(&PERSONS, generation, url, hours)?;
        // An empty sketch first, so that the union of none has the precision of the view.
        let none = Sketch::new(self.precision).to_bytes();
        let all = std::iter::once(&none[..]).chain(sketches.iter().map(|(_, bytes)| &bytes[..]));
        Ok(union_of_bytes(all)?)
    }

    /// Returns the cells of a URL in one family, as (hour, value) in the order of time.
    fn by_hour(
        &self,
        family: &Family,
        generation: u64,
        url: &str,
        hours: Range<i64>,
    ) -> Result<Vec<(i64, Vec<u8>)>> {
        let (from, to) = (sortable(hours.start), sortable(hours.end));
        let cells = self
            .inner
            .row(&row_of(generation, url), family.name, &from..&to)?;
        let read = |(key, cell): Column| {
            Ok((
                from_sortable(&key).ok_or_else(|| damaged("hour"))?,
                cell.value,
            ))
        };
        cells.into_iter().map(read).collect()
    }

    /// Returns the visits to a domain, as (key of the person, visits in the order of time).
    /// [`person_of_key`](super::event::person_of_key) turns a key into a person.
    ///
    /// # Errors
    /// If the store cannot be read, or a value is damaged.
    pub fn visits(&self, generation: u64, domain: &str) -> Result<Vec<(Vec<u8>, Vec<Stretch>)>> {
        let row = row_of(generation, domain);
        let cells = self.inner.row(&row, VISITS.name, b"".as_slice()..&[0xff])?;
        let read = |(person, cell): Column| Ok((person, stretches(&cell.value)?));
        cells.into_iter().map(read).collect()
    }

    /// Returns the rows that a delta changes; some of them several times.
    pub(super) fn rows_of(generation: u64, delta: &Delta) -> impl Iterator<Item = Vec<u8>> {
        let urls = delta.hours().map(|(url, _, _)| url);
        let domains = delta.visits().map(|(domain, _, _)| domain);
        urls.chain(domains)
            .map(move |name| row_of(generation, name))
    }

    /// Pushes the mutations that add a delta to the values of the snapshot, for the rows that
    /// `wanted` returns true for. They contain sums, not increments, so they are valid only until
    /// another update is applied. The cost is one or two random reads for each row of the delta,
    /// of which many are done together.
    ///
    /// # Errors
    /// If the store cannot be read, or a value is damaged.
    pub(super) fn add(
        &self,
        generation: u64,
        delta: &Delta,
        wanted: &dyn Fn(&[u8]) -> bool,
        mutations: &mut Vec<Mutation>,
    ) -> Result<()> {
        // Page views and sketches, by URL and hour.
        let hours = delta
            .hours()
            .map(|(url, ts, hour)| (row_of(generation, url), ts, hour));
        let hours: Vec<_> = hours.filter(|(row, _, _)| wanted(row)).collect();
        for some in hours.chunks(TOGETHER) {
            let keys: Vec<[u8; 8]> = some.iter().map(|(_, ts, _)| sortable(*ts)).collect();
            let places = some.iter().zip(&keys).flat_map(|((row, _, _), key)| {
                [COUNT.name, PERSONS.name].map(|family| (&row[..], family, &key[..]))
            });
            let places: Vec<Place<'_>> = places.collect();
            let before = self.inner.get_all(&places)?;
            for (((row, _, hour), key), before) in some.iter().zip(keys).zip(before.chunks(2)) {
                let [count, persons] = before else {
                    return Err(damaged("count"));
                };
                let before = match count {
                    Some(cell) => cell.value[..].try_into().map(i64::from_be_bytes),
                    None => Ok(0),
                };
                let count = before.map_err(|_| damaged("count"))? + hour.count;
                let persons = match persons {
                    Some(cell) => {
                        let mut all = Sketch::from_bytes(&cell.value)?;
                        all.merge(&hour.persons)?;
                        all.to_bytes()
                    }
                    None => hour.persons.to_bytes(),
                };
                let mut mutation = Mutation::of(row.clone()).put(PERSONS.name, key, 0, persons);
                // An event after the next cut adds a visitor here and no page view.
                if hour.count > 0 {
                    mutation = mutation.put(COUNT.name, key, 0, count.to_be_bytes());
                }
                mutations.push(mutation);
            }
        }
        // Visits, by domain and person. A new stretch may continue a stored one.
        let visits = delta
            .visits()
            .map(|(domain, who, visits)| (row_of(generation, domain), who.key(), visits));
        let mut visits: Vec<_> = visits.filter(|(row, _, _)| wanted(row)).collect();
        for some in visits.chunks_mut(TOGETHER) {
            let places = some
                .iter()
                .map(|(row, key, _)| (&row[..], VISITS.name, &key[..]));
            let places: Vec<Place<'_>> = places.collect();
            let before = self.inner.get_all(&places)?;
            for ((row, key, visits), before) in some.iter_mut().zip(before) {
                if let Some(cell) = before {
                    visits.extend(stretches(&cell.value)?);
                    join(visits);
                }
                let (row, key) = (std::mem::take(row), std::mem::take(key));
                mutations.push(Mutation::of(row).put(VISITS.name, key, 0, to_bytes(visits)));
            }
        }
        Ok(())
    }
}

/// Rows whose values are read together.
const TOGETHER: usize = 2_000;

/// Decodes the stretches of one person's visits.
fn stretches(bytes: &[u8]) -> Result<Vec<Stretch>> {
    from_bytes(bytes).ok_or_else(|| damaged("visits"))
}

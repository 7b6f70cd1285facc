//! Reads of the realtime views, all of one moment.
use super::delta::Delta;
use super::error::{Result, SpeedError};
use super::store::{Column, Family, Mutation, Reader, time_key, time_of};
use super::views::{COUNT, Offsets, PERSONS, VISITS};
use crate::batch::bounces::{Stretch, from_bytes, join, to_bytes};
use crate::batch::sketch::{Gather, Precision, Sketch};
use std::collections::BTreeMap;
use std::ops::Range;

/// The views at one moment.
pub struct ViewReader<'a> {
    pub(super) inner: Box<dyn Reader + 'a>,
    pub(super) precision: Precision,
}

fn damaged(place: &str) -> SpeedError {
    SpeedError::Damaged {
        what: "a value of another length than was written",
        place: format!("the realtime view {place}"),
    }
}

fn row_of(generation: u64, name: &str) -> Vec<u8> {
    [&generation.to_be_bytes()[..], name.as_bytes()].concat()
}

fn number(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

impl ViewReader<'_> {
    /// Where the partitions stand; 0 where nothing was read.
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

    /// The generations that are kept, with the offsets at which they begin.
    pub fn generations(&self) -> Result<BTreeMap<u64, Offsets>> {
        let cells = self
            .inner
            .row(b"generation", "meta", b"".as_slice()..&[0xff; 9])?;
        let read = |(qualifier, cell): Column| {
            let generation = number(&qualifier)?;
            let offsets: Option<Offsets> = cell.value.chunks(8).map(number).collect();
            Some((generation, offsets?))
        };
        let all: Option<BTreeMap<_, _>> = cells.into_iter().map(read).collect();
        all.ok_or_else(|| damaged("generation"))
    }

    /// Partition, offset and reason of what could not be read.
    pub fn rejected(&self) -> Result<Vec<(u32, u64, String)>> {
        let cells = self
            .inner
            .row(b"rejected", "meta", b"".as_slice()..&[0xff; 13])?;
        let read = |(place, cell): Column| {
            let (partition, offset) = place.split_first_chunk()?;
            let reason = String::from_utf8_lossy(&cell.value).into_owned();
            Some((u32::from_be_bytes(*partition), number(offset)?, reason))
        };
        let all: Option<Vec<_>> = cells.into_iter().map(read).collect();
        all.ok_or_else(|| damaged("rejected"))
    }

    /// Page views of a URL in hours that begin in a range, by hour.
    pub fn counts(&self, generation: u64, url: &str, hours: Range<i64>) -> Result<Vec<(i64, i64)>> {
        let read = |(hour, bytes): (i64, Vec<u8>)| {
            let count = bytes.try_into().map(i64::from_be_bytes);
            Ok((hour, count.map_err(|_| damaged("count"))?))
        };
        self.by_hour(&COUNT, generation, url, hours)?
            .into_iter()
            .map(read)
            .collect()
    }

    /// Who came to a URL in hours that begin in a range.
    pub fn persons(&self, generation: u64, url: &str, hours: Range<i64>) -> Result<Sketch> {
        let mut all = Gather::new(self.precision);
        for (_, bytes) in self.by_hour(&PERSONS, generation, url, hours)? {
            all.merge(&Gather::from_bytes(&bytes)?)?;
        }
        Ok(all.sketch())
    }

    fn by_hour(
        &self,
        family: &Family,
        generation: u64,
        url: &str,
        hours: Range<i64>,
    ) -> Result<Vec<(i64, Vec<u8>)>> {
        let (from, to) = (time_key(hours.start), time_key(hours.end));
        let cells = self
            .inner
            .row(&row_of(generation, url), family.name, &from..&to)?;
        let read =
            |(key, cell): Column| Ok((time_of(&key).ok_or_else(|| damaged("hour"))?, cell.value));
        cells.into_iter().map(read).collect()
    }

    /// The visits to a domain: each person's key, with stretches in order.
    pub fn visits(&self, generation: u64, domain: &str) -> Result<Vec<(Vec<u8>, Vec<Stretch>)>> {
        let row = row_of(generation, domain);
        let cells = self.inner.row(&row, VISITS.name, b"".as_slice()..&[0xff])?;
        let read = |(person, cell): Column| Ok((person, stretches(&cell.value)?));
        cells.into_iter().map(read).collect()
    }

    /// The mutations that add a delta to what is there.
    pub(super) fn add(
        &self,
        generation: u64,
        delta: &Delta,
        mutations: &mut Vec<Mutation>,
    ) -> Result<()> {
        for (url, ts, hour) in delta.hours() {
            let (row, key) = (row_of(generation, url), time_key(ts));
            let before = match self.inner.get(&row, COUNT.name, &key)? {
                Some(cell) => cell.value.try_into().map(i64::from_be_bytes),
                None => Ok(0),
            };
            let count = before.map_err(|_| damaged("count"))? + hour.count;
            let persons = match self.inner.get(&row, PERSONS.name, &key)? {
                Some(cell) => {
                    let mut all = Gather::from_bytes(&cell.value)?;
                    all.merge(&hour.persons)?;
                    all.finish()
                }
                None => hour.persons.clone().finish(),
            };
            let mutation = Mutation::of(row)
                .put(COUNT.name, key, 0, count.to_be_bytes())
                .put(PERSONS.name, key, 0, persons);
            mutations.push(mutation);
        }
        for (domain, who, mut visits) in delta.visits() {
            let (row, key) = (row_of(generation, domain), who.key());
            if let Some(cell) = self.inner.get(&row, VISITS.name, &key)? {
                visits.extend(stretches(&cell.value)?);
                join(&mut visits);
            }
            mutations.push(Mutation::of(row).put(VISITS.name, key, 0, to_bytes(&visits)));
        }
        Ok(())
    }
}

/// Reads the stretches of a visitor.
fn stretches(bytes: &[u8]) -> Result<Vec<Stretch>> {
    from_bytes(bytes).ok_or_else(|| damaged("visits"))
}

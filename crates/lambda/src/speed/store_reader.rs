//! Reads of the realtime store, all of one moment.
use super::cell_key::{cell, damaged, escaped, key_of, split};
use super::embedded_store::{EmbeddedStore, expired};
use super::error::{Result, at};
use super::store::{Cell, Column, Family, Reader};
use fjall::{Keyspace, Readable, Snapshot};
use std::ops::Range;

/// A state of the store.
pub(super) struct At<'a> {
    pub(super) store: &'a EmbeddedStore,
    pub(super) snapshot: Snapshot,
    pub(super) now: i64,
}

impl At<'_> {
    /// Cells whose keys lie in a range, newest versions only.
    fn cells(
        &self,
        (family, keyspace): &(Family, Keyspace),
        range: Range<Vec<u8>>,
    ) -> Result<Vec<(Vec<u8>, Column)>> {
        let mut found: Vec<(Vec<u8>, Column)> = Vec::new();
        for entry in self.snapshot.range(keyspace, range) {
            let (key, bytes) = entry
                .into_inner()
                .map_err(at("reading", self.store.path()))?;
            let (row, mut qualifier) = split(&key).ok_or_else(damaged)?;
            if family.versions > 1 {
                let end = qualifier.len().checked_sub(8).ok_or_else(damaged)?;
                qualifier = &qualifier[..end];
                // Older versions follow the newest.
                if found
                    .last()
                    .is_some_and(|(r, (q, _))| *r == row && q == qualifier)
                {
                    continue;
                }
            }
            let cell = cell(&bytes)?;
            if !expired(family, cell.timestamp, self.now) {
                found.push((row, (qualifier.to_vec(), cell)));
            }
        }
        Ok(found)
    }
}

impl Reader for At<'_> {
    fn get(&self, row: &[u8], family: &str, qualifier: &[u8]) -> Result<Option<Cell>> {
        let (options, keyspace) = self.store.family(family)?;
        if options.versions > 1 {
            return Ok(self.versions(row, family, qualifier)?.into_iter().next());
        }
        let found = self.snapshot.get(keyspace, key_of(row, qualifier));
        let found = found.map_err(at("reading", self.store.path()))?;
        let found = found.map(|bytes| cell(&bytes)).transpose()?;
        Ok(found.filter(|cell| !expired(options, cell.timestamp, self.now)))
    }

    fn versions(&self, row: &[u8], family: &str, qualifier: &[u8]) -> Result<Vec<Cell>> {
        let (options, keyspace) = self.store.family(family)?;
        let prefix = key_of(row, qualifier);
        let length = prefix.len() + if options.versions > 1 { 8 } else { 0 };
        let mut cells = Vec::new();
        for entry in self.snapshot.prefix(keyspace, prefix) {
            let (key, bytes) = entry
                .into_inner()
                .map_err(at("reading", self.store.path()))?;
            // A longer key is a longer qualifier's.
            if key.len() == length && cells.len() < options.versions as usize {
                cells.push(cell(&bytes)?);
            }
        }
        cells.retain(|cell| !expired(options, cell.timestamp, self.now));
        Ok(cells)
    }

    fn row(&self, row: &[u8], family: &str, qualifiers: Range<&[u8]>) -> Result<Vec<Column>> {
        let range = key_of(row, qualifiers.start)..key_of(row, qualifiers.end);
        let cells = self.cells(self.store.family(family)?, range)?;
        Ok(cells.into_iter().map(|(_, column)| column).collect())
    }

    fn scan(&self, prefix: &[u8], family: &str) -> Result<Vec<(Vec<u8>, Column)>> {
        let start = escaped(prefix);
        let mut end = start.clone();
        // The first key that does not begin like this.
        while end.last() == Some(&0xff) {
            end.pop();
        }
        match end.last_mut() {
            Some(last) => *last += 1,
            None => end = vec![0xff; 64],
        }
        self.cells(self.store.family(family)?, start..end)
    }
}

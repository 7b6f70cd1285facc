//! Reads the realtime store from one snapshot.
use super::cell_key::{cell, damaged, escaped, key_of, split};
use super::embedded_store::{EmbeddedStore, expired};
use super::error::{Result, at};
use super::store::{Cell, Column, Family, Reader};
use fjall::{Keyspace, Readable, Snapshot};
use std::ops::Range;

/// A reader of one snapshot of the store.
pub(super) struct SnapshotReader<'a> {
    /// The store, for its column families.
    pub(super) store: &'a EmbeddedStore,
    /// The engine's snapshot.
    pub(super) snapshot: Snapshot,
    /// The time at which the snapshot was taken, in epoch milliseconds: cells whose TTL ended
    /// before it are not returned.
    pub(super) now: i64,
}

impl SnapshotReader<'_> {
    /// Returns the cells whose keys are in a range, each as (row, (qualifier, cell)), in the
    /// order of the keys. Of a cell with several versions only the newest is returned.
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
                // The key ends in the timestamp. The newest version comes first, so a version
                // is skipped if one of the same cell was returned just before.
                let end = qualifier.len().checked_sub(8).ok_or_else(damaged)?;
                qualifier = &qualifier[..end];
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

impl Reader for SnapshotReader<'_> {
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
            // The prefix also matches cells whose qualifier is longer; their keys are longer.
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
        // The range ends before the first key that does not begin with the prefix: add one to
        // the last byte that is not 0xff, and drop what follows it.
        let mut end = start.clone();
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

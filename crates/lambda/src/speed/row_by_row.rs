//! Updates in a store where only a row is atomic, each counted exactly once.
//!
//! An update changes thousands of rows and then the offsets. A crash can leave any of these rows
//! changed and the others not, and two updaters can work at the same update. So every row says
//! which updates it contains, in a cell `applied`, and every change of a row is
//! [conditional](super::store::Conditional) on that cell.
//!
//! ```text
//! row offset    meta:intent     number of the update, from, to
//!               meta:<p>        offset of partition p
//! any row       meta:applied    number of the last update that the row contains
//!
//!  1 intent     put intent                      if the intent is the one that was read
//!  2 rows       put values, applied = number    if applied is the one that was read,
//!               of each row                     for each row with applied < number
//!  3 offsets    put offsets = to                if the intent is this one
//! ```
//!
//! | crash | what is stored | what happens next |
//! |---|---|---|
//! | before 1 | the offsets `from`, an older intent | the records are read again, perhaps with others |
//! | after 1, within 2 | the offsets `from`, the intent; some rows with `applied = number` | the intent is *pending*: the updater reads exactly the records from `from` to `to` again, and changes the rows that lack the number |
//! | after 2 | the same, and all rows have the number | the same, and no row is changed |
//! | after 3 | the offsets `to` | the next update |
//!
//! Guarantees:
//!
//! 1. **Exactly once**: a row is changed by each update at most once, because its change and the
//!    number are one mutation; and at least once, because the offsets move only after all rows.
//!    It needs that the same records give the same update: the dedupe window is rebuilt from the
//!    log, and a generation begins at or after all records that were read before it.
//! 2. Updates are a chain: each begins where the one before it ends, because an intent replaces
//!    only the one that its writer has read. So a larger number is a later update, and a row with
//!    it contains all earlier ones.
//! 3. Two updaters do not double. Both may work at one update, and each row takes it from one of
//!    them. An updater that falls behind finds larger numbers, changes nothing, and continues from
//!    the stored offsets.
//! 4. A write whose acknowledgement was lost does no harm, also if a client of the store has tried
//!    it twice and says that the condition was false: what is stored is read again.
//!
//! What is not given: a reader can see some rows with an update and others without, until the
//! offsets move. Each row is whole. An updater that falls behind by a whole batch run can write a
//! row of a generation that has expired; no reader reads it, and it stays.
use super::error::{Result, SpeedError};
use super::store::{Conditional, Mutation, Place, by_row};
use super::view_reader::{self, ViewReader};
use super::views::{META, Offsets, RealtimeViews, Update, offsets_row, rejected_row};
use std::collections::BTreeMap;

/// The row of the offsets.
const OFFSET: &[u8] = b"offset";
/// The cell of the intent, in the row of the offsets.
const INTENT: &[u8] = b"intent";
/// The cell of the last update that a row contains.
const APPLIED: &[u8] = b"applied";

/// What an updater is about to do, or has done.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Intent {
    /// The number of the update, from 1.
    number: u64,
    from: Offsets,
    to: Offsets,
}

impl Intent {
    fn bytes(&self) -> Vec<u8> {
        let offsets = self.from.iter().zip(&self.to);
        let offsets = offsets.flat_map(|(from, to)| [*from, *to]);
        let all = [self.number].into_iter().chain(offsets);
        all.flat_map(u64::to_be_bytes).collect()
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        let numbers: Option<Vec<u64>> = bytes.chunks(8).map(view_reader::number).collect();
        let numbers = numbers?;
        let (number, offsets) = numbers.split_first()?;
        let pairs = offsets.chunks(2).map(|pair| Some((pair[0], *pair.get(1)?)));
        let (from, to) = pairs.collect::<Option<Vec<_>>>()?.into_iter().unzip();
        Some(Self {
            number: *number,
            from,
            to,
        })
    }
}

/// The row of the offsets, as it was read.
struct State {
    offsets: Offsets,
    /// The bytes of the intent, for a condition, and what they mean.
    intent: Option<(Vec<u8>, Intent)>,
}

impl State {
    fn read(reader: &ViewReader<'_>, partitions: usize) -> Result<Self> {
        let damaged = || SpeedError::Damaged {
            what: "an intent has an unexpected length",
            place: "the row of the offsets of the realtime views".to_owned(),
        };
        // The intent first: offsets that are read after it are its own or later ones.
        let intent = reader.inner.get(OFFSET, META.name, INTENT)?;
        let intent = intent.map(|cell| {
            let intent = Intent::of(&cell.value).ok_or_else(damaged)?;
            Ok::<_, SpeedError>((cell.value, intent))
        });
        Ok(Self {
            intent: intent.transpose()?,
            offsets: reader.offsets(partitions)?,
        })
    }

    /// Returns the intent whose update has not ended: the offsets are those at which it begins.
    fn pending(&self) -> Option<&Intent> {
        let (_, intent) = self.intent.as_ref()?;
        let begins = self.offsets.get(..intent.from.len()) == Some(&intent.from);
        (begins && intent.from != intent.to).then_some(intent)
    }
}

/// Returns where the update ends that was begun and not ended; `None` if there is none.
///
/// # Errors
/// If the store cannot be read, or a value is damaged.
pub(super) fn pending(reader: &ViewReader<'_>, partitions: usize) -> Result<Option<Offsets>> {
    let state = State::read(reader, partitions)?;
    Ok(state.pending().map(|intent| {
        // Partitions that the topic got since then are not in the update.
        let mut to = intent.to.clone();
        to.extend(state.offsets.iter().skip(intent.to.len()));
        to
    }))
}

/// Applies an update and returns true. Returns false if the stored offsets are not those at which
/// it begins, or another update was begun there.
///
/// # Errors
/// If the store cannot be read or written, or a value is damaged. Then some rows may be changed,
/// and [`pending`] says where the update ends.
pub(super) fn apply(views: &RealtimeViews, update: &Update) -> Result<bool> {
    let partitions = update.from.len();
    let Some(intent) = begin(views, update, partitions)? else {
        return Ok(false);
    };
    change_rows(views, update, intent.number)?;
    views.store().apply(&[rejected_row(&update.rejected)])?;
    // The offsets, unless another updater has moved them.
    let moved = Conditional {
        family: META.name,
        qualifier: INTENT.to_vec(),
        expected: Some(intent.bytes()),
        mutation: offsets_row(&update.to),
    };
    if views.store().apply_if(&[moved])? == [true] {
        return Ok(true);
    }
    Ok(views.reader().offsets(partitions)? == update.to)
}

/// Step 1: writes the intent, or finds that it is written.
fn begin(views: &RealtimeViews, update: &Update, partitions: usize) -> Result<Option<Intent>> {
    let state = State::read(&views.reader(), partitions)?;
    if state.offsets != update.from {
        return Ok(None);
    }
    if let Some(pending) = state.pending() {
        let length = pending.to.len();
        let is_same = update.to.get(..length) == Some(&pending.to)
            && update.to[length..] == update.from[length..];
        return Ok(is_same.then(|| pending.clone()));
    }
    let intent = Intent {
        number: state.intent.as_ref().map_or(0, |(_, last)| last.number) + 1,
        from: update.from.clone(),
        to: update.to.clone(),
    };
    let begun = Conditional {
        family: META.name,
        qualifier: INTENT.to_vec(),
        expected: state.intent.map(|(bytes, _)| bytes),
        mutation: Mutation::of(OFFSET).put(META.name, INTENT, 0, intent.bytes()),
    };
    if views.store().apply_if(&[begun])? == [true] {
        return Ok(Some(intent));
    }
    // Another updater was faster; or this one was, and its acknowledgement was lost.
    let state = State::read(&views.reader(), partitions)?;
    let is_this = state.pending() == Some(&intent);
    Ok(is_this.then_some(intent))
}

/// Step 2: changes the rows that lack the update, until all contain it.
fn change_rows(views: &RealtimeViews, update: &Update, number: u64) -> Result<()> {
    let mut rows: Vec<Vec<u8>> = Vec::new();
    for (generation, delta) in &update.deltas {
        rows.extend(ViewReader::rows_of(*generation, delta));
    }
    rows.sort_unstable();
    rows.dedup();
    loop {
        // What each row contains: read before its values, so that the condition covers them.
        let reader = views.reader();
        let places: Vec<Place<'_>> = { rows.iter() }
            .map(|row| (&row[..], META.name, APPLIED))
            .collect();
        let applied = reader.inner.get_all(&places)?;
        let mut lack: BTreeMap<Vec<u8>, Option<Vec<u8>>> = BTreeMap::new();
        for (row, cell) in rows.into_iter().zip(applied) {
            let applied = cell.map(|cell| cell.value);
            if applied.as_deref().and_then(view_reader::number) < Some(number) {
                lack.insert(row, applied);
            }
        }
        if lack.is_empty() {
            return Ok(());
        }
        // A reader that sees the values as they are now, or a snapshot that is newer.
        drop(reader);
        let reader = views.reader();
        let mut mutations = Vec::new();
        for (generation, delta) in &update.deltas {
            reader.add(
                *generation,
                delta,
                &|row| lack.contains_key(row),
                &mut mutations,
            )?;
        }
        drop(reader);
        let conditionals: Vec<Conditional> = by_row(&mutations)
            .into_iter()
            .map(|mutation| Conditional {
                family: META.name,
                qualifier: APPLIED.to_vec(),
                expected: lack.get(&mutation.row).cloned().flatten(),
                mutation: mutation.put(META.name, APPLIED, 0, number.to_be_bytes()),
            })
            .collect();
        let changed = views.store().apply_if(&conditionals)?;
        // A row whose `applied` another updater has changed in between has this number by now, or
        // a larger one: the numbers of a row only grow. So this ends.
        let refused = { conditionals.into_iter().zip(changed) }.filter(|(_, changed)| !changed);
        rows = refused
            .map(|(conditional, _)| conditional.mutation.row)
            .collect();
    }
}

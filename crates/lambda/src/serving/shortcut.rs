//! The shortcut: a guess where a URL's record is, to save the walk through the index.
//!
//! The index is walked byte by byte, half a microsecond for a URL of usual length.
//! The shortcut is a table that the URL's hash leads into, so it takes two or
//! three hundredths of that.
//!
//! It has no authority: a record carries its URL, so a wrong guess is seen, and
//! then the index decides. So does it for a URL that the table does not know. A
//! damaged shortcut costs time, never an answer, and needs no checks on reads.
//!
//! A slot has eight bytes: 12 bits of the hash, 12 and 8 of two lengths in blocks,
//! and 32 of the number of the first block, one added so that zero means an empty
//! slot. At most two slots in three are taken. The lengths say where a read will
//! find the ends of the longest run, before it has seen the record.

use super::record::HEAD_BLOCKS;

/// Bits of a slot, the lowest first.
const START: u32 = 32;
const SHORT: u32 = 8;
const ALL: u32 = 12;

/// Where a record may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Guess {
    /// Its first block.
    pub start: usize,
    /// Blocks before the longest run; more than 255 are said to be that many.
    pub short: usize,
    /// All of its blocks; more than 4,095 are said to be that many.
    pub blocks: usize,
}

impl Guess {
    /// The slot that says so; none where the record lies beyond 256 GB, which only
    /// the index knows.
    fn slot(self, hash: u64) -> Option<u64> {
        let start = u32::try_from(self.start + 1).ok()?;
        let short = (self.short as u64).min((1 << SHORT) - 1);
        let blocks = (self.blocks as u64).min((1 << ALL) - 1);
        let hints = (tag(hash) << ALL | blocks) << SHORT | short;
        Some(hints << START | u64::from(start))
    }

    /// Blocks at which most ranges begin and end: the first months, the last days,
    /// the first hours, the newest hours. Fetched now, they come while the head is
    /// read that says where all else is.
    #[inline]
    pub fn ends(self) -> [usize; 5] {
        let [hours, end] = [self.short, self.blocks].map(|blocks| self.start + blocks);
        let before = |block: usize, n| block.saturating_sub(n);
        [
            self.start + HEAD_BLOCKS,
            before(hours, 1),
            hours,
            before(end, 2),
            before(end, 1),
        ]
    }

    #[inline]
    fn read(slot: u64) -> Option<Self> {
        Some(Self {
            start: (slot as u32).checked_sub(1)? as usize,
            short: (slot >> START) as usize & ((1 << SHORT) - 1),
            blocks: (slot >> (START + SHORT)) as usize & ((1 << ALL) - 1),
        })
    }
}

/// The table over the hashes of all URLs of a shard, and where their records are.
pub(super) fn table(records: &[(u64, Guess)]) -> Vec<u8> {
    let slots = match records.len() {
        0 => 0,
        n => (n + n / 2 + 1).next_power_of_two(),
    };
    let mut table = vec![0u64; slots];
    for &(hash, guess) in records {
        if let Some(filled) = guess.slot(hash) {
            let mut slot = first_slot(hash, slots);
            while table[slot] != 0 {
                slot = (slot + 1) & (slots - 1);
            }
            table[slot] = filled;
        }
    }
    table.into_iter().flat_map(u64::to_le_bytes).collect()
}

/// Where the record of the URL with this hash may be.
#[inline]
pub(super) fn guess(table: &[u8], hash: u64) -> Option<Guess> {
    let (slots, _) = table.as_chunks::<8>();
    if !slots.len().is_power_of_two() {
        return None;
    }
    let mut slot = first_slot(hash, slots.len());
    // A full table, which only damage makes, must not hold a read for ever.
    for _ in 0..slots.len().min(64) {
        match u64::from_le_bytes(slots[slot]) {
            0 => return None,
            found if found >> (START + SHORT + ALL) == tag(hash) => return Guess::read(found),
            _ => slot = (slot + 1) & (slots.len() - 1),
        }
    }
    None
}

/// The upper half, because the remainder of the hash has chosen the shard.
fn first_slot(hash: u64, slots: usize) -> usize {
    (hash >> 32) as usize & (slots - 1)
}

fn tag(hash: u64) -> u64 {
    hash >> 8 & 0xFFF
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use xxhash_rust::xxh3::xxh3_64;

    #[test]
    fn nearly_every_guess_is_right() {
        let records: Vec<(u64, Guess)> = (0..10_000usize)
            .map(|n| {
                let (start, short, blocks) = (n * 1000, n % 300, n);
                let hash = xxh3_64(&n.to_le_bytes());
                (
                    hash,
                    Guess {
                        start,
                        short,
                        blocks,
                    },
                )
            })
            .collect();
        let table = table(&records);
        let right = records.iter().filter(|(hash, wanted)| {
            guess(&table, *hash).is_some_and(|found| {
                let hints = (wanted.short.min(255), wanted.blocks.min(4095));
                found.start == wanted.start && (found.short, found.blocks) == hints
            })
        });
        assert!(right.count() > 9980);
        assert_eq!(guess(&[], 5), None);
    }

    #[test]
    fn what_a_slot_cannot_say_is_no_guess() {
        let at = |start| Guess {
            start,
            short: 1,
            blocks: 3,
        };
        let far = u32::MAX as usize;
        assert_eq!(
            guess(&table(&[(7 << 8, at(far - 1))]), 7 << 8),
            Some(at(far - 1))
        );
        assert_eq!(guess(&table(&[(7 << 8, at(far))]), 7 << 8), None);
        let mut table = table(&[(7 << 8, at(0))]);
        assert_eq!(guess(&table, 7 << 8), Some(at(0)));
        for slot in table.chunks_mut(8) {
            slot[..4].fill(0); // a slot without a place
        }
        assert_eq!(guess(&table, 7 << 8), None);
    }

    proptest! {
        #[test]
        fn a_damaged_table_is_read_to_some_end(bytes in prop::collection::vec(any::<u8>(), 0..300), hash: u64) {
            let _ = guess(&bytes, hash);
        }
    }
}

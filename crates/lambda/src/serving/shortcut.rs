//! The shortcut: a hash table that guesses where the record of a URL begins, so that most
//! reads need not walk the index.
//!
//! The index is a finite state transducer, which a lookup walks byte by byte: one
//! dependent memory access for each byte of the URL. The shortcut is an open-addressing hash
//! table with linear probing, so a lookup usually needs a single access. The hash is known
//! already, because it has chosen the shard.
//!
//! The table is a hint and need not be right. A slot keeps only 12 bits of the hash, so
//! another URL may match it; but the record contains its URL, so the read notices a wrong
//! guess and looks the URL up in the index. A URL that is missing from the table is looked
//! up in the index too. So a damaged shortcut makes reads slower but never wrong, and
//! reads need not verify its checksum.
//!
//! ```text
//! slot (64 bits):  tag 12 | blocks 12 | short 8 | start + 1: 32      (highest bits first)
//! ```
//!
//! A slot is zero if it is empty, which is why 1 is added to the number of the first block.
//! The number of slots is a power of two, and fewer than two in three are taken. `blocks`
//! and `short` tell a read where the longest run begins and ends before it has seen the
//! record ([`Guess::likely_blocks`]).

use super::record::HEAD_BLOCKS;

// Widths of the fields of a slot in bits, the lowest field first. The rest is the tag.
const START: u32 = 32;
const SHORT: u32 = 8;
const ALL: u32 = 12;

/// The probable place of a record in `values`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Guess {
    /// Number of the record's first block.
    pub start: usize,
    /// Blocks of the record before the values of its longest run. A slot stores at most 255.
    pub short: usize,
    /// All blocks of the record. A slot stores at most 4,095.
    pub blocks: usize,
}

impl Guess {
    /// Returns the slot with this guess; `None` if the record begins after the first
    /// 256 GiB of the file, because its block number needs more than 32 bits.
    fn slot(self, hash: u64) -> Option<u64> {
        let start = u32::try_from(self.start + 1).ok()?;
        let short = (self.short as u64).min((1 << SHORT) - 1);
        let blocks = (self.blocks as u64).min((1 << ALL) - 1);
        let hints = (tag(hash) << ALL | blocks) << SHORT | short;
        Some(hints << START | u64::from(start))
    }

    /// Returns the blocks in which most ranges begin and end: the block after the head
    /// (months), the last block of the short runs (days), the first block of the longest
    /// run (hours), and the last two blocks of the record (the newest hours). A read
    /// prefetches them, so that they arrive while it reads the head, which says where
    /// everything else lies. They are guesses: a wrong one costs a prefetch.
    #[inline]
    pub fn likely_blocks(self) -> [usize; 5] {
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

    /// Reads a slot; `None` if it has no place, which only damage makes.
    #[inline]
    fn read(slot: u64) -> Option<Self> {
        Some(Self {
            start: (slot as u32).checked_sub(1)? as usize,
            short: (slot >> START) as usize & ((1 << SHORT) - 1),
            blocks: (slot >> (START + SHORT)) as usize & ((1 << ALL) - 1),
        })
    }
}

/// Returns the bytes of the table, from the hash of each URL of a shard and the place of its
/// record. O(URLs).
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

/// Returns the probable place of the record of the URL with this hash; `None` if the table
/// has no guess. `table` may hold any bytes.
#[inline]
pub(super) fn guess(table: &[u8], hash: u64) -> Option<Guess> {
    let (slots, _) = table.as_chunks::<8>();
    if !slots.len().is_power_of_two() {
        return None;
    }
    let mut slot = first_slot(hash, slots.len());
    // A sound table always has an empty slot. The limit ends the search in a damaged table
    // that has none.
    for _ in 0..slots.len().min(64) {
        match u64::from_le_bytes(slots[slot]) {
            0 => return None,
            found if found >> (START + SHORT + ALL) == tag(hash) => return Guess::read(found),
            _ => slot = (slot + 1) & (slots.len() - 1),
        }
    }
    None
}

/// Returns the slot at which the search for a hash begins. It is taken from the upper half
/// of the hash, because the remainder has chosen the shard: if the number of shards is a
/// power of two, the low bits are the same for all URLs of a shard.
fn first_slot(hash: u64, slots: usize) -> usize {
    (hash >> 32) as usize & (slots - 1)
}

/// Returns the 12 bits of a hash that its slot keeps.
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
            slot[..4].fill(0); // remove the block number, and keep the tag
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

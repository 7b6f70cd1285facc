//! The shortcut: a hash table that guesses where the record of a URL begins, so that most
//! reads need not walk the index.
//!
//! The index is a finite state transducer, which a lookup walks byte by byte: one
//! dependent memory access for each byte of the URL. The shortcut is an open-addressing hash
//! table with linear probing, so a lookup usually needs a single access. The hash is known
//! already, because it has chosen the shard.
//!
//! Taking the table away makes reads two to four times as slow: in
//! `workbook-bench serving --urls 1000` a bucket takes 0.56 us with the index alone and
//! 0.15 us with the table (3.6 times), a year by its plan 0.69 us and 0.26 us (2.7 times).
//!
//! The table is a hint and need not be right. A slot keeps only 32 bits of the hash, so
//! another URL may match it; but the record contains its URL, so the read notices a wrong
//! guess and looks the URL up in the index. A URL that is missing from the table is looked
//! up in the index too. So a damaged shortcut makes reads slower but never wrong, and
//! reads need not verify its checksum.
//!
//! ```text
//! slot (64 bits):  tag 32 | number of the first block + 1: 32      (highest bits first)
//! ```
//!
//! A slot is zero if it is empty, which is why 1 is added to the number of the first block.
//! The number of slots is a power of two, and fewer than two in three are taken.

/// Returns the slot of a record that begins at `block`; `None` if that is after the first
/// 256 GiB of the file, because the number needs more than 32 bits.
fn slot(hash: u64, block: u64) -> Option<u64> {
    let block = u32::try_from(block + 1).ok()?;
    Some(tag(hash) << 32 | u64::from(block))
}

/// Returns the bytes of the table, from the hash of each URL of a shard and the number of the
/// first block of its record. O(URLs).
pub(super) fn table(records: &[(u64, u64)]) -> Vec<u8> {
    let slots = match records.len() {
        0 => 0,
        n => (n + n / 2 + 1).next_power_of_two(),
    };
    let mut table = vec![0u64; slots];
    for &(hash, block) in records {
        if let Some(filled) = slot(hash, block) {
            let mut at = first_slot(hash, slots);
            while table[at] != 0 {
                at = (at + 1) & (slots - 1);
            }
            table[at] = filled;
        }
    }
    table.into_iter().flat_map(u64::to_le_bytes).collect()
}

/// Returns the probable first block of the record of the URL with this hash; `None` if the
/// table has no guess. `table` may hold any bytes.
#[inline]
pub(super) fn guess(table: &[u8], hash: u64) -> Option<usize> {
    let (slots, _) = table.as_chunks::<8>();
    if !slots.len().is_power_of_two() {
        return None;
    }
    let mut at = first_slot(hash, slots.len());
    // A sound table always has an empty slot. The limit ends the search in a damaged table
    // that has none.
    for _ in 0..slots.len().min(64) {
        match u64::from_le_bytes(slots[at]) {
            0 => return None,
            // Only damage makes a slot without a block.
            found if found >> 32 == tag(hash) => {
                return Some((found as u32).checked_sub(1)? as usize);
            }
            _ => at = (at + 1) & (slots.len() - 1),
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

/// Returns the 32 bits of a hash that its slot keeps: the lower half, because the upper one
/// has chosen the slot.
fn tag(hash: u64) -> u64 {
    u64::from(hash as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// The plain form is a sorted map. A guess is the map's answer, unless two hashes
        /// have the same tag, or no guess where the number of the block does not fit.
        #[test]
        fn a_guess_is_what_a_sorted_map_has(
            records in prop::collection::btree_map(any::<u64>(), 0..=u64::from(u32::MAX), 0..300),
            other: u64,
        ) {
            let mut tags = BTreeMap::<u64, u32>::new();
            records.keys().for_each(|&hash| *tags.entry(tag(hash)).or_default() += 1);
            let table = table(&records.iter().map(|(&hash, &block)| (hash, block)).collect::<Vec<_>>());
            for hash in records.keys().copied().chain([other]) {
                if tags.get(&tag(hash)).is_none_or(|&same| same == 1 && records.contains_key(&hash)) {
                    let fits = |block: &&u64| **block < u64::from(u32::MAX);
                    let wanted = records.get(&hash).filter(fits).map(|&block| block as usize);
                    prop_assert_eq!(guess(&table, hash), wanted);
                }
            }
        }

        #[test]
        fn a_damaged_table_is_read_to_some_end(bytes in prop::collection::vec(any::<u8>(), 0..300), hash: u64) {
            let _ = guess(&bytes, hash);
        }
    }

    #[test]
    fn what_a_slot_cannot_say_is_no_guess() {
        assert_eq!(guess(&[], 5), None);
        let last = u64::from(u32::MAX) - 1;
        assert_eq!(guess(&table(&[(7, last)]), 7), Some(last as usize));
        assert_eq!(guess(&table(&[(7, last + 1)]), 7), None);
        let mut table = table(&[(7, 0)]);
        assert_eq!(guess(&table, 7), Some(0));
        for slot in table.chunks_mut(8) {
            slot[..4].fill(0); // remove the block number, and keep the tag
        }
        assert_eq!(guess(&table, 7), None);
    }
}

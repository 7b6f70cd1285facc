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
//! A slot has eight bytes: 16 bits of the hash, and 48 of the record's place, one
//! added so that zero means an empty slot. At most two slots in three are taken.

const PLACE: u32 = 48;

/// The table over hashes and places of all records of a shard.
pub(super) fn table(records: &[(u64, u64)]) -> Vec<u8> {
    let slots = match records.len() {
        0 => 0,
        n => (n + n / 2 + 1).next_power_of_two(),
    };
    let mut table = vec![0u64; slots];
    for &(hash, at) in records {
        // Not stored: a place beyond 256 TB, which the index knows.
        if at + 1 < 1 << PLACE {
            let mut slot = first_slot(hash, slots);
            while table[slot] != 0 {
                slot = (slot + 1) & (slots - 1);
            }
            table[slot] = tag(hash) << PLACE | (at + 1);
        }
    }
    table.into_iter().flat_map(u64::to_le_bytes).collect()
}

/// Where the record of the URL with this hash may be.
#[inline]
pub(super) fn guess(table: &[u8], hash: u64) -> Option<u64> {
    let (slots, _) = table.as_chunks::<8>();
    if !slots.len().is_power_of_two() {
        return None;
    }
    let mut slot = first_slot(hash, slots.len());
    // A full table, which only damage makes, must not hold a read for ever.
    for _ in 0..slots.len().min(64) {
        match u64::from_le_bytes(slots[slot]) {
            0 => return None,
            found if found >> PLACE == tag(hash) => {
                return (found & ((1 << PLACE) - 1)).checked_sub(1);
            }
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
    hash >> 8 & 0xFFFF
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use xxhash_rust::xxh3::xxh3_64;

    #[test]
    fn nearly_every_guess_is_right() {
        let records: Vec<(u64, u64)> = (0..10_000u64)
            .map(|n| (xxh3_64(&n.to_le_bytes()), n * 1000))
            .collect();
        let table = table(&records);
        let right = records
            .iter()
            .filter(|&&(hash, at)| guess(&table, hash) == Some(at));
        assert!(right.count() > 9990);
        assert_eq!(guess(&[], 5), None);
    }

    #[test]
    fn a_slot_without_a_place_is_no_guess() {
        let mut table = table(&[(7 << 8, 0)]);
        assert_eq!(guess(&table, 7 << 8), Some(0));
        let at = table.iter().position(|&byte| byte == 1).unwrap();
        table[at] = 0;
        assert_eq!(guess(&table, 7 << 8), None);
    }

    proptest! {
        #[test]
        fn a_damaged_table_is_read_to_some_end(bytes in prop::collection::vec(any::<u8>(), 0..300), hash: u64) {
            let _ = guess(&bytes, hash);
        }
    }
}

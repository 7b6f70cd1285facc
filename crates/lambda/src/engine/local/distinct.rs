//! The set of the records of one partition, in which duplicates are found.

use super::record;

/// An exact set of records: a hash table with open addressing, whose records are in an arena
/// of words.
///
/// A slot contains 24 bits of the hash (the tag) and the position of the record in the arena, so
/// a search seldom compares a record that is not the one it looks for. Equality is always
/// decided by the words.
#[derive(Default)]
pub struct Distinct {
    /// 0 for an empty slot; otherwise the tag in the high 24 bits, and the position + 1 in the
    /// low 40 bits.
    slots: Vec<u64>,
    /// The words of all records, one after another.
    arena: Vec<u64>,
    /// Number of records.
    len: usize,
}

/// The bits of a slot with the position.
const POSITION_MASK: u64 = (1 << 40) - 1;
/// The smallest number of slots.
const MIN_SLOTS: usize = 1 << 10;

impl Distinct {
    /// Removes all records, and reserves memory for about `records` new ones. Memory beyond
    /// that is released.
    pub fn reset(&mut self, records: usize) {
        let slots = (records * 2).next_power_of_two().max(MIN_SLOTS);
        self.slots.clear();
        self.slots.shrink_to(slots);
        self.slots.resize(slots, 0);
        self.arena.clear();
        self.arena.shrink_to(records * record::HEAD);
        self.arena.reserve(records * record::HEAD);
        self.len = 0;
    }

    /// Adds a record and returns true. Returns false if the set has it already.
    #[inline]
    pub fn insert(&mut self, record: &[u64]) -> bool {
        if self.len * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        let hash = record::hash(record);
        let mask = self.slots.len() - 1;
        let tag = hash & !POSITION_MASK;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                self.slots[at] = tag | (self.arena.len() as u64 + 1);
                self.arena.extend_from_slice(record);
                self.len += 1;
                return true;
            }
            if slot & !POSITION_MASK == tag {
                let position = (slot & POSITION_MASK) as usize - 1;
                if self.arena[position..].starts_with(record) {
                    return false;
                }
            }
            at = (at + 1) & mask;
        }
    }

    /// Doubles the number of slots, and inserts all records again.
    fn grow(&mut self) {
        let mut slots = vec![0u64; (self.slots.len() * 2).max(MIN_SLOTS)];
        let mask = slots.len() - 1;
        let mut position = 0;
        while position < self.arena.len() {
            let record = &self.arena[position..];
            let record = &record[..record::len(record)];
            let hash = record::hash(record);
            let mut at = hash as usize & mask;
            while slots[at] != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = hash & !POSITION_MASK | (position as u64 + 1);
            position += record.len();
        }
        self.slots = slots;
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{PageViewRecord, Person};
    use super::*;

    #[test]
    fn is_exact_through_growth_and_reset() {
        let mut set = Distinct::default();
        for round in 0..2 {
            set.reset(if round == 0 { 0 } else { 50_000 });
            let mut words = Vec::new();
            for i in 0..60_000i64 {
                // Every third record is a duplicate; cookies have all lengths below 40.
                let i = if i % 3 == 2 { i - 2 } else { i };
                let cookie = "x".repeat((i % 40) as usize);
                let person = if i % 2 == 0 {
                    Person::User(i)
                } else {
                    Person::Cookie(cookie.as_bytes())
                };
                words.clear();
                PageViewRecord::new(i, 7, person, i % 5).push_to(&mut words);
                set.insert(&words);
                assert!(!set.insert(&words));
            }
            assert_eq!(set.len, 40_000);
        }
    }
}

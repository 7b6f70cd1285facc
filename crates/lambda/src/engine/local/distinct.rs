//! The set of records seen, for one partition at a time.

use super::record;

/// An exact set of records: open addressing over an arena of words.
///
/// A slot holds 24 bits of the hash and the record's place in the arena, so a
/// probe seldom has to look at a record that is not the one sought. Equality is
/// always decided on the words.
#[derive(Default)]
pub struct Distinct {
    /// 0 is empty; else tag in the high 24 bits, place + 1 in the low 40.
    slots: Vec<u64>,
    arena: Vec<u64>,
    len: usize,
}

const PLACE: u64 = (1 << 40) - 1;
const FEWEST_SLOTS: usize = 1 << 10;

impl Distinct {
    /// Forgets the records and makes room for about `records`, keeping memory
    /// of that size for the next partition.
    pub fn reset(&mut self, records: usize) {
        let slots = (records * 2).next_power_of_two().max(FEWEST_SLOTS);
        self.slots.clear();
        self.slots.shrink_to(slots);
        self.slots.resize(slots, 0);
        self.arena.clear();
        self.arena.shrink_to(records * record::HEAD);
        self.arena.reserve(records * record::HEAD);
        self.len = 0;
    }

    /// Whether `record` is new.
    #[inline]
    pub fn insert(&mut self, record: &[u64]) -> bool {
        if self.len * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        let hash = record::hash(record);
        let mask = self.slots.len() - 1;
        let tag = hash & !PLACE;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                self.slots[at] = tag | (self.arena.len() as u64 + 1);
                self.arena.extend_from_slice(record);
                self.len += 1;
                return true;
            }
            if slot & !PLACE == tag {
                let place = (slot & PLACE) as usize - 1;
                if self.arena[place..].starts_with(record) {
                    return false;
                }
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let mut slots = vec![0u64; (self.slots.len() * 2).max(FEWEST_SLOTS)];
        let mask = slots.len() - 1;
        let mut place = 0;
        while place < self.arena.len() {
            let record = &self.arena[place..];
            let record = &record[..record::len(record)];
            let hash = record::hash(record);
            let mut at = hash as usize & mask;
            while slots[at] != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = hash & !PLACE | (place as u64 + 1);
            place += record.len();
        }
        self.slots = slots;
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{Person, Record};
    use super::*;

    #[test]
    fn is_exact_through_growth_and_reset() {
        let mut set = Distinct::default();
        for round in 0..2 {
            set.reset(if round == 0 { 0 } else { 50_000 });
            let mut words = Vec::new();
            for i in 0..60_000i64 {
                // Every third record came before; cookies of all lengths between.
                let i = if i % 3 == 2 { i - 2 } else { i };
                let cookie = "x".repeat((i % 40) as usize);
                let person = if i % 2 == 0 {
                    Person::User(i)
                } else {
                    Person::Cookie(cookie.as_bytes())
                };
                words.clear();
                Record::new(i, 7, person, i % 5).push_to(&mut words);
                let fresh = set.insert(&words);
                assert!(!set.insert(&words));
                let _ = fresh;
            }
            assert_eq!(set.len, 40_000);
        }
    }
}

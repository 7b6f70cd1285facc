//! The key of a person, which consists of two hashes.
//!
//! The first hash is the one that sketches count. Visits are joined by both. Two accounts never
//! have the same key. Among a thousand million cookies, the probability that two of them have
//! the same key is about 2^-69. So no dictionary of cookies has to be in memory.

use super::record::{self, Person};
use super::urls::Folded;
use crate::batch::persons::components::Joined;
use crate::batch::sketch::hash::{cookie_hash, user_hash};
use crate::datum::PersonId;
use std::collections::HashMap;
use xxhash_rust::xxh64::xxh64;

/// The key of an identifier or of a person.
pub type PersonKey = (u64, u64);

/// The seed of a cookie's second hash.
const SECOND_SEED: u64 = 44;
/// The account whose hash is that seed, see
/// [`HASHES_TO_COOKIE_SEED`](crate::batch::sketch::hash::HASHES_TO_COOKIE_SEED).
pub const HASHES_TO_SECOND_SEED: i64 = -4_899_233_731_777_342_385;

/// The persons that have several identifiers.
#[derive(Default)]
pub struct Persons {
    /// From each identifier but the first to the person's first identifier, which is the key of
    /// the person.
    index: HashMap<PersonKey, PersonKey, Folded>,
}

impl Persons {
    /// Builds the index from the identifiers that equivs join.
    pub fn of(joined: Joined) -> Self {
        let mut index = HashMap::default();
        for ids in joined.into_components() {
            let person = key_of(&ids[0]);
            index.extend(ids[1..].iter().map(|id| (key_of(id), person)));
        }
        Persons { index }
    }

    /// Returns all identifiers with another first identifier, each with that one.
    pub fn pairs(&self) -> impl Iterator<Item = (PersonKey, PersonKey)> {
        self.index.iter().map(|(id, person)| (*id, *person))
    }

    /// Takes up what [`pairs`](Self::pairs) has returned.
    pub fn from_pairs(pairs: Vec<(PersonKey, PersonKey)>) -> Self {
        Persons {
            index: pairs.into_iter().collect(),
        }
    }

    /// Returns the person of a record. `bytes` is a buffer that can be reused.
    #[inline]
    pub fn of_record(&self, words: &[u64], bytes: &mut Vec<u8>) -> PersonKey {
        let id = key(record::person(words, bytes));
        if self.index.is_empty() {
            return id;
        }
        self.index.get(&id).copied().unwrap_or(id)
    }
}

/// Returns the key of an identifier.
fn key_of(id: &PersonId) -> PersonKey {
    key(match id {
        PersonId::UserId(user) => Person::User(*user),
        PersonId::Cookie(cookie) => Person::Cookie(cookie.as_bytes()),
    })
}

/// Returns the 16 bytes by which the view of visits names a person. `id` is the first of the
/// person's identifiers, which represents them all.
pub fn visitor(id: &PersonId) -> [u8; 16] {
    to_bytes(key_of(id))
}

/// Encodes a key so that the order of the bytes is that of the keys.
pub fn to_bytes(key: PersonKey) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&key.0.to_be_bytes());
    bytes[8..].copy_from_slice(&key.1.to_be_bytes());
    bytes
}

/// Computes the key of an identifier.
#[inline]
fn key(person: Person<'_>) -> PersonKey {
    match person {
        Person::User(id) => (user_hash(id), id as u64),
        Person::Cookie(cookie) => (cookie_hash(cookie), xxh64(cookie, SECOND_SEED)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_seed_is_the_hash_of_an_account() {
        assert_eq!(user_hash(HASHES_TO_SECOND_SEED), SECOND_SEED);
    }
}

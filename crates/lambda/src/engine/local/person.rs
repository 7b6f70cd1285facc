//! Who a record's person is, as two hashes.
//!
//! The first is what sketches count. Both together tell persons apart where
//! visits are joined: for accounts they are exact, for cookies two of a thousand
//! million are taken for one with chance 2^-68. So no dictionary of cookies has
//! to stay in memory.

use super::record::{self, Person};
use super::urls::Folded;
use crate::batch::persons::components::Joined;
use crate::batch::sketch::hash::{cookie_hash, user_hash};
use crate::datum::PersonId;
use std::collections::HashMap;
use xxhash_rust::xxh64::xxh64;

/// The two hashes.
pub type Key = (u64, u64);

const SECOND_SEED: u64 = 44;

/// The index from identifier to person, for those who have an equiv.
#[derive(Default)]
pub struct Persons {
    index: HashMap<Key, Key, Folded>,
}

impl Persons {
    pub fn of(joined: Joined) -> Self {
        let mut index = HashMap::default();
        for ids in joined.into_components() {
            let person = key_of(&ids[0]);
            index.extend(ids[1..].iter().map(|id| (key_of(id), person)));
        }
        Persons { index }
    }

    /// The person of a record. `bytes` is room to work in.
    #[inline]
    pub fn of_record(&self, words: &[u64], bytes: &mut Vec<u8>) -> Key {
        let id = key(record::person(words, bytes));
        if self.index.is_empty() {
            return id;
        }
        self.index.get(&id).copied().unwrap_or(id)
    }
}

fn key_of(id: &PersonId) -> Key {
    key(match id {
        PersonId::UserId(user) => Person::User(*user),
        PersonId::Cookie(cookie) => Person::Cookie(cookie.as_bytes()),
    })
}

/// Returns the bytes that stand for a person in the view of visits: those of the
/// identifier that stands for all of the person's identifiers.
pub fn visitor(id: &PersonId) -> [u8; 16] {
    to_bytes(key_of(id))
}

/// Returns a key as bytes that sort as it does.
pub fn to_bytes(key: Key) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&key.0.to_be_bytes());
    bytes[8..].copy_from_slice(&key.1.to_be_bytes());
    bytes
}

#[inline]
fn key(person: Person<'_>) -> Key {
    match person {
        Person::User(id) => (user_hash(id), id as u64),
        Person::Cookie(cookie) => (cookie_hash(cookie), xxh64(cookie, SECOND_SEED)),
    }
}

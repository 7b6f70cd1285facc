//! A record: a page view encoded as a few machine words, in which form it is deduplicated.
//!
//! Two page views are the same datum exactly if their records have the same words, so the
//! result does not depend on hashes. The URL is encoded as its number in the dictionary
//! ([`super::urls`]). A cookie is contained in the record itself, so that millions of visitors
//! need no dictionary in memory.
//!
//! | word | contents |
//! |---|---|
//! | 0 | seconds since year 1 (bits 0 to 39); whether the person is a cookie (bit 40) |
//! | 1 | URL number (low 32 bits); length of the cookie in bytes (high 32 bits) |
//! | 2 | nonce |
//! | 3 | user id, or the first 8 bytes of the cookie |
//! | 4 and later | the rest of the cookie, 8 bytes a word, padded with zeros |

use crate::datum::Viewer;
use calendar::TIMESTAMPS;

/// Number of words of a record whose cookie, if any, has at most 8 bytes.
pub const HEAD: usize = 4;

/// The bit of word 0 that is set if the person is a cookie.
const COOKIE_BIT: u64 = 1 << 40;
/// The bits of word 0 with the seconds.
const SECS_MASK: u64 = COOKIE_BIT - 1;

/// The identifier of the person who viewed a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person<'a> {
    /// The id of an account.
    User(i64),
    /// The bytes of a cookie.
    Cookie(&'a [u8]),
}

impl<'a> From<Viewer<'a>> for Person<'a> {
    #[inline]
    fn from(viewer: Viewer<'a>) -> Self {
        match viewer {
            Viewer::User(id) => Person::User(id),
            Viewer::Cookie(cookie) => Person::Cookie(cookie.as_bytes()),
        }
    }
}

/// The record of a page view that is not stored in a partition yet.
#[derive(Debug, Clone, Copy)]
pub struct PageViewRecord<'a> {
    head: [u64; HEAD],
    tail: &'a [u8],
}

impl<'a> PageViewRecord<'a> {
    /// Encodes a page view at `secs` epoch seconds, which must be in [`TIMESTAMPS`].
    #[inline]
    pub fn new(secs: i64, url: u32, person: Person<'a>, nonce: i64) -> Self {
        debug_assert!(TIMESTAMPS.contains(&secs));
        let secs = (secs - TIMESTAMPS.start()) as u64;
        match person {
            Person::User(id) => PageViewRecord {
                head: [secs, u64::from(url), nonce as u64, id as u64],
                tail: &[],
            },
            Person::Cookie(bytes) => {
                let len = u32::try_from(bytes.len()).expect("a cookie is part of a bounded line");
                let (first, tail) = bytes.split_at(bytes.len().min(8));
                PageViewRecord {
                    head: [
                        secs | COOKIE_BIT,
                        u64::from(url) | u64::from(len) << 32,
                        nonce as u64,
                        word(first),
                    ],
                    tail,
                }
            }
        }
    }

    /// Returns a hash of the record, which chooses its partition and its slot in a table.
    /// Equality is never decided by it.
    #[inline]
    pub fn hash(&self) -> u64 {
        let mut hash = hash_head(&self.head);
        for chunk in self.tail.chunks(8) {
            hash = mix(hash ^ word(chunk), SEED_C);
        }
        hash
    }

    /// Appends the words of the record.
    #[inline]
    pub fn push_to(&self, words: &mut Vec<u64>) {
        words.extend_from_slice(&self.head);
        words.extend(self.tail.chunks(8).map(word));
    }
}

/// Returns the number of words of the record that begins with `head`.
#[inline]
pub fn len(head: &[u64]) -> usize {
    let cookie_bytes = (head[1] >> 32) as usize;
    HEAD + cookie_bytes.saturating_sub(8).div_ceil(8)
}

/// Returns the epoch second of a record.
#[inline]
pub fn secs(record: &[u64]) -> i64 {
    (record[0] & SECS_MASK) as i64 + TIMESTAMPS.start()
}

/// Returns the URL number of a record.
#[inline]
pub fn url(record: &[u64]) -> u32 {
    record[1] as u32
}

/// Returns the person of a record. A cookie is copied to `bytes`, a buffer that can be reused.
#[inline]
pub fn person<'a>(record: &[u64], bytes: &'a mut Vec<u8>) -> Person<'a> {
    if record[0] & COOKIE_BIT == 0 {
        return Person::User(record[3] as i64);
    }
    bytes.clear();
    bytes.extend(record[3..].iter().flat_map(|word| word.to_le_bytes()));
    bytes.truncate((record[1] >> 32) as usize);
    Person::Cookie(bytes)
}

/// Returns the same hash as [`PageViewRecord::hash`], computed from the words.
#[inline]
pub fn hash(record: &[u64]) -> u64 {
    let head = record.first_chunk().expect("a whole record");
    record[HEAD..]
        .iter()
        .fold(hash_head(head), |hash, word| mix(hash ^ word, SEED_C))
}

// Odd constants with about as many ones as zeros, as usual for hashes of this kind.
const SEED_A: u64 = 0x9e37_79b9_7f4a_7c15;
const SEED_B: u64 = 0xd6e8_feb8_6659_fd93;
const SEED_C: u64 = 0xa076_1d64_78bd_642f;

#[inline]
fn hash_head(head: &[u64; HEAD]) -> u64 {
    let a = mix(head[0] ^ SEED_A, head[1] ^ SEED_B);
    let b = mix(head[2] ^ SEED_B, head[3] ^ SEED_C);
    mix(a ^ SEED_C, b ^ SEED_A)
}

/// Mixes two words by folded multiplication: the two halves of their product are combined, so
/// that every bit of the input affects all bits of the hash.
#[inline]
pub fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// Encodes up to 8 bytes as one word, padded with zeros.
#[inline]
fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Parts = (i64, u32, Result<i64, String>, i64);

    fn words((secs, url, person, nonce): &Parts) -> Vec<u64> {
        let person = match person {
            Ok(id) => Person::User(*id),
            Err(cookie) => Person::Cookie(cookie.as_bytes()),
        };
        let record = PageViewRecord::new(*secs, *url, person, *nonce);
        let mut words = Vec::new();
        record.push_to(&mut words);
        assert_eq!(record.hash(), hash(&words));
        assert_eq!(len(&words), words.len());
        assert_eq!(super::secs(&words), *secs);
        assert_eq!(super::url(&words), *url);
        assert_eq!(super::person(&words, &mut Vec::new()), person);
        words
    }

    fn parts() -> impl Strategy<Value = Parts> {
        let person = prop_oneof![any::<i64>().prop_map(Ok), "[ab\0]{0,18}".prop_map(Err)];
        (TIMESTAMPS, any::<u32>(), person, any::<i64>())
    }

    proptest! {
        #[test]
        fn equal_words_mean_equal_page_views(a in parts(), b in parts(), same in 0..16u8) {
            // b takes some of a's fields, so that near misses are common.
            let mut b = b;
            if same & 1 > 0 { b.0 = a.0 }
            if same & 2 > 0 { b.1 = a.1 }
            if same & 4 > 0 { b.2 = a.2.clone() }
            if same & 8 > 0 { b.3 = a.3 }
            prop_assert_eq!(words(&a) == words(&b), a == b);
        }
    }

    #[test]
    fn zeros_at_the_end_of_a_cookie_count() {
        let of = |cookie: &str| words(&(0, 0, Err(cookie.into()), 0));
        assert_ne!(of("a"), of("a\0"));
        assert_ne!(of(""), words(&(0, 0, Ok(0), 0)));
    }
}

//! From a person to 64 bits: the same on every machine, in every year.
//!
//! Sketches made apart can be merged only if all of them hash alike, so the hash
//! is part of the file format: XXH64 with fixed seeds, and never the standard
//! library's, whose keys change with each process.
//!
//! Source: the XXH64 specification of the xxHash project (Yann Collet).

use crate::datum::PersonId;
use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher, Hasher};
use xxhash_rust::xxh64::xxh64;

/// Accounts and cookies have a seed each, so that user 49 and the cookie "1",
/// which are one byte of the same value, stay two persons. 42 is the seed that
/// Spark's `approx_count_distinct` uses.
const USER_SEED: u64 = 42;
const COOKIE_SEED: u64 = 43;

/// The hash of a person: what a sketch knows of them.
///
/// ```
/// use lambda_workbook::batch::sketch::person_hash;
/// use lambda_workbook::datum::PersonId;
///
/// // Pinned: a sketch that is on disk was made with these.
/// assert_eq!(person_hash(&PersonId::Cookie(String::new())), 0xab51_9192_f672_29f1);
/// assert_ne!(person_hash(&PersonId::UserId(49)), person_hash(&PersonId::Cookie("1".into())));
/// ```
pub fn person_hash(person: &PersonId) -> u64 {
    match person {
        PersonId::UserId(id) => user_hash(*id),
        PersonId::Cookie(cookie) => cookie_hash(cookie.as_bytes()),
    }
}

/// The hash of an account: of its eight bytes, little end first.
#[inline]
pub fn user_hash(id: i64) -> u64 {
    xxh64(&id.to_le_bytes(), USER_SEED)
}

/// The hash of a cookie: of its UTF-8 bytes.
#[inline]
pub fn cookie_hash(cookie: &[u8]) -> u64 {
    xxh64(cookie, COOKIE_SEED)
}

/// The hasher that `hyperloglogplus` is given: values are [`person_hash`]es
/// already, so it hands them through. It has no state, so every sketch's is the
/// same one, stored or not.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Stable;

impl BuildHasher for Stable {
    type Hasher = Through;

    fn build_hasher(&self) -> Through {
        Through(0)
    }
}

/// See [`Stable`].
#[derive(Debug)]
pub struct Through(u64);

impl Hasher for Through {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh64(bytes, self.0);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the reference implementation.
    #[test]
    fn xxh64_is_the_published_one() {
        for (text, seed, hash) in [
            ("", 0, 0xef46_db37_51d8_e999),
            ("a", 0, 0xd24e_c4f1_a98c_6e5b),
            ("abc", 0, 0x44bc_2cf5_ad77_0999),
            (
                "The quick brown fox jumps over the lazy dog",
                0,
                0x0b24_2d36_1fda_71bc,
            ),
            ("", 42, 0x98b1_582b_0977_e704),
            ("a", 42, 0x88e4_fe59_adf7_b0cc),
        ] {
            assert_eq!(xxh64(text.as_bytes(), seed), hash, "{text:?}, seed {seed}");
        }
    }
}

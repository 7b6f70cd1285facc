//! The 64-bit hash of a person, which is the same on every machine and never changes.
//!
//! Sketches that were made at different times and places can be merged only if they use the
//! same hash, so the hash is part of the file format. It is XXH64 with fixed seeds. The hasher
//! of the standard library would not do, because its keys change with each process.
//!
//! Source: the XXH64 specification of the xxHash project (Yann Collet).

use crate::datum::PersonId;
use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher, Hasher};
use xxhash_rust::xxh64::xxh64;

/// The seed for accounts. It is the seed that Spark's `approx_count_distinct` uses.
const USER_SEED: u64 = 42;
/// The seed for cookies. It differs from that for accounts, so that an account and a cookie
/// with the same bytes are two persons.
const COOKIE_SEED: u64 = 43;
/// The account whose hash is the seed for cookies. SQL can therefore state the hash of a cookie,
/// too: `xxhash64(4022648972653875343, cookie)` in Spark hashes the number with seed 42, and the
/// text with the result as its seed. There is exactly one such number, because XXH64 of eight
/// bytes can be inverted step by step.
pub const HASHES_TO_COOKIE_SEED: i64 = 4_022_648_972_653_875_343;

/// Returns the hash of a person, which is all that a sketch is given of them.
///
/// ```
/// use lambda_workbook::batch::sketch::person_hash;
/// use lambda_workbook::datum::PersonId;
///
/// // This value must never change, because stored sketches were made with it.
/// assert_eq!(person_hash(&PersonId::Cookie(String::new())), 0xab51_9192_f672_29f1);
/// assert_ne!(person_hash(&PersonId::UserId(49)), person_hash(&PersonId::Cookie("1".into())));
/// ```
pub fn person_hash(person: &PersonId) -> u64 {
    match person {
        PersonId::UserId(id) => user_hash(*id),
        PersonId::Cookie(cookie) => cookie_hash(cookie.as_bytes()),
    }
}

/// Returns the hash of an account: of its eight bytes, little-endian.
#[inline]
pub fn user_hash(id: i64) -> u64 {
    xxh64(&id.to_le_bytes(), USER_SEED)
}

/// Returns the hash of a cookie: of its UTF-8 bytes.
#[inline]
pub fn cookie_hash(cookie: &[u8]) -> u64 {
    xxh64(cookie, COOKIE_SEED)
}

/// The hash function of the sketches of `hyperloglogplus` that estimate. Their values are hashes
/// already ([`person_hash`]), so it returns them unchanged. It has no state and no keys, so it
/// is the same in every sketch.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct PassThrough;

impl BuildHasher for PassThrough {
    type Hasher = PassThroughHasher;

    fn build_hasher(&self) -> PassThroughHasher {
        PassThroughHasher(0)
    }
}

/// The hasher of [`PassThrough`]. It holds the value that was written last.
#[derive(Debug)]
pub struct PassThroughHasher(u64);

impl Hasher for PassThroughHasher {
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

    #[test]
    fn the_seed_for_cookies_is_the_hash_of_an_account() {
        assert_eq!(user_hash(HASHES_TO_COOKIE_SEED), COOKIE_SEED);
    }

    /// The values are those of the reference implementation.
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

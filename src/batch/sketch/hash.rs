//! From a person to 64 bits: the same on every machine, in every year.
//!
//! Sketches made apart can be merged only if all of them hash alike, so the hash
//! is part of the file format: XXH64 with fixed seeds, and never the standard
//! library's, whose keys change with each process.
//!
//! Source: the XXH64 specification of the xxHash project (Yann Collet).

use crate::schema::PersonId;
use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher, Hasher};

/// Accounts and cookies have a seed each, so that user 49 and the cookie "1",
/// which are one byte of the same value, stay two persons. 42 is the seed that
/// Spark's `approx_count_distinct` uses.
const USER_SEED: u64 = 42;
const COOKIE_SEED: u64 = 43;

/// The hash of a person: what a sketch knows of them.
///
/// ```
/// use lambda_workbook::batch::sketch::person_hash;
/// use lambda_workbook::schema::PersonId;
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

const P1: u64 = 0x9e37_79b1_85eb_ca87;
const P2: u64 = 0xc2b2_ae3d_27d4_eb4f;
const P3: u64 = 0x1656_67b1_9e37_79f9;
const P4: u64 = 0x85eb_ca77_c2b2_ae63;
const P5: u64 = 0x27d4_eb2f_1656_67c5;

/// XXH64 of some bytes.
#[inline]
pub fn xxh64(bytes: &[u8], seed: u64) -> u64 {
    let (stripes, rest) = bytes.as_chunks::<32>();
    let mut hash = if stripes.is_empty() {
        seed.wrapping_add(P5)
    } else {
        long(stripes, seed)
    };
    hash = hash.wrapping_add(bytes.len() as u64);
    let (words, rest) = rest.as_chunks::<8>();
    for word in words {
        hash ^= round(0, u64::from_le_bytes(*word));
        hash = hash.rotate_left(27).wrapping_mul(P1).wrapping_add(P4);
    }
    let (halves, rest) = rest.as_chunks::<4>();
    for half in halves {
        hash ^= u64::from(u32::from_le_bytes(*half)).wrapping_mul(P1);
        hash = hash.rotate_left(23).wrapping_mul(P2).wrapping_add(P3);
    }
    for byte in rest {
        hash ^= u64::from(*byte).wrapping_mul(P5);
        hash = hash.rotate_left(11).wrapping_mul(P1);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(P2);
    hash = (hash ^ (hash >> 29)).wrapping_mul(P3);
    hash ^ (hash >> 32)
}

fn long(stripes: &[[u8; 32]], seed: u64) -> u64 {
    let mut lanes = [
        seed.wrapping_add(P1).wrapping_add(P2),
        seed.wrapping_add(P2),
        seed,
        seed.wrapping_sub(P1),
    ];
    for stripe in stripes {
        for (lane, word) in lanes.iter_mut().zip(stripe.as_chunks::<8>().0) {
            *lane = round(*lane, u64::from_le_bytes(*word));
        }
    }
    let [a, b, c, d] = lanes;
    let mut hash = a
        .rotate_left(1)
        .wrapping_add(b.rotate_left(7))
        .wrapping_add(c.rotate_left(12))
        .wrapping_add(d.rotate_left(18));
    for lane in lanes {
        hash = (hash ^ round(0, lane)).wrapping_mul(P1).wrapping_add(P4);
    }
    hash
}

#[inline]
fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(P2))
        .rotate_left(31)
        .wrapping_mul(P1)
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

//! Which shard holds a URL.
//!
//! By the URL alone: a query asks for one URL over a range of time, and that
//! range may be of any granularity, so all of it must lie on one server. The
//! price is that a URL never outgrows a shard.
//!
//! 1. The shard depends on nothing but the URL and the number of shards: not on
//!    the machine, the run or the version of Rust.
//! 2. It is below the number of shards, always.
//!
//! The book's own code takes a signed hash modulo the shards, which in Java as
//! in Rust is negative for half of all URLs: [`signed_shard_of`] keeps that
//! defect, to be caught.
//!
//! Source: *Big Data*, Marz and Warren, chapter 10, on index partitioning.
use xxhash_rust::xxh3::xxh3_64;

/// The shard of `url` among `shards`, from 0.
///
/// XXH3 with 64 bits and seed 0 of the URL's bytes, a published function whose
/// values never change, modulo `shards`. O(length of the URL).
///
/// ```
/// use lambda_workbook::serving::shard_of;
///
/// assert_eq!(shard_of("mysite.com/blog", 4), shard_of("mysite.com/blog", 4));
/// assert!((0..1000).all(|page| shard_of(&format!("foo.com/{page}"), 7) < 7));
/// ```
///
/// # Panics
///
/// With no shards at all.
pub fn shard_of(url: &str, shards: u32) -> u32 {
    assert!(shards > 0, "a store has at least one shard");
    shard_of_hash(hash(url), shards)
}

/// The hash of a URL.
#[inline]
pub(super) fn hash(url: &str) -> u64 {
    xxh3_64(url.as_bytes())
}

#[inline]
pub(super) fn shard_of_hash(hash: u64, shards: u32) -> u32 {
    let shards = u64::from(shards);
    // The same, without a division, which takes longer than the hash.
    if shards.is_power_of_two() {
        return (hash & (shards - 1)) as u32;
    }
    (hash % shards) as u32
}

/// The defect: the same hash, taken as a signed number. Its remainder has the
/// sign of the hash, so that half of all URLs belong to a shard that is not
/// there.
///
/// ```
/// use lambda_workbook::serving::signed_shard_of;
///
/// let negative = (0..1000).filter(|page| signed_shard_of(&format!("foo.com/{page}"), 7) < 0);
/// assert!(negative.count() > 300);
/// ```
pub fn signed_shard_of(url: &str, shards: u32) -> i64 {
    hash(url) as i64 % i64::from(shards)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shards_of_known_urls_are_pinned() {
        let shards = ["", "mysite.com/", "mysite.com/blog", "é.com/"].map(|url| shard_of(url, 16));
        // A change here would lose every URL of every store that is there.
        assert_eq!(shards, PINNED);
        assert_eq!(xxh3_64(b""), 0x2D06_8005_38D3_94C2); // of the published specification
    }

    const PINNED: [u32; 4] = [2, 1, 15, 10];

    #[test]
    fn urls_spread_over_all_shards_evenly() {
        let mut of = [0u32; 16];
        for page in 0..16_000 {
            of[shard_of(&format!("mysite.com/page/{page}"), 16) as usize] += 1;
        }
        assert!(of.iter().all(|n| (850..1150).contains(n)), "{of:?}");
    }

    #[test]
    fn the_signed_remainder_of_the_book_leaves_the_shards() {
        let outside = (0..1000)
            .filter(|page| signed_shard_of(&format!("mysite.com/page/{page}"), 16) < 0)
            .count();
        assert!((400..600).contains(&outside), "{outside}");
    }

    proptest! {
        #[test]
        fn a_shard_is_one_of_the_shards(url in ".*", shards in 1u32..1000) {
            prop_assert!(shard_of(&url, shards) < shards);
        }
    }
}

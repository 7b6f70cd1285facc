//! The shard that holds a URL.
//!
//! The shard is chosen by the URL alone. A query asks for one URL over a range of time, and
//! may read buckets of any granularity for it; with all rows of a URL in one shard, it
//! needs one server. The price is that the rows of one URL cannot be spread over several
//! shards, however many they are.
//!
//! 1. The shard depends only on the URL and on the number of shards: not on the machine,
//!    the run or the version of Rust.
//! 2. The shard is always less than the number of shards.
//!
//! The code in the book takes a signed hash modulo the number of shards. In Java, as in
//! Rust, such a remainder is negative for about half of all URLs. [`signed_shard_of`]
//! reproduces that defect, so that a chapter can show it and a test can find it.
//!
//! Source: *Big Data*, Marz and Warren, chapter 10, on index partitioning.
use xxhash_rust::xxh3::xxh3_64;

/// Returns the shard of `url` among `shards` shards, counted from 0.
///
/// It is the 64-bit XXH3 of the URL's bytes with seed 0, modulo `shards`. XXH3 is a published
/// function, so its values never change. O(length of the URL).
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
/// If `shards` is 0.
pub fn shard_of(url: &str, shards: u32) -> u32 {
    assert!(shards > 0, "a store has at least one shard");
    shard_of_hash(hash(url), shards)
}

/// Returns the hash of a URL, which chooses its shard and its slot in the shortcut.
#[inline]
pub(super) fn hash(url: &str) -> u64 {
    xxh3_64(url.as_bytes())
}

/// Returns the shard of the URLs with this hash. `shards` must not be 0.
#[inline]
pub(super) fn shard_of_hash(hash: u64, shards: u32) -> u32 {
    (hash % u64::from(shards)) as u32
}

/// Returns what the code in the book computes: the remainder of the same hash, read as a
/// signed number. The remainder has the sign of the hash, so about half of all URLs get the
/// number of a shard that does not exist.
///
/// ```
/// use lambda_workbook::serving::signed_shard_of;
///
/// let negative = (0..1000).filter(|page| signed_shard_of(&format!("foo.com/{page}"), 7) < 0);
/// assert!(negative.count() > 300);
/// ```
///
/// # Panics
///
/// If `shards` is 0.
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
        // If these values changed, existing stores would no longer find their URLs.
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

//! A Bloom filter of people: small, never wrong about who is in it, and wrong
//! now and then about who is not.
//!
//! Each key sets k of m bits, chosen by its hash; a key whose bits are all set
//! may be in the filter, one with a bit unset is not. With b = m/n bits for each of
//! n keys, a key that is not in it passes with probability (1 - e^(-k/b))^k, least
//! at k = b ln 2, where it is 0.6185^b: 1 % at 9.6 bits, whatever a key's size.
//!
//! Source: Bloom (1970); Marz and Warren, "Big Data", section 18.1.
use super::recompute_error::RecomputeError;
use fastbloom::BloomFilter;
use lambda::datum::PersonId;
use std::collections::BTreeSet;
use std::f64::consts::LN_2;

/// All machines hash alike.
const SEED: u128 = 0x1A4B_DA00_B100_3F17;

/// A Bloom filter of people.
#[derive(Clone, Debug)]
pub struct KeyFilter {
    bits: BloomFilter,
}

impl KeyFilter {
    /// A filter of these keys with so many bits for each, rounded up to 64 in all,
    /// and the best number of hashes. O(n k).
    ///
    /// ```
    /// use lambda_workbook::datum::PersonId;
    /// use lambda_workbook::systems::KeyFilter;
    /// let keys: Vec<PersonId> = (0..1_000).map(PersonId::UserId).collect();
    /// let filter = KeyFilter::with_bits_per_key(&keys, 10.0)?;
    /// assert!(keys.iter().all(|key| filter.might_contain(key)));
    /// let others = (1_000..11_000).map(PersonId::UserId);
    /// let passed = others.filter(|key| filter.might_contain(key)).count();
    /// assert!((50..150).contains(&passed)); // 0.8 % of 10,000 are expected
    /// assert_eq!((filter.bytes(), filter.hashes()), (1_256, 7));
    /// # Ok::<(), lambda_workbook::systems::RecomputeError>(())
    /// ```
    ///
    /// # Errors
    /// Bits not above 0, or more than 64 a key.
    pub fn with_bits_per_key<'a>(
        keys: impl IntoIterator<Item = &'a PersonId>,
        bits_per_key: f64,
    ) -> Result<Self, RecomputeError> {
        if !(bits_per_key > 0.0 && bits_per_key <= 64.0) {
            return Err(RecomputeError::BitsPerKey(bits_per_key));
        }
        let keys: BTreeSet<&PersonId> = keys.into_iter().collect();
        let bits = (keys.len() as f64 * bits_per_key).ceil().max(1.0) as usize;
        let filter = BloomFilter::with_num_bits(bits).seed(&SEED);
        let mut filter = filter.hashes(hashes(bits_per_key));
        keys.into_iter().for_each(|key| {
            filter.insert(key);
        });
        Ok(KeyFilter { bits: filter })
    }

    /// A filter that others pass at this rate: above 0 and below 1.
    pub fn with_false_positives<'a>(
        keys: impl IntoIterator<Item = &'a PersonId>,
        rate: f64,
    ) -> Result<Self, RecomputeError> {
        if !(rate > 0.0 && rate < 1.0) {
            return Err(RecomputeError::FalsePositives(rate));
        }
        Self::with_bits_per_key(keys, bits_per_key(rate).min(64.0))
    }

    /// False only if the key was never put in. O(k).
    pub fn might_contain(&self, key: &PersonId) -> bool {
        self.bits.contains(key)
    }

    /// Bytes of its bits.
    pub fn bytes(&self) -> usize {
        self.bits.num_bits() / 8
    }

    /// k, bits that a key sets.
    pub fn hashes(&self) -> u32 {
        self.bits.num_hashes()
    }

    /// The filter as it is sent: k, then its bits.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.hashes().to_le_bytes().to_vec();
        bytes.extend(self.bits.iter().flat_map(u64::to_le_bytes));
        bytes
    }

    /// The filter that was sent.
    ///
    /// # Errors
    /// Bytes that are no filter.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecomputeError> {
        let damaged = RecomputeError::Damaged {
            what: "a filter is four bytes and words of eight",
            at: bytes.len(),
        };
        let Some((hashes, words)) = bytes.split_first_chunk::<4>() else {
            return Err(damaged);
        };
        let (words, rest) = words.as_chunks::<8>();
        let hashes = u32::from_le_bytes(*hashes);
        // More than 64 bits a key are never made; nor are more hashes.
        if words.is_empty() || !rest.is_empty() || !(1..=64).contains(&hashes) {
            return Err(damaged);
        }
        let words = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let bits = BloomFilter::from_vec(words).seed(&SEED).hashes(hashes);
        Ok(KeyFilter { bits })
    }
}

/// k for so many bits a key.
pub(super) fn hashes(bits_per_key: f64) -> u32 {
    (bits_per_key * LN_2).round().max(1.0) as u32
}

/// The bits a key that a rate of false positives needs: -ln(rate) / (ln 2)^2.
///
/// ```
/// # use lambda_workbook::systems::bits_per_key;
/// assert!((bits_per_key(0.01) - 9.585).abs() < 0.001);
/// ```
pub fn bits_per_key(rate: f64) -> f64 {
    -rate.ln() / (LN_2 * LN_2)
}

/// The rate of false positives that so many bits a key should have, with k rounded.
///
/// ```
/// # use lambda_workbook::systems::false_positives;
/// assert!((false_positives(10.0) - 0.0082).abs() < 0.0001);
/// ```
pub fn false_positives(bits_per_key: f64) -> f64 {
    let k = f64::from(hashes(bits_per_key));
    (1.0 - (-k / bits_per_key).exp()).powf(k)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn people(ids: impl IntoIterator<Item = i64>) -> Vec<PersonId> {
        ids.into_iter().map(PersonId::UserId).collect()
    }

    #[test]
    fn false_positives_are_as_many_as_the_formula_says() {
        let keys = people(0..5_000);
        let others = people(5_000..205_000);
        for bits in [2.0, 4.0, 6.0, 8.0, 10.0, 12.0] {
            let filter = KeyFilter::with_bits_per_key(&keys, bits).unwrap();
            let passed = others
                .iter()
                .filter(|key| filter.might_contain(key))
                .count() as f64;
            let expected = false_positives(bits) * others.len() as f64;
            // Within five standard deviations and 5 % for the chance of the filter itself.
            let bound = 5.0 * expected.sqrt() + 0.05 * expected;
            assert!(
                (passed - expected).abs() < bound,
                "{bits} bits: {passed}, {expected}"
            );
        }
    }

    #[test]
    fn a_filter_that_cannot_be_is_refused() {
        let keys = people(0..3);
        for bits in [0.0, -1.0, f64::NAN, f64::INFINITY, 65.0] {
            assert!(KeyFilter::with_bits_per_key(&keys, bits).is_err(), "{bits}");
        }
        for rate in [0.0, 1.0, 2.0, f64::NAN] {
            assert!(
                KeyFilter::with_false_positives(&keys, rate).is_err(),
                "{rate}"
            );
        }
        assert!(KeyFilter::from_bytes(&[1, 0, 0]).is_err());
        assert!(KeyFilter::from_bytes(&[1, 0, 0, 0, 1]).is_err());
        assert!(KeyFilter::from_bytes(&[0; 12]).is_err());
    }

    #[test]
    fn an_empty_filter_lets_nobody_pass() {
        let filter = KeyFilter::with_false_positives(&[], 0.5).unwrap();
        assert!(
            people(0..1_000)
                .iter()
                .all(|key| !filter.might_contain(key))
        );
    }

    proptest! {
        #[test]
        fn a_filter_never_misses_a_key_also_after_it_was_sent(
            ids in prop::collection::vec(any::<i64>(), 0..50),
            cookies in prop::collection::vec("[A-Z]{0,9}", 0..50),
            bits in 0.01f64..64.0,
        ) {
            let mut keys = people(ids);
            keys.extend(cookies.into_iter().map(PersonId::Cookie));
            let filter = KeyFilter::with_bits_per_key(&keys, bits).unwrap();
            let sent = KeyFilter::from_bytes(&filter.to_bytes()).unwrap();
            prop_assert!(keys.iter().all(|key| filter.might_contain(key) && sent.might_contain(key)));
        }
    }
}

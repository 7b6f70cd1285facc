//! Numbers that look random and are the same in every run.

/// Returns a 64-bit number that depends on the seed and on two more numbers, and on nothing
/// else. Any two different inputs give numbers that are independent for our purposes: it is
/// the XXH3 of their bytes.
pub(super) fn drawn(seed: u64, a: u64, b: u64) -> u64 {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&a.to_le_bytes());
    bytes[16..].copy_from_slice(&b.to_le_bytes());
    xxhash_rust::xxh3::xxh3_64(&bytes)
}

/// Returns a number that is at least 0 and less than 1, drawn as [`drawn`].
pub(super) fn share(seed: u64, a: u64, b: u64) -> f64 {
    // A float holds 53 bits exactly.
    (drawn(seed, a, b) >> 11) as f64 / (1u64 << 53) as f64
}

//! The binary format of one append, which is one entry of the storage engine.
//!
//! ```text
//! key    partition (u32, big-endian), offset of the first record (u64, big-endian)
//! value  number of records (u32), then for each record:
//!        length of its key (u32), length of its value (u32), key, value
//! ```
//!
//! The numbers of a key are big-endian, so that entries sort by partition and then by
//! offset. The numbers of a value are little-endian.
use super::error::{Result, SpeedError};
use super::log::Records;

/// Returns the engine's key of the entry whose first record has this offset.
pub(super) fn entry_key(partition: u32, offset: u64) -> [u8; 12] {
    let mut key = [0; 12];
    key[..4].copy_from_slice(&partition.to_be_bytes());
    key[4..].copy_from_slice(&offset.to_be_bytes());
    key
}

/// Returns the offset of an entry's first record, read from the engine's key.
pub(super) fn offset_of(key: &[u8]) -> u64 {
    key[4..].try_into().map_or(0, u64::from_be_bytes)
}

/// Encodes the records of one append, each a (key, value) pair, as an entry's value.
pub(super) fn entry(records: &[(&[u8], &[u8])]) -> Vec<u8> {
    let bytes: usize = records.iter().map(|(k, v)| 8 + k.len() + v.len()).sum();
    let mut entry = Vec::with_capacity(4 + bytes);
    entry.extend((records.len() as u32).to_le_bytes());
    for (key, value) in records {
        entry.extend((key.len() as u32).to_le_bytes());
        entry.extend((value.len() as u32).to_le_bytes());
        entry.extend_from_slice(key);
        entry.extend_from_slice(value);
    }
    entry
}

/// Returns the number of records of an entry.
///
/// # Errors
/// If the entry is shorter than its header.
pub(super) fn count_of(entry: &[u8]) -> Result<u32> {
    let head = entry.first_chunk().ok_or_else(damaged)?;
    Ok(u32::from_le_bytes(*head))
}

/// Returns the error for an entry that cannot be decoded.
pub(super) fn damaged() -> SpeedError {
    SpeedError::Damaged {
        what: "an entry is missing or ends too early",
        place: "the log".to_owned(),
    }
}

/// Decodes the entry's records and pushes them to `records`, without the first `skip`, until
/// `records` has `n`.
///
/// # Errors
/// If the entry ends before its last record.
pub(super) fn unpack(entry: &[u8], skip: u64, n: usize, records: &mut Records) -> Result<()> {
    let mut rest = &entry[4..];
    for index in 0..count_of(entry)? {
        let (head, tail) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
        let length =
            |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap_or_default());
        let (key, value) = (length(0) as usize, length(4) as usize);
        let (record, after) = tail.split_at_checked(key + value).ok_or_else(damaged)?;
        if u64::from(index) >= skip {
            if records.len() == n {
                break;
            }
            records.push(&record[..key], &record[key..]);
        }
        rest = after;
    }
    Ok(())
}

//! The binary format of a cell: the storage engine's key and value for it.
//!
//! ```text
//! key    row (escaped), 00 01, qualifier, timestamp (only in families of several versions)
//! value  timestamp (i64, big-endian), value
//! ```
//!
//! A zero byte of a row is escaped as `00 ff`. So the end mark `00 01` cannot occur in a row,
//! and a row sorts before every longer row that begins with it. The timestamp of a key is
//! inverted, so that the newest version sorts first.
use super::error::{Result, SpeedError};
use super::store::Cell;

/// Escapes the bytes of a row, without the end mark.
pub(super) fn escaped(row: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(row.len() + 24);
    for &byte in row {
        key.push(byte);
        if byte == 0 {
            key.push(0xff);
        }
    }
    key
}

/// Returns the engine's key of a cell, without the timestamp of a version.
pub(super) fn key_of(row: &[u8], qualifier: &[u8]) -> Vec<u8> {
    let mut key = escaped(row);
    key.extend([0, 1]);
    key.extend_from_slice(qualifier);
    key
}

/// Splits an engine's key into the row and what follows its end mark; `None` if there is no
/// end mark.
pub(super) fn split(key: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut row = Vec::new();
    let mut rest = key;
    loop {
        match rest {
            [0, 1, qualifier @ ..] => return Some((row, qualifier)),
            [0, 0xff, more @ ..] => {
                row.push(0);
                rest = more;
            }
            [byte, more @ ..] => {
                row.push(*byte);
                rest = more;
            }
            [] => return None,
        }
    }
}

/// Encodes a timestamp so that larger timestamps sort first.
pub(super) fn version_key(timestamp: i64) -> [u8; 8] {
    (!(timestamp as u64 ^ 1 << 63)).to_be_bytes()
}

/// Encodes a cell as the engine's value.
pub(super) fn bytes_of(cell: &Cell) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + cell.value.len());
    bytes.extend(cell.timestamp.to_be_bytes());
    bytes.extend_from_slice(&cell.value);
    bytes
}

/// Decodes a cell from the engine's value.
///
/// # Errors
/// If there are fewer than the eight bytes of the timestamp.
pub(super) fn cell(bytes: &[u8]) -> Result<Cell> {
    let (head, value) = bytes.split_first_chunk().ok_or_else(damaged)?;
    Ok(Cell {
        timestamp: i64::from_be_bytes(*head),
        value: value.to_vec(),
    })
}

/// Returns the error for a key or value that cannot be decoded.
pub(super) fn damaged() -> SpeedError {
    SpeedError::Damaged {
        what: "a cell has no timestamp, or its key no end mark",
        place: "the realtime store".to_owned(),
    }
}

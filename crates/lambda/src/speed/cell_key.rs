//! A cell as the storage engine's key and value.
//!
//! A key is the row, an end mark, the qualifier, and in families of several
//! versions the timestamp, the newest first. Zero bytes of a row are written as
//! two, so that the end mark sorts before every longer row. A value is preceded by
//! its timestamp.
use super::error::{Result, SpeedError};
use super::store::Cell;

/// The row's bytes as they stand in keys, without the end mark.
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

pub(super) fn key_of(row: &[u8], qualifier: &[u8]) -> Vec<u8> {
    let mut key = escaped(row);
    key.extend([0, 1]);
    key.extend_from_slice(qualifier);
    key
}

/// Row and what follows its end mark.
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

/// The newest version sorts first.
pub(super) fn version_key(timestamp: i64) -> [u8; 8] {
    (!(timestamp as u64 ^ 1 << 63)).to_be_bytes()
}

pub(super) fn bytes_of(cell: &Cell) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + cell.value.len());
    bytes.extend(cell.timestamp.to_be_bytes());
    bytes.extend_from_slice(&cell.value);
    bytes
}

pub(super) fn cell(bytes: &[u8]) -> Result<Cell> {
    let (head, value) = bytes.split_first_chunk().ok_or_else(damaged)?;
    Ok(Cell {
        timestamp: i64::from_be_bytes(*head),
        value: value.to_vec(),
    })
}

pub(super) fn damaged() -> SpeedError {
    SpeedError::Damaged {
        what: "a cell without a timestamp",
        place: "the realtime store".to_owned(),
    }
}

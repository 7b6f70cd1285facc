//! Where the files of a store's version lie.
//!
//! ```text
//! header                        what the version holds
//! shard-00/                     index.fst, shortcut, values, checksums
//! ```
//!
//! A store is a folder of such versions ([`crate::versions`]); the views of a batch run
//! hold three of them.
use super::error::Result;
use super::header;
use super::shard::Shard;
use super::shard_writer::Identity;
use std::path::Path;

pub(super) const HEADER: &str = "header";

pub(super) fn shard_name(shard: u32) -> String {
    format!("shard-{shard:02}")
}

pub(super) fn identity(version: u64, shard: u32) -> Identity {
    Identity {
        format: header::FORMAT,
        version,
        shard,
    }
}

/// Opens one shard of the version in `folder`.
pub(super) fn open_shard(folder: &Path, version: u64, shard: u32) -> Result<Shard> {
    Shard::open(&folder.join(shard_name(shard)), identity(version, shard))
}

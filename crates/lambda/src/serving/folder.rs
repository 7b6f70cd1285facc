//! The files of one version of a store.
//!
//! ```text
//! header                        what the version holds, as text
//! shard-00/                     index.fst, shortcut, values, checksums
//! shard-01/                     ...
//! ```
//!
//! A [`Store`](super::Store) is a folder of such versions ([`crate::versions`]). A version of
//! the views of a batch run holds up to four stores of this form, one for each view, and the
//! [table of persons](super::PersonTable).
use super::error::Result;
use super::header;
use super::shard::Shard;
use super::shard_writer::Identity;
use std::path::Path;

/// Returns the name of a shard's folder.
pub(super) fn shard_name(shard: u32) -> String {
    format!("shard-{shard:02}")
}

/// Returns what identifies a shard that this program writes or reads.
pub(super) fn identity(version: u64, shard: u32) -> Identity {
    Identity {
        format: header::FORMAT,
        version,
        shard,
    }
}

/// Opens one shard of the version in `folder`.
///
/// # Errors
/// As [`Shard::open`].
pub(super) fn open_shard(folder: &Path, version: u64, shard: u32) -> Result<Shard> {
    Shard::open(&folder.join(shard_name(shard)), identity(version, shard))
}

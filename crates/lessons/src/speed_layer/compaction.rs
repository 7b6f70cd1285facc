//! What random writes cost the disk: compaction, seen.
//!
//! An LSM tree never changes a file. An update is a new entry in a new file, and
//! the old one stays until files are merged. Without compaction the disk fills
//! and a read looks into ever more files; with it, the same bytes are written
//! again and again. The serving store has none of this: it takes no random writes.
use lambda::speed::Result;
use lambda::speed::{EmbeddedStore, RealtimeStoreOptions};
use lambda::speed::{Family, Mutation, RealtimeStore};
use polars::prelude::{DataFrame, df};
use std::path::Path;
use std::time::{Duration, Instant};

/// The store after a round of updates.
#[derive(Clone, Debug)]
pub struct CompactionRound {
    pub how: &'static str,
    pub round: u32,
    /// Bytes of keys and values written by the caller so far.
    pub written: u64,
    /// Bytes that the store wrote into files so far; with a journal, twice at least.
    pub to_disk: u64,
    pub files: usize,
    pub bytes: u64,
    /// Of one random read.
    pub read: Duration,
}

/// Rows that are updated again and again.
const ROWS: u64 = 2_000;
/// Rounds; a store without compaction must not have 20 files.
const ROUNDS: u32 = 12;

/// Updates every row in each of twelve rounds, with a file for each round; with
/// compaction, files are merged every fourth round.
pub fn rounds(folder: &Path, compacted: bool) -> Result<Vec<CompactionRound>> {
    let options = RealtimeStoreOptions {
        compaction: false,
        ..RealtimeStoreOptions::default()
    };
    let store = EmbeddedStore::open_with(folder, &[Family::new("n")], options)?;
    let how = if compacted {
        "merged every 4 rounds"
    } else {
        "never merged"
    };
    let (mut rounds, mut written, mut to_disk) = (Vec::new(), 0, 0);
    for round in 1..=ROUNDS {
        let value = [round as u8; 100];
        let mutations: Vec<Mutation> = (0..ROWS)
            .map(|row| Mutation::of(row.to_be_bytes()).put("n", "n", 0, value))
            .collect();
        store.apply(&mutations)?;
        written += ROWS * (8 + 1 + 100);
        let before = store.file_bytes("n")?;
        store.flush("n")?;
        let flushed = store.file_bytes("n")? - before;
        to_disk += flushed;
        if compacted && round % 4 == 0 {
            store.compact("n")?;
            // Everything that is left was written anew.
            to_disk += store.file_bytes("n")?;
        }
        let started = Instant::now();
        let reader = store.reader();
        for row in (0..ROWS).step_by(7) {
            reader.get(&row.to_be_bytes(), "n", b"n")?;
        }
        let read = started.elapsed() / (ROWS / 7) as u32;
        drop(reader);
        rounds.push(CompactionRound {
            how,
            round,
            written,
            to_disk,
            files: store.files("n")?,
            bytes: store.file_bytes("n")?,
            read,
        });
    }
    Ok(rounds)
}

impl CompactionRound {
    /// One row for each: `how`, `round`, `files`, `kilobytes`, `amplification`,
    /// `read_us`.
    pub fn frame(rounds: &[Self]) -> DataFrame {
        df!(
            "how" => rounds.iter().map(|r| r.how).collect::<Vec<_>>(),
            "round" => rounds.iter().map(|r| i64::from(r.round)).collect::<Vec<_>>(),
            "files" => rounds.iter().map(|r| r.files as i64).collect::<Vec<_>>(),
            "kilobytes" => rounds.iter().map(|r| (r.bytes / 1000) as i64).collect::<Vec<_>>(),
            "amplification" => rounds.iter().map(|r| r.to_disk as f64 / r.written as f64).collect::<Vec<_>>(),
            "read_us" => rounds.iter().map(|r| r.read.as_secs_f64() * 1e6).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_compaction_the_disk_grows_with_it_the_writes() {
        let folder = tempfile::tempdir().unwrap();
        let never = rounds(&folder.path().join("never"), false).unwrap();
        let merged = rounds(&folder.path().join("merged"), true).unwrap();
        let (never, merged) = (&never[11], &merged[11]);
        assert_eq!((never.files, merged.files), (12, 1));
        assert!(never.bytes > 10 * merged.bytes, "{never:?} {merged:?}");
        assert!(merged.to_disk > never.to_disk, "{never:?} {merged:?}");
    }
}

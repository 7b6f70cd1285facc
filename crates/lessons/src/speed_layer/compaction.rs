//! What random writes cost the disk: compaction, seen.
//!
//! An LSM tree never changes a file. An update is a new entry in a new file, and
//! the old one stays until files are merged. Without compaction the disk fills
//! and a read looks into ever more files; with it, the same bytes are written
//! again and again. The serving store has none of this: it takes no random writes.
use lambda::speed::Result;
use lambda::speed::{EmbeddedStore, RealtimeStoreOptions};
use lambda::speed::{Family, Mutation, RealtimeStore};
use notebook::plot::{self, Figure};
use polars::prelude::{Column, DataFrame, PolarsResult, df};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// The store after a round of updates.
#[derive(Clone, Debug)]
pub struct CompactionRound {
    /// Which rows are updated, and when files are merged.
    pub how: &'static str,
    /// The round, from 1; round 0 writes all rows for the first time.
    pub round: u32,
    /// Bytes of keys and values written by the caller so far, with round 0.
    pub written: u64,
    /// Bytes that the store wrote into its files so far. The journal, into which every write goes
    /// first, is not in it.
    pub to_disk: u64,
    /// Files after the round.
    pub files: usize,
    /// Bytes of the files after the round.
    pub bytes: u64,
    /// Bytes of the files at the moment of the round at which they took the most space: during a
    /// merge the old files and the new one.
    pub most: u64,
}

/// How rows are updated and files are merged.
#[derive(Clone, Copy, Debug)]
pub struct CompactionPlan {
    /// The plan in words.
    pub how: &'static str,
    /// The number of rows, of 2,000, that a round updates.
    pub updated: u64,
    /// Files are merged after every so many rounds; `None` for never.
    pub every: Option<u32>,
}

impl CompactionPlan {
    /// Four plans: all rows are updated in each round or one in ten, and files are never merged or
    /// every four rounds.
    pub const ALL: [CompactionPlan; 4] = [
        CompactionPlan {
            how: "all, never merged",
            updated: ROWS,
            every: None,
        },
        CompactionPlan {
            how: "all, merged",
            updated: ROWS,
            every: Some(4),
        },
        CompactionPlan {
            how: "a tenth, never merged",
            updated: ROWS / 10,
            every: None,
        },
        CompactionPlan {
            how: "a tenth, merged",
            updated: ROWS / 10,
            every: Some(4),
        },
    ];
}

/// Rows that are updated again and again.
const ROWS: u64 = 2_000;
/// Rounds; a store without compaction must not have 20 files.
const ROUNDS: u32 = 12;
/// Bytes of a row's key, its cell's name and its value.
const ROW_BYTES: u64 = 8 + 1 + 100;

/// Writes all rows once, then updates some of them in each of twelve rounds, with a file for each
/// round, and merges the files when the plan says so.
///
/// # Errors
/// If the folder cannot be written.
pub fn rounds(folder: &Path, plan: CompactionPlan) -> Result<Vec<CompactionRound>> {
    let options = RealtimeStoreOptions {
        compaction: false,
        ..RealtimeStoreOptions::default()
    };
    let store = EmbeddedStore::open_with(folder, &[Family::new("n")], options)?;
    let (mut rounds, mut written, mut to_disk) = (Vec::new(), 0, 0);
    for round in 0..=ROUNDS {
        // Update rows, a run of them that begins where the last round's ended.
        let updated = if round == 0 { ROWS } else { plan.updated };
        let first = u64::from(round) * plan.updated;
        let value = [round as u8; 100];
        let mutations: Vec<Mutation> = (first..first + updated)
            .map(|row| Mutation::of((row % ROWS).to_be_bytes()).put("n", "n", 0, value))
            .collect();
        store.apply(&mutations)?;
        written += updated * ROW_BYTES;

        // The memtable becomes a file.
        let before = store.file_bytes("n")?;
        store.flush("n")?;
        let flushed = store.file_bytes("n")?;
        to_disk += flushed - before;
        let mut most = flushed;

        // A merge writes everything that is left anew, beside the old files.
        if plan
            .every
            .is_some_and(|every| round > 0 && round % every == 0)
        {
            store.compact("n")?;
            let merged = store.file_bytes("n")?;
            to_disk += merged;
            most += merged;
        }
        if round > 0 {
            rounds.push(CompactionRound {
                how: plan.how,
                round,
                written,
                to_disk,
                files: store.files("n")?,
                bytes: store.file_bytes("n")?,
                most,
            });
        }
    }
    Ok(rounds)
}

/// Runs all four plans of [`CompactionPlan::ALL`], each in a folder of its own.
///
/// # Errors
/// If the folder cannot be written.
pub fn plans(folder: &Path) -> Result<Vec<CompactionRound>> {
    let mut all = Vec::new();
    for (n, plan) in CompactionPlan::ALL.into_iter().enumerate() {
        all.extend(rounds(&folder.join(n.to_string()), plan)?);
    }
    Ok(all)
}

impl CompactionRound {
    /// One row for each: `how`, `round`, `files`, `kilobytes`, `KB given` to the store, `KB written`
    /// into its files, `peak kilobytes` and `amplification`, which is bytes written by bytes given, to
    /// one decimal.
    pub fn frame(rounds: &[Self]) -> DataFrame {
        let amplification = |r: &Self| (10.0 * r.to_disk as f64 / r.written as f64).round() / 10.0;
        df!(
            "how" => rounds.iter().map(|r| r.how).collect::<Vec<_>>(),
            "round" => rounds.iter().map(|r| i64::from(r.round)).collect::<Vec<_>>(),
            "files" => rounds.iter().map(|r| r.files as i64).collect::<Vec<_>>(),
            "kilobytes" => rounds.iter().map(|r| (r.bytes / 1000) as i64).collect::<Vec<_>>(),
            "KB given" => rounds.iter().map(|r| (r.written / 1000) as i64).collect::<Vec<_>>(),
            "KB written" => rounds.iter().map(|r| (r.to_disk / 1000) as i64).collect::<Vec<_>>(),
            "peak kilobytes" => rounds.iter().map(|r| (r.most / 1000) as i64).collect::<Vec<_>>(),
            "amplification" => rounds.iter().map(amplification).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }

    /// The end of each run: its last round, with the largest peak of all of its rounds.
    pub fn ends(rounds: &[Self]) -> Vec<Self> {
        let runs = rounds.chunk_by(|a, b| a.how == b.how);
        let end = |run: &[Self]| {
            let most = run.iter().map(|round| round.most).max()?;
            let last = run.last()?.clone();
            Some(CompactionRound { most, ..last })
        };
        runs.filter_map(end).collect()
    }

    /// The space over time, for a line chart: `round`, `kilobytes` and `how`. A round in which files
    /// were merged has three points: before the merge, the peak and what is left.
    pub fn space(rounds: &[Self]) -> DataFrame {
        let mut points: Vec<(f64, i64, &str)> = Vec::new();
        for round in rounds {
            let at = f64::from(round.round);
            if round.most > round.bytes {
                // At the peak the old files and the new one are there.
                let before = round.most - round.bytes;
                points.push((at, (before / 1000) as i64, round.how));
                points.push((at, (round.most / 1000) as i64, round.how));
            }
            points.push((at, (round.bytes / 1000) as i64, round.how));
        }
        df!(
            "round" => points.iter().map(|point| point.0).collect::<Vec<_>>(),
            "kilobytes" => points.iter().map(|point| point.1).collect::<Vec<_>>(),
            "how" => points.iter().map(|point| point.2).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }
}

impl CompactionRound {
    /// Draws [`CompactionRound::space`] in two panels: the runs that update all rows, and those that
    /// update one in ten, which take so much less that they need a scale of their own.
    ///
    /// # Errors
    /// None in practice: the columns are there.
    pub fn space_chart(rounds: &[Self]) -> PolarsResult<Figure> {
        let panel = |begins: &str, title: &str| {
            let of: Vec<Self> = { rounds.iter() }
                .filter(|round| round.how.starts_with(begins))
                .cloned()
                .collect();
            plot::lines(&Self::space(&of), "round", "kilobytes")
                .by("how")
                .title(title)
                .figure()
        };
        let all = panel("all", "Space on the disk, all rows updated in each round")?;
        let tenth = panel("a tenth", "The same, one row in ten updated")?;
        Ok(all.above(&tenth))
    }
}

/// A compaction, watched while queries go on.
#[derive(Clone, Debug)]
pub struct CompactionWatch {
    /// Megabytes of the data files before it, at most while it ran, and after it, when no reader has
    /// the old ones open.
    pub megabytes: [f64; 3],
    /// Random reads before it, while it ran, and after it: microseconds that half of them took at
    /// most, and 99 of 100.
    pub micros: [(f64, f64); 3],
    /// How long it took, in milliseconds.
    pub took_ms: f64,
}

/// The phases of a [`CompactionWatch`].
const PHASES: [&str; 3] = ["before", "while it runs", "after"];
/// Rows of a watched store, and how often each of them is written.
const WATCHED: (u64, u8) = (60_000, 5);
/// Random reads before and after the compaction.
const READS: u64 = 4_000;

/// Writes 60,000 rows five times, a file each time, and merges the five files while another thread
/// reads random rows and looks at the space that the data files take.
///
/// # Errors
/// If the folder cannot be written or read.
pub fn watched(folder: &Path) -> Result<CompactionWatch> {
    let options = RealtimeStoreOptions {
        compaction: false,
        ..RealtimeStoreOptions::default()
    };
    let store = EmbeddedStore::open_with(folder, &[Family::new("n")], options)?;
    let (rows, times) = WATCHED;
    for time in 0..times {
        for some in (0..rows).collect::<Vec<_>>().chunks(10_000) {
            let put = |row: &u64| Mutation::of(row.to_be_bytes()).put("n", "n", 0, [time; 100]);
            store.apply(&some.iter().map(put).collect::<Vec<_>>())?;
        }
        store.flush("n")?;
    }
    // One reads a random row and says how long it took. Rows are drawn by a multiplier.
    let read = |n: u64| -> Result<f64> {
        let row = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % rows;
        let started = Instant::now();
        store.reader().get(&row.to_be_bytes(), "n", b"n")?;
        Ok(started.elapsed().as_secs_f64() * 1e6)
    };
    let reads = |from: u64| (from..from + READS).map(read).collect::<Result<Vec<f64>>>();
    let megabytes = |bytes: u64| bytes as f64 / 1e6;

    let (before, space_before) = (reads(0), bytes_in(folder));
    let done = AtomicBool::new(false);
    let (during, most, took) = std::thread::scope(|scope| -> Result<_> {
        let watch = scope.spawn(|| -> Result<(Vec<f64>, u64)> {
            let (mut times, mut most, mut n) = (Vec::new(), space_before, READS);
            while !done.load(Ordering::SeqCst) {
                times.push(read(n)?);
                n += 1;
                if n.is_multiple_of(50) {
                    most = most.max(bytes_in(folder));
                }
            }
            Ok((times, most))
        });
        let started = Instant::now();
        let compacted = store.compact("n");
        let took = started.elapsed();
        done.store(true, Ordering::SeqCst);
        let (times, most) = watch.join().expect("the reader does not panic")?;
        compacted.map(|()| (times, most, took))
    })?;
    let after = reads(2 * READS)?;
    // The old files are removed once nothing has them open.
    drop(store);
    Ok(CompactionWatch {
        megabytes: [space_before, most, bytes_in(folder)].map(megabytes),
        micros: [before?, during, after].map(half_and_99),
        took_ms: took.as_secs_f64() * 1e3,
    })
}

/// Returns the times that half of some reads took at most, and 99 of 100; zeros if there are none.
fn half_and_99(mut times: Vec<f64>) -> (f64, f64) {
    times.sort_unstable_by(f64::total_cmp);
    let at = |share: usize| times.get(times.len() * share / 100).copied();
    (at(50).unwrap_or(0.0), at(99).unwrap_or(0.0))
}

/// Returns the bytes of all data files below a folder, those in folders named `tables`; the journal
/// is none of them. Files may disappear meanwhile.
fn bytes_in(folder: &Path) -> u64 {
    let is_table = folder.file_name().is_some_and(|name| name == "tables");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => bytes_in(&entry.path()),
        Ok(_) if is_table => entry.metadata().map_or(0, |found| found.len()),
        _ => 0,
    });
    bytes.sum()
}

impl CompactionWatch {
    /// A row for each phase: `phase`, then for each of some watched compactions, by name, the
    /// columns `NAME MB` and `NAME 99 % us`: megabytes on the disk, and the microseconds within which
    /// 99 of 100 reads were answered.
    pub fn frame(watches: &[(&str, &Self)]) -> DataFrame {
        let mut columns = vec![Column::new("phase".into(), PHASES)];
        let short = |number: f64| (number * 10.0).round() / 10.0;
        for (name, watch) in watches {
            let slow = watch.micros.map(|times| short(times.1));
            columns.push(Column::new(
                format!("{name} MB").into(),
                watch.megabytes.map(short),
            ));
            columns.push(Column::new(format!("{name} 99 % us").into(), slow));
        }
        DataFrame::new(PHASES.len(), columns).expect("columns of one length")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_compaction_the_disk_grows_with_it_the_writes() {
        let folder = tempfile::tempdir().unwrap();
        let all = plans(folder.path()).unwrap();
        let ends = CompactionRound::ends(&all);
        let [never, merged, few_never, few_merged] = &ends[..] else {
            panic!("four plans: {ends:?}");
        };
        assert_eq!((never.files, merged.files), (13, 1));
        assert!(never.bytes > 10 * merged.bytes, "{never:?} {merged:?}");
        assert!(merged.to_disk > never.to_disk, "{never:?} {merged:?}");
        // A merge needs room for the old files and the new one.
        assert!(merged.most > 5 * merged.bytes, "{merged:?}");
        // Where few rows change, a merge writes mostly what has not changed.
        let amplification = |end: &CompactionRound| end.to_disk as f64 / end.written as f64;
        assert!(
            amplification(few_merged) > 1.5 * amplification(merged),
            "{ends:?}"
        );
        assert!(amplification(few_never) < 1.2, "{few_never:?}");
        assert_eq!(CompactionRound::frame(&all).height(), 48);
        // Each of three merges is a spike: before it, its peak, and what is left.
        let space = CompactionRound::space(&all[12..24]);
        assert_eq!(space.height(), 12 + 2 * 3);
        show::picture::assert_sound(&CompactionRound::space_chart(&all).unwrap());
    }

    #[test]
    fn a_watched_compaction_needs_more_space_while_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        let watch = watched(folder.path()).unwrap();
        let [before, most, after] = watch.megabytes;
        assert!(most >= before && after < before / 3.0, "{watch:?}");
        let table = CompactionWatch::frame(&[("", &watch)]);
        assert_eq!(table.shape(), (3, 3));
    }
}

//! What was measured once, for readers of a page without a kernel, and what ran once on real systems,
//! for readers without them. Times are not tested, because they differ from run to run; a reader
//! compares their own beside them. What the real systems keep is tested on them, in
//! `crates/connect/tests/chapter.rs`.
use super::compaction::CompactionWatch;
use super::retry::Retried;
use polars::prelude::{DataFrame, PolarsResult, df};

/// The machine and the day of the samples.
pub const MACHINE: &str = "a virtual machine with 2 cores of an Intel Xeon, Linux, 2026-11-30";

/// The same in a few words, for the title of a picture.
pub(super) const BURST_TAKEN: &str = "sample of 2026-11-30, a virtual machine with 2 cores";

/// A run of [`measured`](super::burst::measured), synchronous and asynchronous, with synced writes and
/// then without: the microseconds that half of the clients waited at most, and 99 of 100, and the
/// milliseconds until all events were in the view.
pub(super) const BURST: [[i64; 3]; 4] = [
    [953, 66_087, 165],
    [1_322, 25_942, 245],
    [4, 21, 2],
    [2, 12_456, 16],
];

/// A run of [`under_load`](super::burst::under_load): `way,ms,waiting` in each line.
const WAITING: &str = include_str!("samples/burst.csv");

/// Returns the table of a run of [`under_load`](super::burst::under_load).
///
/// # Errors
/// None: the file is a part of the program.
pub(super) fn burst() -> PolarsResult<DataFrame> {
    let rows: Vec<(&str, i64, i64)> = WAITING
        .lines()
        .filter_map(|line| {
            let (way, numbers) = line.split_once(',')?;
            let (ms, waiting) = numbers.split_once(',')?;
            Some((way, ms.parse().ok()?, waiting.parse().ok()?))
        })
        .collect();
    df!(
        "ms" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "way" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "waiting" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    )
}

/// A compaction of [`watched`](super::compaction::watched).
pub const COMPACTION: CompactionWatch = CompactionWatch {
    megabytes: [37.2, 44.5, 7.4],
    micros: [(6.8, 19.3), (6.9, 19.9), (11.0, 33.3)],
    took_ms: 827.0,
};

/// A major compaction of HBase in one process: 200,000 rows of 100 bytes in four generations, three
/// of which were deleted (docs/hbase.md, November 2026, two cores that other programs used too).
pub const HBASE_COMPACTION: CompactionWatch = CompactionWatch {
    megabytes: [27.1, 39.5, 6.8],
    micros: [(920.0, 4_700.0), (1_200.0, 20_000.0), (810.0, 5_600.0)],
    took_ms: 1_500.0,
};

/// Returns what [`retried`](super::retried) has seen on Kafka 4.4.0, one broker, on 2026-11-30: with a
/// producer that sends no numbers and whose client sends again, with an idempotent one, and with an
/// application that appends again.
///
/// ```
/// use lambda_workbook::speed::samples::kafka_retries;
/// assert_eq!(kafka_retries().map(|row| row.stored), [2, 1, 2]);
/// ```
pub fn kafka_retries() -> [Retried; 3] {
    let row = |log: &str, again, stored| Retried {
        log: format!("{log} (sample)"),
        again,
        stored,
        by_offset: stored,
        by_identity: 1,
    };
    [
        row("Kafka, records without numbers", "the client", 2),
        row("Kafka, idempotent producer", "the client", 1),
        row("Kafka, idempotent producer", "the application", 2),
    ]
}

//! States, rows and facts in plain types, for those who write the functions on them themselves.
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A count as it is stored. A word that was never counted has all of it 0; the ids
/// of batches begin with 1.
///
/// ```
/// use lambda_workbook::microbatch::by_hand::Stored;
/// let apple = Stored { batch: 3, count: 15, previous: 9 };
/// assert_ne!(apple, Stored::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The id of the batch that made the count.
    pub batch: i64,
    pub count: i64,
    /// The count before that batch.
    pub previous: i64,
}

/// What is known of a partition of the log when a batch is done.
///
/// ```
/// use lambda_workbook::microbatch::by_hand::PartitionClock;
/// let slow = PartitionClock { latest: Some(1_438_884_060), silent: 0 };
/// assert_ne!(slow, PartitionClock::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartitionClock {
    /// The latest event time among its rows so far, in epoch seconds; `None` if it had no row yet.
    pub latest: Option<i64>,
    /// For how many batches it has brought no row; 0 if this batch has one.
    pub silent: i64,
}

/// A row as a batch brings it.
///
/// ```
/// use lambda_workbook::microbatch::by_hand::ArrivedRow;
/// let row = ArrivedRow { id: 7, secs: 1_438_884_060 };
/// assert_eq!(row.id, 7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrivedRow {
    /// The identity of the row; no two rows have the same.
    pub id: i64,
    /// Its event time, in epoch seconds.
    pub secs: i64,
}

/// The ids of rows, by what becomes of them.
///
/// ```
/// use lambda_workbook::microbatch::by_hand::SortedRows;
/// assert!(SortedRows::default().on_time.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SortedRows {
    /// Rows at the watermark or after it.
    pub on_time: Vec<i64>,
    /// Rows before the watermark, by the allowed lateness or less.
    pub late: Vec<i64>,
    /// Rows that are later than that.
    pub side_output: Vec<i64>,
}

/// A view of page views by page, as it was stored when the records before `next` were in it.
///
/// ```
/// use lambda_workbook::microbatch::by_hand::ViewSnapshot;
/// let mut snapshot = ViewSnapshot::default();
/// snapshot.counts.insert("foo.com/".to_owned(), 2);
/// assert_eq!(snapshot.next, 0); // no record is in it
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ViewSnapshot {
    /// The offset of the first record that is not in it.
    pub next: i64,
    /// How often each page was viewed.
    pub counts: BTreeMap<String, i64>,
}

/// A record of a log of page views.
///
/// ```
/// use lambda_workbook::microbatch::by_hand::LoggedView;
/// let record = LoggedView { offset: 4, url: "http://FOO.com/".to_owned() };
/// assert_eq!(record.offset, 4);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedView {
    /// Its offset.
    pub offset: i64,
    /// The URL, as it was sent.
    pub url: String,
}

/// Returns the page of a URL, normalised by the rule of all layers; `None` if it is malformed.
///
/// ```
/// use lambda_workbook::microbatch::by_hand::page_of;
/// assert_eq!(page_of("http://FOO.com:80/a?b=1").as_deref(), Some("foo.com/a"));
/// assert_eq!(page_of("http://bad url/"), None);
/// ```
pub fn page_of(url: &str) -> Option<String> {
    lambda::batch::normalise_url(url).ok().map(Cow::into_owned)
}

/// A fact: a page was viewed, or another fact is taken back.
///
/// ```
/// use lambda_workbook::microbatch::by_hand::PageFact;
/// let view = PageFact { id: 1, page: "foo.com/".to_owned(), takes_back: None };
/// let correction = PageFact { id: 2, page: String::new(), takes_back: Some(1) };
/// assert_eq!(correction.takes_back, Some(view.id));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageFact {
    /// The identity of the fact. A copy of a fact has the same.
    pub id: i64,
    /// The page that was viewed; empty if it takes back another fact.
    pub page: String,
    /// The id of the page view that it takes back.
    pub takes_back: Option<i64>,
}

/// A view of page views, and what it must remember of the facts.
///
/// ```
/// use lambda_workbook::microbatch::by_hand::PageFacts;
/// assert!(PageFacts::default().counts.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageFacts {
    /// How often each page was viewed.
    pub counts: BTreeMap<String, i64>,
    /// The ids of the page views that came, whether they are counted or not.
    pub came: BTreeMap<i64, String>,
    /// The ids of the page views that are taken back, whether they came or not.
    pub taken_back: BTreeSet<i64>,
}

/// Offsets of one partition: from the first to before the second.
///
/// ```
/// use lambda_workbook::microbatch::by_hand::OffsetRange;
/// let range = OffsetRange { from: 3, to: 5 };
/// assert_eq!(range.to - range.from, 2); // the records 3 and 4
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OffsetRange {
    /// The first offset.
    pub from: i64,
    /// The offset after the last.
    pub to: i64,
}

/// A batch as the offset log has it. It is written as one line that ends with a semicolon.
///
/// ```
/// use lambda_workbook::microbatch::by_hand::{OffsetRange, PlannedBatch};
/// let ranges = vec![OffsetRange { from: 3, to: 5 }, OffsetRange { from: 2, to: 2 }];
/// let batch = PlannedBatch { batch: 2, ranges };
/// assert_eq!(batch.to_string(), "2: 3..5, 2..2;");
/// assert_eq!(PlannedBatch::default().batch, 0); // before the first batch
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlannedBatch {
    /// The id of the batch, from 1.
    pub batch: i64,
    /// What it takes of each partition, in the order of the partitions.
    pub ranges: Vec<OffsetRange>,
}

impl fmt::Display for PlannedBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges = self.ranges.iter();
        let ranges: Vec<String> = ranges
            .map(|range| format!("{}..{}", range.from, range.to))
            .collect();
        write!(f, "{}: {};", self.batch, ranges.join(", "))
    }
}

/// Reads a line of the offset log, with or without the semicolon at its end; `None` if it is no batch.
/// What is left of a line may be another batch, so a caller has to look for the semicolon.
///
/// ```
/// use lambda_workbook::microbatch::by_hand::planned_batch;
/// assert_eq!(planned_batch("2: 3..15;").unwrap().ranges[0].to, 15);
/// assert_eq!(planned_batch("2: 3..1").unwrap().ranges[0].to, 1); // torn, and not what was written
/// assert_eq!(planned_batch("2: 3.."), None);
/// ```
pub fn planned_batch(line: &str) -> Option<PlannedBatch> {
    let (batch, ranges) = line.trim_end_matches(';').split_once(": ")?;
    let range = |range: &str| -> Option<OffsetRange> {
        let (from, to) = range.split_once("..")?;
        Some(OffsetRange {
            from: from.parse().ok()?,
            to: to.parse().ok()?,
        })
    };
    Some(PlannedBatch {
        batch: batch.parse().ok()?,
        ranges: ranges.split(", ").map(range).collect::<Option<_>>()?,
    })
}

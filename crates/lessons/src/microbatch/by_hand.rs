//! States, rows and facts in plain types, for those who write the functions on them themselves.
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

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

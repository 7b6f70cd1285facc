//! Page views over time, counted by queues and workers (figure 14.7).
use super::topology::{Acknowledge, QueueTopology, Tuple};
use lambda::datum::normalise_url;
use lambda::faults::{CrashPoint, Crashes};
use polars::prelude::{DataFrame, df};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Workers of each stage.
const WORKERS: usize = 2;
/// Queues before the first stage.
const QUEUES: usize = 3;
/// Pages that are viewed, some more often than others.
const PAGES: u32 = 40;

/// A run of the topology, with what it counted.
pub struct PageViewRun {
    /// The queues and workers, after the run.
    pub topology: QueueTopology,
    /// The page views of each normalised URL.
    pub rows: BTreeMap<String, u64>,
}

impl PageViewRun {
    /// Returns the sum of all counts.
    pub fn counted(&self) -> u64 {
        self.rows.values().sum()
    }
}

/// Returns the raw URLs of some page views, in the order in which they are sent. Some pages are viewed
/// more often than others, and every page is written in several ways.
///
/// ```
/// use lambda_workbook::speed::{raw_page_views, viewed_rows};
/// assert!(raw_page_views(1_200)[0].starts_with("http://MySite.com:80/page/"));
/// let rows = viewed_rows(1_200);
/// assert!(rows[0].starts_with("mysite.com/page/") && rows.len() == 1_200);
/// ```
pub fn raw_page_views(sent: u32) -> Vec<String> {
    let view = |n: u32| {
        // Numbers that look random (the last steps of MurmurHash3), and whose roots favour high
        // numbers.
        let mixed = (n ^ n >> 16).wrapping_mul(0x85EB_CA6B);
        let mixed = (mixed ^ mixed >> 13).wrapping_mul(0xC2B2_AE35);
        let drawn = (mixed ^ mixed >> 16) % (PAGES * PAGES);
        let page = PAGES - 1 - drawn.isqrt();
        format!("http://MySite.com:80/page/{page}?n={n}")
    };
    (0..sent).map(view).collect()
}

/// Returns the rows to which the same page views belong: their normalised URLs.
pub fn viewed_rows(sent: u32) -> Vec<String> {
    let raw = raw_page_views(sent);
    let normalised = raw.iter().filter_map(|raw| normalise_url(raw).ok());
    normalised.map(|url| url.into_owned()).collect()
}

/// Sends page views through two stages of two workers: the first normalises their URLs, the second
/// counts them. Queues of the second stage are chosen by the hash of the normalised URL. `crash` is a
/// crash of the second worker of the first stage, whose steps are the page views that it takes.
///
/// ```
/// use lambda_workbook::speed::{Acknowledge, count_page_views};
/// let run = count_page_views(1_200, Acknowledge::AfterProcessing, None);
/// assert_eq!(run.counted(), 1_200);
/// ```
pub fn count_page_views(
    sent: u32,
    acknowledge: Acknowledge,
    crash: Option<CrashPoint<u64>>,
) -> PageViewRun {
    let rows: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
    let store = rows.clone();
    let title = format!(
        "Page views over time, from {} raw views",
        show::table::grouped(sent.into())
    );
    let topology = QueueTopology::new(&title)
        .stage("normalise", WORKERS, |tuple: Tuple, emit| {
            let raw = String::from_utf8_lossy(&tuple.value);
            if let Ok(url) = normalise_url(&raw) {
                emit(Tuple::new(url.as_bytes(), ""));
            }
        })
        .queues(QUEUES)
        .crashes(0, 1, Crashes::at(crash))
        .acknowledge(acknowledge)
        .stage("count", WORKERS, move |tuple: Tuple, _| {
            let url = String::from_utf8_lossy(&tuple.key).into_owned();
            let mut rows = store.lock().unwrap_or_else(PoisonError::into_inner);
            *rows.entry(url).or_default() += 1;
        });
    let views = raw_page_views(sent);
    topology.run(
        (0u32..)
            .zip(views)
            .map(|(n, url)| Tuple::new(n.to_be_bytes(), url)),
    );
    let rows = std::mem::take(&mut *rows.lock().unwrap_or_else(PoisonError::into_inner));
    PageViewRun { topology, rows }
}

/// Counts the same page views in four runs, in which a worker crashes once: before or after it
/// processes a tuple that it acknowledges on delivery or after processing. A row for each:
/// `acknowledged`, `crash`, `sent`, `counted`, `off by`.
///
/// ```
/// use lambda_workbook::speed::crash_cases;
/// let off = crash_cases(1_200);
/// let off = off.column("off by").unwrap().i64().unwrap();
/// assert_eq!(off.to_vec(), [Some(-1), Some(0), Some(0), Some(1)]);
/// ```
pub fn crash_cases(sent: u32) -> DataFrame {
    let cases = [
        (
            Acknowledge::OnDelivery,
            "on delivery",
            CrashPoint::before(10),
            "before processing",
        ),
        (
            Acknowledge::OnDelivery,
            "on delivery",
            CrashPoint::after(10),
            "after processing",
        ),
        (
            Acknowledge::AfterProcessing,
            "after processing",
            CrashPoint::before(10),
            "before processing",
        ),
        (
            Acknowledge::AfterProcessing,
            "after processing",
            CrashPoint::after(10),
            "after processing",
        ),
    ];
    let counted =
        cases.map(|(when, _, crash, _)| count_page_views(sent, when, Some(crash)).counted() as i64);
    df!(
        "acknowledged" => cases.map(|case| case.1),
        "crash" => cases.map(|case| case.3),
        "sent" => [i64::from(sent); 4],
        "counted" => counted,
        "off by" => counted.map(|counted| counted - i64::from(sent)),
    )
    .expect("columns of one length")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speed_layer::groupings;

    #[test]
    fn each_page_is_counted_in_its_row() {
        let run = count_page_views(1_200, Acknowledge::AfterProcessing, None);
        let mut right: BTreeMap<String, u64> = BTreeMap::new();
        for row in viewed_rows(1_200) {
            *right.entry(row).or_default() += 1;
        }
        assert_eq!(run.rows, right);
        assert!(
            right.len() > 30 && right.values().max() > Some(&50),
            "{right:?}"
        );
    }

    #[test]
    fn a_shuffle_loses_additions_of_the_same_page_views_and_fields_lose_none() {
        let table = groupings(viewed_rows(1_200), 2);
        let lost = table.column("lost").unwrap().i64().unwrap().to_vec();
        assert!(lost[0] > Some(5), "{lost:?}");
        assert_eq!(lost[1], Some(0));
    }
}

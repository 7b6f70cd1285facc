//! A crash between the effect of a piece of work and its acknowledgement, in four frames.
//!
//! A worker takes page views of one page from a [`WorkQueue`] and counts them in a store. It
//! crashes once, and the next worker opens the same files. Each frame is what is in these files.
use super::topology::Acknowledge;
use super::work_queue::WorkQueue;
use lambda::speed::Result;
use lambda::speed::{EmbeddedStore, Family, RealtimeStore};
use std::path::Path;

/// What is in the queue and in the view at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrashFrame {
    /// What has just happened.
    pub what: &'static str,
    /// The page views that the queue holds, whether a worker has taken them or not.
    pub queue: Vec<String>,
    /// The page view that a worker has in hand.
    pub in_hand: Option<String>,
    /// Whether the worker is down.
    pub crashed: bool,
    /// The count in the view.
    pub counted: i64,
    /// The number of different page views that have left the queue or were counted: the count
    /// that would be right.
    pub right: i64,
}

const FAMILY: [Family; 1] = [Family::new("n")];
const PAGE: &[u8] = b"mysite.com/";
/// How long a taken item is hidden, in milliseconds: longer than the whole run.
const HIDDEN_MS: i64 = 30_000;

/// Runs a worker on three page views, of which the first is counted before the first frame. The
/// worker takes the second and crashes: before it counts it if it acknowledges on delivery, and
/// after it if it acknowledges after processing.
///
/// ```
/// use lambda_workbook::speed::{Acknowledge, crash_frames};
///
/// let folder = tempfile::tempdir()?;
/// let twice = crash_frames(&folder.path().join("after"), Acknowledge::AfterProcessing)?;
/// assert_eq!((twice[3].counted, twice[3].right), (3, 2));
/// let lost = crash_frames(&folder.path().join("on"), Acknowledge::OnDelivery)?;
/// assert_eq!((lost[3].counted, lost[3].right), (2, 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the files cannot be written or read.
pub fn crash_frames(folder: &Path, acknowledge: Acknowledge) -> Result<[CrashFrame; 4]> {
    let path = folder.join("queue");
    let store = EmbeddedStore::open(folder.join("view"), &FAMILY)?;
    let frame = |what, queue: &WorkQueue, in_hand: Option<&str>, crashed, right| -> Result<_> {
        let counted = store.reader().get(PAGE, "n", b"n")?;
        let counted =
            counted.and_then(|cell| Some(i64::from_be_bytes(cell.value.try_into().ok()?)));
        Ok(CrashFrame {
            what,
            queue: queue.items()?,
            in_hand: in_hand.map(str::to_owned),
            crashed,
            counted: counted.unwrap_or(0),
            right,
        })
    };
    let count = || store.increment(PAGE, "n", b"n", 1);

    // The first page view is counted and acknowledged without a crash.
    let mut queue = WorkQueue::open(&path, HIDDEN_MS)?;
    queue.push(&[b"event 1", b"event 2", b"event 3"])?;
    let first = queue.take(1, 0)?;
    count()?;
    queue.acknowledge(&[first[0].0])?;

    // The worker takes the second one, and crashes.
    let taken = queue.take(1, 0)?;
    let (one, two, three);
    match acknowledge {
        Acknowledge::OnDelivery => {
            one = frame("A worker takes event 2", &queue, Some("event 2"), false, 1)?;
            queue.acknowledge(&[taken[0].0])?;
            two = frame(
                "It acknowledges: the queue deletes it",
                &queue,
                Some("event 2"),
                false,
                2,
            )?;
            three = frame("It crashes before it has counted", &queue, None, true, 2)?;
        }
        Acknowledge::AfterProcessing => {
            one = frame("A worker takes event 2", &queue, Some("event 2"), false, 1)?;
            count()?;
            two = frame(
                "It adds event 2 to the count",
                &queue,
                Some("event 2"),
                false,
                2,
            )?;
            three = frame("It crashes before it acknowledges", &queue, None, true, 2)?;
        }
    }
    drop(queue);

    // The next worker takes what the queue has.
    let mut queue = WorkQueue::open(&path, HIDDEN_MS)?;
    let taken = queue.take(1, 0)?;
    count()?;
    let item = String::from_utf8_lossy(&taken[0].1).into_owned();
    let (what, right) = match acknowledge {
        Acknowledge::OnDelivery => ("The next worker gets event 3: event 2 is lost", 3),
        Acknowledge::AfterProcessing => ("The next worker gets event 2 again: it counts twice", 2),
    };
    let four = frame(what, &queue, Some(&item), false, right)?;
    Ok([one, two, three, four])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frames_show_what_each_crash_leaves() {
        let folder = tempfile::tempdir().unwrap();
        let run =
            |name: &str, acknowledge| crash_frames(&folder.path().join(name), acknowledge).unwrap();
        let after = run("after", Acknowledge::AfterProcessing);
        assert_eq!(after.clone().map(|f| f.counted), [1, 2, 2, 3]);
        assert_eq!(after.clone().map(|f| f.queue.len()), [2, 2, 2, 2]);
        assert_eq!(after[3].in_hand.as_deref(), Some("event 2"));
        let on = run("on", Acknowledge::OnDelivery);
        assert_eq!(on.clone().map(|f| f.counted), [1, 1, 1, 2]);
        assert_eq!(on.clone().map(|f| f.queue.len()), [2, 1, 1, 1]);
        assert_eq!(on[3].in_hand.as_deref(), Some("event 3"));
        assert!(on[2].crashed && after[2].crashed);
    }
}

//! One kill of a consumer, frame by frame, read back from the files that it left.
//!
//! The layers are those of the week, over a log with one partition. A process has counted the
//! first record, reads the next two in one step, and is killed. Each frame opens the files anew
//! and asks three things: at which offset a consumer goes on, how often the answer counts each
//! record, and where the cut of the served batch is.
use super::error::Result;
use super::faulty_log::FaultyLog;
use super::week::Consumer;
use lambda::faults::When;
use lambda::speed::{CommitOrder, EmbeddedLog, Log, feed_lines};
use lambda::{Lambda, Options};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// What the files of a consumer hold at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KillFrame {
    /// What has just happened, in a few words.
    pub what: String,
    /// Whether the process is down.
    pub is_down: bool,
    /// The offset at which a consumer goes on that is started now.
    pub offset: u64,
    /// By record of the log: how often the merged answer counts it.
    pub counted: Vec<i64>,
    /// The first offset that the served batch does not hold.
    pub cut: u64,
    /// The records that the step before this frame read; empty if there was no step.
    pub read: Range<u64>,
}

impl KillFrame {
    /// Returns whether the answer is wrong about a record and the consumer will not correct it: a
    /// record that is counted twice, or one before the consumer's offset that is not counted.
    ///
    /// ```
    /// use lambda_workbook::capstone::KillFrame;
    /// let frame = KillFrame {
    ///     what: "killed".to_owned(),
    ///     is_down: true,
    ///     offset: 2,
    ///     counted: vec![1, 0, 0, 2],
    ///     cut: 0,
    ///     read: 1..2,
    /// };
    /// // Record 1 is lost, record 2 still waits, and record 3 is counted twice.
    /// assert_eq!([0, 1, 2, 3].map(|record| frame.is_wrong(record)), [false, true, false, true]);
    /// ```
    pub fn is_wrong(&self, record: u64) -> bool {
        match self.counted.get(record as usize) {
            Some(0) => record < self.offset,
            Some(count) => *count > 1,
            None => false,
        }
    }
}

const TOPIC: &str = "datums";
/// The pages of the records, one for each, so that the answer says how often it counts each.
const PAGES: [&str; 3] = ["foo.com/0", "foo.com/1", "foo.com/2"];
/// The hour of all records, in epoch seconds.
const HOUR: Range<i64> = 0..3_600;

/// A process with the layers in a folder, and the log through which it can be killed.
struct Process {
    wire: Arc<FaultyLog>,
    layers: Lambda,
}

impl Process {
    fn start(folder: &Path, consumer: Consumer) -> Result<Self> {
        let log = Arc::new(EmbeddedLog::open(folder.join("log"))?);
        let wire = Arc::new(FaultyLog::new(log));
        wire.create_topic(TOPIC, 1)?;
        let options = Options {
            resolution: consumer.resolution(),
            ..Options::default()
        };
        let layers = consumer.layers(folder, wire.clone(), TOPIC, options)?;
        Ok(Self { wire, layers })
    }

    /// Clients send page views of these pages, one of each.
    fn accept(&self, pages: &[&str]) -> Result<()> {
        let line = |page: &&str| {
            format!(
                r#"{{"dataunit":{{"page_view":{{"nonce":1,"page":{{"url":"{page}"}},"person":{{"user_id":7}}}}}},"pedigree":{{"true_as_of_secs":60}}}}"#
            )
        };
        let lines: Vec<String> = pages.iter().map(line).collect();
        feed_lines(self.wire.near(), TOPIC, lines.join("\n").as_bytes())?;
        Ok(())
    }

    /// The offset at which it goes on.
    fn offset(&self) -> Result<u64> {
        let end = self.wire.near().end(TOPIC, 0)?;
        Ok(end - self.layers.realtime().lag()?)
    }

    /// Takes one step, and returns the records that it read.
    fn step(&mut self) -> Result<Range<u64>> {
        let from = self.offset()?;
        let records = self.layers.step(PAGES.len())?.records;
        Ok(from..from + records)
    }

    /// Takes steps until it is killed.
    fn step_until_killed(&mut self) -> Result<()> {
        // Two are enough: a kill after the last write of a step is one before the next read.
        for _ in 0..2 {
            let step = self.layers.step(PAGES.len());
            if self.wire.is_crashed() {
                break;
            }
            step?;
        }
        Ok(())
    }
}

/// Kills a consumer once and returns five frames: before the kill, after it, started again, after
/// its next step, and after a batch run. [`plot::kill_frames`](fn@crate::plot::kill_frames) draws
/// them. The step at which it is killed reads two records and makes `writes` of its writes. A consumer
/// that commits its offset apart has two writes in a step; the one that is exactly once has a single
/// write, so for it 1 and 2 are the same.
///
/// ```
/// use lambda_workbook::capstone::{Consumer, kill_frames};
/// use lambda_workbook::speed::CommitOrder;
///
/// let folder = tempfile::tempdir()?;
/// let after_step = |name: &str, consumer| -> Result<Vec<i64>, Box<dyn std::error::Error>> {
///     // Killed after one write.
///     let frames = kill_frames(&folder.path().join(name), consumer, 1)?;
///     Ok(frames[3].counted.clone())
/// };
/// let lost = after_step("a", Consumer::SplitCommit(CommitOrder::BeforeProcessing))?;
/// let doubled = after_step("b", Consumer::SplitCommit(CommitOrder::AfterProcessing))?;
/// assert_eq!((lost, doubled), (vec![1, 0, 0], vec![1, 2, 2]));
/// assert_eq!(after_step("c", Consumer::ExactlyOnce)?, [1, 1, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the files in the folder cannot be written or read.
pub fn kill_frames(folder: &Path, consumer: Consumer, writes: u64) -> Result<[KillFrame; 5]> {
    let start = || Process::start(folder, consumer);
    // A frame is read by a process of its own, so nothing in it comes from a memory.
    let frame = |what: String, is_down, read: Range<u64>| -> Result<KillFrame> {
        let reader = start()?;
        let query = reader.layers.query()?;
        let counted = PAGES.map(|page| query.page_views(page, HOUR));
        let counted: std::result::Result<Vec<_>, _> = counted.into_iter().collect();
        let end = reader.wire.near().end(TOPIC, 0)? as usize;
        let counted = counted?.into_iter().map(|answer| answer.value);
        Ok(KillFrame {
            what,
            is_down,
            offset: reader.offset()?,
            counted: counted.take(end).collect(),
            cut: reader.layers.cut()[0],
            read,
        })
    };

    // Record 0 is counted without a kill; 1 and 2 are accepted after that.
    let mut process = start()?;
    process.accept(&PAGES[..1])?;
    process.step()?;
    process.accept(&PAGES[1..])?;
    drop(process);
    let before = frame("0 is counted, 1 and 2 wait".to_owned(), false, 0..0)?;

    // The next step reads both, and is killed among its writes.
    let mut process = start()?;
    let (call, when, written) = kill_point(consumer, writes);
    process.wire.crash_in(call, when);
    process.step_until_killed()?;
    drop(process);
    let killed = frame(format!("read 1, 2; {written}"), true, 1..3)?;

    // The next process goes on from the files.
    let what = format!("goes on at offset {}", killed.offset);
    let again = frame(what, false, 0..0)?;
    let mut process = start()?;
    let read = process.step()?;
    drop(process);
    let what = match read.clone().collect::<Vec<_>>()[..] {
        [] => "finds nothing to read".to_owned(),
        [one] => format!("reads {one} again"),
        [first, .., last] => format!("reads {first}, {last} again"),
    };
    let stepped = frame(what, false, read)?;

    // A batch run reads the log, and no realtime view.
    let mut process = start()?;
    process.layers.run_batch()?;
    drop(process);
    let what = format!("batch holds 0 to {}", PAGES.len() - 1);
    let computed = frame(what, false, 0..0)?;
    Ok([before, killed, again, stepped, computed])
}

/// Returns the call to the log, from the step on, at which the process is killed, and in words what
/// the step has written by then. A step is a call that reads, and its writes; the write of the counts
/// goes to the store and is no call to the log.
fn kill_point(consumer: Consumer, writes: u64) -> (u64, When, &'static str) {
    use CommitOrder::{AfterProcessing, BeforeProcessing};
    use Consumer::{ExactlyOnce, SplitCommit};
    match (consumer, writes) {
        // After the read.
        (_, 0) => (0, When::After, "wrote nothing"),
        // The offset is committed by call 1, and then the counts are written. After both writes
        // comes the read of the next step, which is call 2.
        (SplitCommit(BeforeProcessing), 1) => (1, When::After, "wrote its offset"),
        (SplitCommit(BeforeProcessing), _) => (2, When::Before, "wrote offset, then counts"),
        // The counts are written, and then the offset is committed by call 1.
        (SplitCommit(AfterProcessing), 1) => (1, When::Before, "wrote the counts"),
        (SplitCommit(AfterProcessing), _) => (1, When::After, "wrote counts, then offset"),
        // Both are one write to the store. Call 1 is the read of the next step.
        (ExactlyOnce, _) => (1, When::Before, "wrote counts and offset"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONCE: Consumer = Consumer::ExactlyOnce;
    const BEFORE: Consumer = Consumer::SplitCommit(CommitOrder::BeforeProcessing);
    const AFTER: Consumer = Consumer::SplitCommit(CommitOrder::AfterProcessing);

    /// Returns the offset and the counts of each frame.
    fn states(consumer: Consumer, writes: u64) -> Vec<(u64, Vec<i64>)> {
        let folder = tempfile::tempdir().unwrap();
        let frames = kill_frames(folder.path(), consumer, writes).unwrap();
        assert_eq!(frames.clone().map(|frame| frame.cut), [0, 0, 0, 0, 3]);
        assert_eq!(
            frames.clone().map(|frame| frame.is_down),
            [false, true, false, false, false]
        );
        frames.map(|frame| (frame.offset, frame.counted)).into()
    }

    /// Rule: a kill before the first write or after the last one does no harm.
    #[test]
    fn a_kill_around_the_writes_of_a_step_harms_no_consumer() {
        let right = (3, vec![1, 1, 1]);
        for consumer in [ONCE, BEFORE, AFTER] {
            let nothing = (1, vec![1, 0, 0]);
            let [before, killed, again, stepped, computed] = &states(consumer, 0)[..] else {
                panic!("five frames")
            };
            assert_eq!([before, killed, again], [&nothing; 3], "{consumer:?}");
            assert_eq!([stepped, computed], [&right; 2], "{consumer:?}");
            let all = states(consumer, 2);
            assert_eq!(all[0], nothing, "{consumer:?}");
            assert!(
                all[1..].iter().all(|state| *state == right),
                "{consumer:?}: {all:?}"
            );
        }
    }

    /// Rule: a kill between two writes loses or doubles the whole step, and one write has no between.
    #[test]
    fn a_kill_between_the_writes_of_a_step_loses_or_doubles_it() {
        let (nothing, right) = ((1, vec![1, 0, 0]), (3, vec![1, 1, 1]));
        let lost = (3, vec![1, 0, 0]);
        let of = [&nothing, &lost, &lost, &lost, &right].map(Clone::clone);
        assert_eq!(states(BEFORE, 1), of);
        let counted = (1, vec![1, 1, 1]);
        let doubled = (3, vec![1, 2, 2]);
        let of = [&nothing, &counted, &counted, &doubled, &right].map(Clone::clone);
        assert_eq!(states(AFTER, 1), of);
        assert_eq!(states(ONCE, 1), states(ONCE, 2));
    }
}

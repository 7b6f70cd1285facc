//! Failures, passed in: where a process crashes, and when its disk is full.
//!
//! The work of a process is a sequence of [steps](Step). A step has an effect that outlives
//! the process: a write to a disk, an append to a log, an acknowledgement. A process can
//! crash at two moments of a step, and they do different harm:
//!
//! ```text
//!      before(step)                      after(step)
//!           |                                 |
//!           v                                 v
//!   ---> [ask] ---> the effect of the step ---> [ask] ---> acknowledged, next step
//!
//!   crash here: the step                crash here: the step took effect, and the
//!   never took effect                   process does not know it
//! ```
//!
//! The two moments are the [`CrashPoint`]s of the step. Code under test asks its [`Faults`]
//! at each of them, usually through the function [`step`]. The answer is `Ok`, or the
//! [`Crash`] that ends the process. These are the plans:
//!
//! | plan | what fails |
//! |---|---|
//! | [`NoFaults`] | nothing; the plan of a real system |
//! | [`Crashes::at`] | the process crashes once at each point of a list, and stays down until it is restarted |
//! | [`Crashes::at_nth`] | the process crashes when it reaches a point for the n-th time |
//! | [`Crashes::recording`] | nothing; the plan notes every point, so that a test can try them all |
//! | [`DiskFull`] | the disk is full after so many bytes |
//!
//! Every experiment with a crash uses one of them. What an experiment adds is the name of its
//! steps:
//!
//! | experiment | step | plan |
//! |---|---|---|
//! | a version is written and published ([`serving`](crate::serving), [`versions`](crate::versions)) | [`VersionStep`](crate::versions::VersionStep) | `NoFaults`; in tests `DiskFull`, and `Crashes::at_nth` with a real `SIGKILL` |
//! | three ways to hand out events (`speed::queues`) | the number of an event, of a count, or the offset of a read | `Crashes::at` one point |
//! | the price of acknowledgements (`speed::acknowledgements`) | the number of an acknowledgement | `Crashes::at` one point |
//! | queues and workers on threads (`speed::Topology`) | the number of a tuple in one worker | `Crashes::at`, for each worker |
//! | the exercise "a consumer that survives a crash" (`speed::SimulatedMachine`) | the number of a write | `Crashes::at` a list |
//! | one tuple at a time (`microbatch::one_at_a_time`) | the number of a tuple | `Crashes::at` a list |
//! | micro-batches (`microbatch::Job`, `microbatch::crashes`) | `microbatch::BatchStep` | `Crashes::recording`, then `Crashes::at` each point and each pair of points |
//! | designs of a data system (`designs::inject`) | the number of an arrival, or of a write of one event | `Crashes::at` thirteen arrivals; the other scenarios of `designs::Fault` are no crashes |
//! | the week of the capstone, in this process (`capstone::Here`) | the number of a call to the log | [`Crashes::plan`] one point, for each crash of the week |
//! | one kill of a consumer, frame by frame (`capstone::kill_frames`) | the number of a call to the log | [`Crashes::plan`] one point |
//!
//! Two things are no plans, because their crash is real or is not chosen here. A process that
//! a test or `capstone::Process` kills with `SIGKILL` crashes wherever it happens to be. A model
//! checker (`microbatch::model`) crashes in every state, so there a crash is an action of the
//! model.
//!
//! # Example
//!
//! A consumer counts a record and commits its offset. As two steps they go wrong in two ways;
//! as one atomic step, as in
//! [`Updater`](crate::speed::Updater), they do not.
//!
//! ```
//! use lambda_workbook::faults::{self, Crash, CrashPoint, Crashes};
//!
//! /// What outlives the process: a count and an offset.
//! #[derive(Default)]
//! struct Disk {
//!     count: u64,
//!     offset: u64,
//! }
//!
//! const RECORDS: u64 = 3;
//!
//! /// Counts the records and commits the offset, in the order given. Steps are numbered:
//! /// record n is processed in the steps 2n and 2n + 1.
//! fn consume(disk: &mut Disk, crashes: &Crashes<u64>, commit_first: bool) -> Result<(), Crash> {
//!     while disk.offset < RECORDS {
//!         let record = disk.offset;
//!         for part in [0, 1] {
//!             faults::step(crashes, 2 * record + part, || {
//!                 match (part == 0) == commit_first {
//!                     true => disk.offset = record + 1,
//!                     false => disk.count += 1,
//!                 }
//!                 Ok::<(), Crash>(())
//!             })?;
//!         }
//!     }
//!     Ok(())
//! }
//!
//! /// Runs the consumer with one crash between the two steps of record 1.
//! fn counted(commit_first: bool) -> u64 {
//!     let crashes = Crashes::at([CrashPoint::after(2)]);
//!     let mut disk = Disk::default();
//!     let crash = consume(&mut disk, &crashes, commit_first).unwrap_err();
//!     assert_eq!(crash.to_string(), "the process crashed after step 2; start it again");
//!     assert!(crashes.is_crashed());
//!     crashes.restart();
//!     consume(&mut disk, &crashes, commit_first).unwrap();
//!     disk.count
//! }
//!
//! assert_eq!(counted(true), 2); // at most once: record 1 is lost
//! assert_eq!(counted(false), 4); // at least once: record 1 is counted twice
//! ```
//!
//! # Limits
//!
//! A [`Crash`] is an error that unwinds a simulated process, so destructors run, which a real
//! crash does not allow. Where a destructor cleans up on a disk, a test must kill a process.
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A step of a process: its number, or its name in an enum of the experiment.
pub trait Step: Clone + PartialEq + fmt::Debug + Send + Sync {
    /// Returns what the step is called in an error, as in "the commit of partition 1".
    fn name(&self) -> String;
}

impl Step for u64 {
    fn name(&self) -> String {
        format!("step {self}")
    }
}

/// A side of a step's effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    /// The step has not taken effect.
    Before,
    /// The step has taken effect, and nothing after it has.
    After,
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::After => "after",
        })
    }
}

/// A moment at which a process can crash: before or after the effect of a step.
///
/// ```
/// use lambda_workbook::faults::CrashPoint;
/// assert_eq!(CrashPoint::before(3).to_string(), "before step 3");
/// assert_ne!(CrashPoint::before(3), CrashPoint::after(3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrashPoint<S> {
    pub step: S,
    pub when: When,
}

impl<S> CrashPoint<S> {
    /// Creates the point before the effect of a step.
    pub fn before(step: S) -> Self {
        let when = When::Before;
        Self { step, when }
    }

    /// Creates the point after the effect of a step and before its acknowledgement.
    pub fn after(step: S) -> Self {
        let when = When::After;
        Self { step, when }
    }
}

impl<S: Step> fmt::Display for CrashPoint<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.when, self.step.name())
    }
}

/// The end of a process, by a crash that its [`Faults`] asked for. Everything that the process
/// held in memory is lost, and nothing that it does from then on has an effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the process crashed {point}; start it again")]
pub struct Crash {
    point: String,
}

impl Crash {
    /// Creates the crash at a point.
    pub fn at<S: Step>(point: &CrashPoint<S>) -> Self {
        Self {
            point: point.to_string(),
        }
    }
}

impl From<Crash> for io::Error {
    fn from(crash: Crash) -> Self {
        Self::other(crash)
    }
}

/// What fails while a process works. Asked at every step; by default nothing fails.
pub trait Faults<S>: fmt::Debug + Send + Sync {
    /// Tells that the process has come to a point.
    ///
    /// # Errors
    /// The process crashes here.
    fn reached(&self, _point: CrashPoint<S>) -> Result<(), Crash> {
        Ok(())
    }

    /// Tells that `bytes` bytes are about to be written to a file.
    ///
    /// # Errors
    /// The write fails with this error, and nothing is written.
    fn writing(&self, _bytes: usize) -> io::Result<()> {
        Ok(())
    }
}

/// Takes a step: asks before the effect and after it.
///
/// # Errors
/// A crash at either point, or the error of the effect itself.
pub fn step<S: Step, T, E: From<Crash>>(
    faults: &dyn Faults<S>,
    step: S,
    effect: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    faults.reached(CrashPoint::before(step.clone()))?;
    let value = effect()?;
    faults.reached(CrashPoint::after(step))?;
    Ok(value)
}

/// The plan of a real system: only what really fails, fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFaults;

impl<S> Faults<S> for NoFaults {}

/// A list of crashes of one process.
///
/// Each planned point crashes the process once, in whatever order the points are reached; a
/// point that is listed twice crashes it twice. After a crash the process is down: it crashes
/// again at every point, until [`restart`](Self::restart) begins the next process.
///
/// ```
/// use lambda_workbook::faults::{CrashPoint, Crashes, Faults};
/// let crashes = Crashes::at([CrashPoint::before(1)]);
/// assert!(crashes.reached(CrashPoint::before(0)).is_ok());
/// assert!(crashes.reached(CrashPoint::before(1)).is_err());
/// assert!(crashes.reached(CrashPoint::before(2)).is_err()); // it is down
/// crashes.restart();
/// assert!(crashes.reached(CrashPoint::before(1)).is_ok()); // it has crashed there already
/// assert_eq!(crashes.remaining(), 0);
/// ```
#[derive(Debug)]
pub struct Crashes<S> {
    state: Mutex<State<S>>,
}

#[derive(Debug)]
struct State<S> {
    /// Crashes to come: the point, and how often it is passed before the crash.
    planned: Vec<(CrashPoint<S>, u64)>,
    /// Every point that was reached, if they are recorded.
    recorded: Option<Vec<CrashPoint<S>>>,
    /// The crash of the process, until the next one starts.
    crashed: Option<Crash>,
}

impl<S> Default for Crashes<S> {
    fn default() -> Self {
        Self::planned([])
    }
}

impl<S> Crashes<S> {
    /// Crashes once at each of these points.
    pub fn at(points: impl IntoIterator<Item = CrashPoint<S>>) -> Self {
        Self::planned(points.into_iter().map(|point| (point, 0)))
    }

    /// Crashes once, when a point is reached for the n-th time, counted from 0.
    ///
    /// ```
    /// use lambda_workbook::faults::{CrashPoint, Crashes, Faults};
    /// let crashes = Crashes::at_nth(CrashPoint::after(7), 1);
    /// assert!(crashes.reached(CrashPoint::after(7)).is_ok());
    /// assert!(crashes.reached(CrashPoint::after(7)).is_err());
    /// ```
    pub fn at_nth(point: CrashPoint<S>, n: u64) -> Self {
        Self::planned([(point, n)])
    }

    /// Crashes nowhere, and records every point that is reached.
    ///
    /// ```
    /// use lambda_workbook::faults::{self, Crash, CrashPoint, Crashes};
    /// let recording = Crashes::recording();
    /// faults::step(&recording, 0, || Ok::<(), Crash>(()))?;
    /// assert_eq!(recording.recorded(), [CrashPoint::before(0), CrashPoint::after(0)]);
    /// # Ok::<(), Crash>(())
    /// ```
    pub fn recording() -> Self {
        let crashes = Self::default();
        crashes.state().recorded = Some(Vec::new());
        crashes
    }

    fn planned(planned: impl IntoIterator<Item = (CrashPoint<S>, u64)>) -> Self {
        Self {
            state: Mutex::new(State {
                planned: planned.into_iter().collect(),
                recorded: None,
                crashed: None,
            }),
        }
    }

    /// Replaces the crashes to come by one crash at each of these points.
    pub fn plan(&self, points: impl IntoIterator<Item = CrashPoint<S>>) {
        self.state().planned = points.into_iter().map(|point| (point, 0)).collect();
    }

    /// Starts the next process, which goes on from what the last one left.
    pub fn restart(&self) {
        self.state().crashed = None;
    }

    /// Returns whether the process has crashed and was not restarted.
    pub fn is_crashed(&self) -> bool {
        self.state().crashed.is_some()
    }

    /// Checks that the process runs, for an operation that is no step of its own, such as a
    /// read.
    ///
    /// # Errors
    /// The process has crashed and was not restarted.
    pub fn running(&self) -> Result<(), Crash> {
        self.state().crashed.clone().map_or(Ok(()), Err)
    }

    /// Returns the number of planned crashes that have not happened.
    pub fn remaining(&self) -> usize {
        self.state().planned.len()
    }

    fn state(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Clone> Crashes<S> {
    /// Returns the points reached so far, in order; none unless they are
    /// [recorded](Self::recording).
    pub fn recorded(&self) -> Vec<CrashPoint<S>> {
        self.state().recorded.clone().unwrap_or_default()
    }
}

impl<S: Step> Faults<S> for Crashes<S> {
    fn reached(&self, point: CrashPoint<S>) -> Result<(), Crash> {
        let mut state = self.state();
        if let Some(crash) = &state.crashed {
            return Err(crash.clone());
        }
        if let Some(recorded) = &mut state.recorded {
            recorded.push(point.clone());
        }
        let found = state.planned.iter().position(|(other, _)| *other == point);
        let Some(place) = found else {
            return Ok(());
        };
        match &mut state.planned[place].1 {
            0 => {
                state.planned.remove(place);
                let crash = Crash::at(&point);
                state.crashed = Some(crash.clone());
                Err(crash)
            }
            passes => {
                *passes -= 1;
                Ok(())
            }
        }
    }
}

/// A disk with room for a number of bytes.
///
/// ```
/// use lambda_workbook::faults::{DiskFull, Faults};
/// let faults: &dyn Faults<u64> = &DiskFull::after(1000);
/// assert!(faults.writing(1000).is_ok());
/// assert_eq!(faults.writing(1).unwrap_err().kind(), std::io::ErrorKind::StorageFull);
/// ```
#[derive(Debug)]
pub struct DiskFull {
    room: AtomicU64,
}

impl DiskFull {
    /// Creates a disk that is full after `bytes` bytes. A write that does not fit fails as a
    /// whole.
    pub fn after(bytes: u64) -> Self {
        Self {
            room: AtomicU64::new(bytes),
        }
    }
}

impl<S> Faults<S> for DiskFull {
    fn writing(&self, bytes: usize) -> io::Result<()> {
        let take = |room: u64| room.checked_sub(bytes as u64);
        match self
            .room
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
        {
            Ok(_) => Ok(()),
            Err(_) => Err(io::ErrorKind::StorageFull.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes three steps, from the first that has not taken effect.
    fn run(done: &mut Vec<u64>, faults: &dyn Faults<u64>) -> Result<(), Crash> {
        for n in done.len() as u64..3 {
            step(faults, n, || {
                done.push(n);
                Ok::<(), Crash>(())
            })?;
        }
        Ok(())
    }

    #[test]
    fn a_step_takes_effect_only_if_the_crash_is_after_it() {
        for n in 0..3 {
            for (point, effects) in [(CrashPoint::before(n), n), (CrashPoint::after(n), n + 1)] {
                let crashes = Crashes::at([point]);
                let mut done = Vec::new();
                let crash = run(&mut done, &crashes).unwrap_err();
                assert_eq!(crash, Crash::at(&point));
                assert_eq!(done.len() as u64, effects, "{point}");
                // While it is down nothing takes effect.
                assert!(crashes.running().is_err());
                assert!(run(&mut done, &crashes).is_err() || done.len() == 3);
                assert_eq!(done.len() as u64, effects, "{point}");
                crashes.restart();
                run(&mut done, &crashes).unwrap();
                assert_eq!((done.len(), crashes.remaining()), (3, 0));
            }
        }
    }

    #[test]
    fn every_point_is_recorded_and_a_point_listed_twice_crashes_twice() {
        let recording = Crashes::recording();
        run(&mut Vec::new(), &recording).unwrap();
        let points = recording.recorded();
        assert_eq!(points.len(), 6);
        let twice = Crashes::at([points[2], points[2]]);
        let (mut done, mut crashes) = (Vec::new(), 0);
        while run(&mut done, &twice).is_err() {
            crashes += 1;
            twice.restart();
        }
        assert_eq!(crashes, 2);
        assert!(run(&mut Vec::new(), &NoFaults).is_ok());
    }
}

//! A job: a topology over a topic of a log, batch after batch.
//!
//! 1. *Plan*: the offsets that the batch takes of each partition are written down.
//! 2. Partitions are read side by side; rows go as far as they can alone.
//! 3. At each exchange rows go to the partition of their key; states are updated
//!    there, each partition in one *commit*.
//! 4. *Done*: the batch's id and the offsets that come next are written down.
//!
//! After a crash anywhere the next process goes on with the plan that was written: it
//! runs the whole batch again, before any other. So batches are applied in order, and what
//! a state has of it is told by the ids beside its values.
use super::batch_step::{BatchPhase, BatchStep};
use super::error::{MicroBatchError, Result};
use super::event_time::EventClock;
use super::state_store::{BatchPlan, Done, StateStore};
use super::topology::Topology;
use lambda::faults::{self, Faults, NoFaults};
use lambda::speed::Log;
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng};
use std::path::Path;
use std::sync::Arc;

/// What a source promises of a batch that comes again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replay {
    /// The same records: a log keeps them.
    #[default]
    Same,
    /// Perhaps others, drawn by this seed: a source of which a part cannot be
    /// reached, and which gives what it can. A record that is left out comes later.
    Drawn(u64),
}

/// How a job runs.
#[derive(Clone, Debug)]
pub struct JobOptions {
    /// Records of each partition that a batch takes at most: what bounds the memory,
    /// and holds the log back when more comes than can be done.
    pub most: u64,
    /// Partitions of states, and workers. They stay as they are for a folder.
    pub partitions: u32,
    /// Whether workers run side by side; else one after the other, in a fixed order.
    pub parallel: bool,
    pub replay: Replay,
    /// Where the process crashes; for tests and lessons.
    pub faults: Arc<dyn Faults<BatchStep>>,
}

impl Default for JobOptions {
    fn default() -> Self {
        Self {
            most: 100_000,
            partitions: std::thread::available_parallelism().map_or(2, usize::from) as u32,
            parallel: true,
            replay: Replay::Same,
            faults: Arc::new(NoFaults),
        }
    }
}

/// A batch that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub plan: BatchPlan,
    /// It was begun before.
    pub replayed: bool,
    /// Records that could not be read.
    pub rejected: usize,
}

/// A topology that runs.
///
/// ```
/// use lambda_workbook::microbatch::{self, Job, JobOptions, Kind};
/// use lambda_workbook::speed::{EmbeddedLog, Log};
/// use std::sync::Arc;
///
/// let folder = tempfile::tempdir()?;
/// let log = Arc::new(EmbeddedLog::open(folder.path().join("log"))?);
/// log.create_topic("lines", 2)?;
/// log.append("lines", 0, &[(b"", b"apple pear apple")])?;
/// let topology = microbatch::word_count(Kind::Transactional)?;
/// let mut job = Job::open(folder.path().join("job"), log, "lines", topology, JobOptions::default())?;
/// assert_eq!(job.drain()?, 1);
/// assert_eq!(job.get("counts", &["apple".into()])?, Some(2.into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Job {
    pub(super) log: Arc<dyn Log>,
    pub(super) topic: String,
    pub(super) topology: Topology,
    pub(super) store: StateStore,
    pub(super) options: JobOptions,
    pub(super) done: Done,
    /// The plan of a batch that is begun and not done.
    pub(super) begun: Option<BatchPlan>,
    /// A batch failed: what is stored must be read again.
    pub(super) lost: bool,
    /// Rows that each operator made, since the job was opened.
    pub(super) made: Vec<u64>,
}

impl Job {
    /// Opens the folder of a job, or makes one, and goes on where it stands.
    ///
    /// # Errors
    /// A folder of another topology; a topic that is not there, or has other
    /// partitions; states that cannot be read.
    pub fn open(
        folder: impl AsRef<Path>,
        log: Arc<dyn Log>,
        topic: &str,
        topology: Topology,
        options: JobOptions,
    ) -> Result<Self> {
        let partitions = options.partitions.max(1);
        let identity = format!("{}; partitions {partitions}", topology.identity());
        let states = topology.nodes.iter();
        let states = states.filter_map(|node| Some((node.name.as_str(), node.state?)));
        log.partitions(topic)?;
        let store = StateStore::open(folder.as_ref(), &topology.name, &identity, states)?;
        let mut job = Self {
            log,
            topic: topic.to_owned(),
            made: vec![0; topology.nodes.len()],
            topology,
            store,
            options: JobOptions {
                partitions,
                ..options
            },
            done: Done::default(),
            begun: None,
            lost: true,
        };
        job.recover()?;
        Ok(job)
    }

    fn recover(&mut self) -> Result<()> {
        let partitions = self.log.partitions(&self.topic)? as usize;
        self.done = self.store.done()?.unwrap_or_default();
        if self.done.next.is_empty() {
            let begin = |partition| Ok(self.log.begin(&self.topic, partition)?);
            self.done.next = (0..partitions as u32).map(begin).collect::<Result<_>>()?;
        }
        if self.done.next.len() != partitions {
            return Err(MicroBatchError::Partitions {
                topic: self.topic.clone(),
                stored: self.done.next.len(),
                given: partitions,
            });
        }
        let plan = self.store.plan()?;
        self.begun = plan.filter(|plan| plan.batch == self.done.batch + 1);
        self.lost = false;
        Ok(())
    }

    /// The topology.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Each operator, and how many rows it has made since the job was opened.
    pub fn made(&self) -> Vec<(&str, u64)> {
        let names = self.topology.nodes.iter().map(|node| node.name.as_str());
        names.zip(self.made.iter().copied()).collect()
    }

    /// The id of the last batch that is done; 0 before the first.
    pub fn batch(&self) -> u64 {
        self.done.batch
    }

    /// Returns how far the job has come in event time, as of the last batch that is done.
    pub fn clock(&self) -> &EventClock {
        &self.done.clock
    }

    /// Records that wait in the log.
    pub fn lag(&self) -> Result<u64> {
        let ends = self.log.ends(&self.topic)?;
        let waits = ends.iter().zip(&self.done.next);
        Ok(waits.map(|(end, next)| end.saturating_sub(*next)).sum())
    }

    /// Runs the next batch: the one that was begun, or one of what waits. None if
    /// nothing does.
    ///
    /// # Errors
    /// After any error the batch is begun and not done; the next call runs it again.
    pub fn step(&mut self) -> Result<Option<Batch>> {
        if self.lost {
            self.recover()?;
        }
        let replayed = self.begun.is_some();
        let plan = match (self.begun.clone(), self.options.replay) {
            (Some(plan), Replay::Same) => plan,
            (Some(plan), Replay::Drawn(seed)) => self.drawn(plan.batch, seed)?,
            (None, _) => self.waiting()?,
        };
        self.check(&plan)?;
        if plan.records() == 0 && !replayed {
            return Ok(None);
        }
        self.lost = true;
        if !replayed || self.begun.as_ref() != Some(&plan) {
            self.take_step(plan.batch, BatchPhase::Plan, || {
                self.store.write_plan(&plan)
            })?;
        }
        let (rejected, clock) = self.run(&plan, replayed)?;
        let done = Done {
            batch: plan.batch,
            next: plan.to.clone(),
            clock,
        };
        self.take_step(plan.batch, BatchPhase::Done, || {
            self.store.write_done(&done, &rejected)
        })?;
        (self.done, self.begun, self.lost) = (done, None, false);
        Ok(Some(Batch {
            plan,
            replayed,
            rejected: rejected.len(),
        }))
    }

    /// Takes a step of a batch, unless the process crashes before its effect or after it.
    pub(super) fn take_step<T>(
        &self,
        batch: u64,
        step: BatchPhase,
        effect: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        faults::step(&*self.options.faults, BatchStep { batch, step }, effect)
    }

    /// Runs batches until nothing waits; how many.
    pub fn drain(&mut self) -> Result<u64> {
        let mut batches = 0;
        while self.step()?.is_some() {
            batches += 1;
        }
        Ok(batches)
    }

    /// A batch of what waits.
    fn waiting(&self) -> Result<BatchPlan> {
        let from = self.done.next.clone();
        let ends = self.log.ends(&self.topic)?;
        let most = self.options.most.max(1);
        let to = from
            .iter()
            .zip(ends)
            .map(|(from, end)| end.min(from + most).max(*from));
        Ok(BatchPlan {
            batch: self.done.batch + 1,
            to: to.collect(),
            from,
        })
    }

    /// The batch as a source gives it that cannot repeat itself.
    fn drawn(&self, batch: u64, seed: u64) -> Result<BatchPlan> {
        let mut plan = self.waiting()?;
        let mut random = SplitMix64::seed_from_u64(seed ^ batch);
        for (from, to) in plan.from.iter().zip(&mut plan.to) {
            *to = from + random.next_u64() % (*to - from + 1);
        }
        Ok(plan)
    }

    /// That the log has what the batch takes.
    fn check(&self, plan: &BatchPlan) -> Result<()> {
        for (partition, (from, to)) in (0..).zip(plan.from.iter().zip(&plan.to)) {
            let (next, topic) = (*from, self.topic.clone());
            let begin = self.log.begin(&self.topic, partition)?;
            if next < begin {
                return Err(MicroBatchError::Truncated {
                    topic,
                    partition,
                    next,
                    begin,
                });
            }
            let end = self.log.end(&self.topic, partition)?;
            if *to > end || next > end {
                return Err(MicroBatchError::PastTheEnd {
                    topic,
                    partition,
                    next: *to,
                    end,
                });
            }
        }
        Ok(())
    }

    /// Gives up what the log no longer has, and says how many records of each
    /// partition that is. A batch that was begun is taken back first only where it
    /// cannot run any more; what it did to states stays.
    pub fn skip_to_begin(&mut self) -> Result<Vec<u64>> {
        self.recover()?;
        let mut lost = Vec::new();
        for (partition, next) in (0..).zip(&mut self.done.next) {
            let begin = self.log.begin(&self.topic, partition)?;
            lost.push(begin.saturating_sub(*next));
            *next = begin.max(*next);
        }
        if lost.iter().any(|lost| *lost > 0) {
            // An id of its own, so that what the lost batch did is not undone by halves.
            self.done.batch = self
                .begun
                .as_ref()
                .map_or(self.done.batch, |plan| plan.batch);
            self.store.write_done(&self.done, &[])?;
            self.begun = None;
        }
        Ok(lost)
    }
}

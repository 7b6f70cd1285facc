//! A job: a topology over a topic of a log, batch after batch.
//!
//! 1. *Plan*: the offsets that the batch takes of each partition are written down.
//! 2. Partitions are read side by side; rows go as far as they can alone.
//! 3. At each exchange rows go to the partition of their key; states are updated
//!    there, each partition in one *commit*.
//! 4. *Done*: the batch's id and the offsets that come next are written down.
//!
//! A process that dies anywhere goes on with the plan that was written: the batch
//! comes again, whole, before any other. So batches are applied in order, and what
//! a state has of it is told by the ids beside its values.
use super::error::{MicroBatchError, Result};
use super::exchange::{Collector, Finish};
use super::fault::{Faults, Step};
use super::sessions;
use super::state_store::{Done, Plan, Rejected, StateStore};
use super::topology::{Op, Topology};
use super::value::{Owned, Value, decode, encode};
use super::worker::Worker;
use crate::speed::{Log, partition_of};
use polars::prelude::{Column, DataFrame, NamedFrom, Series};
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng};
use rayon::prelude::*;
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
pub struct Options {
    /// Records of each partition that a batch takes at most: what bounds the memory,
    /// and holds the log back when more comes than can be done.
    pub most: u64,
    /// Partitions of states, and workers. They stay as they are for a folder.
    pub partitions: u32,
    /// Whether workers run side by side; else one after the other, in a fixed order.
    pub parallel: bool,
    pub replay: Replay,
    /// Where the process dies; for tests and lessons.
    pub faults: Arc<Faults>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            most: 100_000,
            partitions: std::thread::available_parallelism().map_or(2, usize::from) as u32,
            parallel: true,
            replay: Replay::Same,
            faults: Arc::default(),
        }
    }
}

/// A batch that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub plan: Plan,
    /// It was begun before.
    pub replayed: bool,
    /// Records that could not be read.
    pub rejected: usize,
}

/// A topology that runs.
///
/// ```
/// use lambda_workbook::microbatch::{self, Job, Kind, Options};
/// use lambda_workbook::speed::{EmbeddedLog, Log};
/// use std::sync::Arc;
///
/// let folder = tempfile::tempdir()?;
/// let log = Arc::new(EmbeddedLog::open(folder.path().join("log"))?);
/// log.create_topic("lines", 2)?;
/// log.append("lines", 0, &[(b"", b"apple pear apple")])?;
/// let topology = microbatch::word_count(Kind::Transactional)?;
/// let mut job = Job::open(folder.path().join("job"), log, "lines", topology, Options::default())?;
/// assert_eq!(job.drain()?, 1);
/// assert_eq!(job.get("counts", &["apple".into()])?, Some(2.into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Job {
    log: Arc<dyn Log>,
    topic: String,
    topology: Topology,
    store: StateStore,
    options: Options,
    done: Done,
    /// The plan of a batch that is begun and not done.
    begun: Option<Plan>,
    /// A batch failed: what is stored must be read again.
    lost: bool,
    /// Rows that each operator made, since the job was opened.
    made: Vec<u64>,
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
        options: Options,
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
            options: Options {
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
        let faults = self.options.faults.clone();
        if !replayed || self.begun.as_ref() != Some(&plan) {
            faults.step(plan.batch, &Step::Plan, || self.store.write_plan(&plan))?;
        }
        let rejected = self.run(&plan, replayed)?;
        let done = Done {
            batch: plan.batch,
            next: plan.to.clone(),
        };
        faults.step(plan.batch, &Step::Done, || {
            self.store.write_done(&done, &rejected)
        })?;
        (self.done, self.begun, self.lost) = (done, None, false);
        Ok(Some(Batch {
            plan,
            replayed,
            rejected: rejected.len(),
        }))
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
    fn waiting(&self) -> Result<Plan> {
        let from = self.done.next.clone();
        let ends = self.log.ends(&self.topic)?;
        let most = self.options.most.max(1);
        let to = from
            .iter()
            .zip(ends)
            .map(|(from, end)| end.min(from + most).max(*from));
        Ok(Plan {
            batch: self.done.batch + 1,
            to: to.collect(),
            from,
        })
    }

    /// The batch as a source gives it that cannot repeat itself.
    fn drawn(&self, batch: u64, seed: u64) -> Result<Plan> {
        let mut plan = self.waiting()?;
        let mut random = SplitMix64::seed_from_u64(seed ^ batch);
        for (from, to) in plan.from.iter().zip(&mut plan.to) {
            *to = from + random.next_u64() % (*to - from + 1);
        }
        Ok(plan)
    }

    /// That the log has what the batch takes.
    fn check(&self, plan: &Plan) -> Result<()> {
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

    fn run(&mut self, plan: &Plan, replayed: bool) -> Result<Vec<Rejected>> {
        let workers = self.each(plan.from.len() as u32, |partition| {
            let (from, to) = (plan.from[partition as usize], plan.to[partition as usize]);
            let mut worker = Worker::of(&self.topology);
            if from < to {
                let read = || {
                    Ok(self
                        .log
                        .read(&self.topic, partition, from, (to - from) as usize)?)
                };
                let records = self
                    .options
                    .faults
                    .step(plan.batch, &Step::Read(partition), read)?;
                worker.read(partition, &records)?;
            }
            Ok(worker)
        })?;
        let mut rejected = Vec::new();
        let mut made = vec![0; self.topology.nodes.len()];
        let mut collected = gather(workers, &mut made, &mut rejected);
        for phase in 0..self.topology.phases {
            let parts = self.exchange(phase, &mut collected);
            let workers = self.each(self.options.partitions, |partition| {
                self.finish(phase, plan.batch, replayed, partition, &parts)
            })?;
            let next = gather(workers, &mut made, &mut rejected);
            for (all, more) in collected.iter_mut().zip(next) {
                all.extend(more);
            }
        }
        self.made
            .iter_mut()
            .zip(made)
            .for_each(|(all, more)| *all += more);
        Ok(rejected)
    }

    /// Runs workers side by side, or in order.
    fn each<T: Send>(
        &self,
        workers: u32,
        work: impl Fn(u32) -> Result<T> + Send + Sync,
    ) -> Result<Vec<T>> {
        if self.options.parallel && workers > 1 {
            (0..workers).into_par_iter().map(work).collect()
        } else {
            (0..workers).map(work).collect()
        }
    }

    /// Cuts what was collected before the exchanges of a phase.
    fn exchange(&self, phase: usize, collected: &mut [Collected]) -> Vec<Exchanged> {
        let nodes = self.topology.nodes.iter().enumerate();
        let exchanges =
            nodes.filter(|(_, node)| node.phase == phase && matches!(node.op, Op::Exchange(_)));
        let exchanged = exchanges.map(|(place, _)| {
            let collected = std::mem::take(&mut collected[place]);
            let latest = collected.iter().filter_map(|part| part.latest()).max();
            let partitions = self.options.partitions;
            let split: Vec<_> = collected
                .into_par_iter()
                .map(|part| part.split(partitions))
                .collect();
            let mut parts: Vec<Collected> = (0..partitions).map(|_| Vec::new()).collect();
            for split in split {
                for (part, to) in split.into_iter().zip(&mut parts) {
                    to.push(part);
                }
            }
            Exchanged {
                place,
                latest,
                parts: parts.into_iter().map(std::sync::Mutex::new).collect(),
            }
        });
        exchanged.collect()
    }

    /// A partition's share of a phase: merges, updates states, hands rows on.
    fn finish(
        &self,
        phase: usize,
        batch: u64,
        replayed: bool,
        partition: u32,
        exchanged: &[Exchanged],
    ) -> Result<Worker<'_>> {
        let mut worker = Worker::of(&self.topology);
        for Exchanged {
            place,
            latest,
            parts,
        } in exchanged
        {
            let node = &self.topology.nodes[*place];
            debug_assert_eq!(node.phase, phase);
            let Op::Exchange(exchange) = &node.op else {
                continue;
            };
            let mut parts = parts[partition as usize]
                .lock()
                .unwrap_or_else(|error| error.into_inner());
            let parts = std::mem::take(&mut *parts);
            let state = node
                .state
                .map(|_| self.store.part(&node.name, partition))
                .transpose()?;
            let mut emit = |row: &[Value<'_>]| worker.emit(*place, row);
            let wanted = !node.children.is_empty();
            let mut at = Finish {
                batch,
                replayed,
                latest: *latest,
                part: state,
                made: 0,
                emit: wanted.then_some(&mut emit),
            };
            exchange.finish(parts, &mut at)?;
            let (made, part) = (at.made, at.part);
            if !wanted {
                worker.made[*place] += made;
            }
            if let Some(part) = part {
                let step = Step::Commit(node.name.clone(), partition);
                self.options
                    .faults
                    .step(batch, &step, || self.store.commit(part))?;
            }
        }
        Ok(worker)
    }

    /// The value of a key in a state, as of the last batch that was committed.
    pub fn get(&self, state: &str, key: &[Value<'_>]) -> Result<Option<Owned>> {
        let node = self.state(state)?;
        let keys = node.1.keys;
        if key.len() != keys {
            return Err(MicroBatchError::Question {
                state: state.to_owned(),
                problem: format!("its keys have {keys} values, and this one {}", key.len()),
            });
        }
        let mut bytes = Vec::new();
        encode(key.iter().copied(), &mut bytes);
        let part = self
            .store
            .part(state, partition_of(&bytes, self.options.partitions))?;
        let value = part.get(&bytes)?.and_then(|stored| stored.value);
        value.map(|value| node.1.shown(&value)).transpose()
    }

    /// A state as a table: its keys, its value, and the batch of each (0 where the
    /// state keeps none), in the order of the keys.
    pub fn table(&self, state: &str) -> Result<DataFrame> {
        let (fields, form) = self.state(state)?;
        let mut rows: Vec<(Vec<Owned>, Vec<Owned>, u64)> = Vec::new();
        for partition in 0..self.options.partitions {
            for (key, stored) in self.store.part(state, partition)?.scan()? {
                if let Some(value) = stored.value {
                    rows.push((decode(&key)?, form.values(&value)?, stored.batch));
                }
            }
        }
        rows.sort();
        let mut columns: Vec<Column> = Vec::new();
        for (place, field) in fields.iter().enumerate() {
            let value = |row: &(Vec<Owned>, Vec<Owned>, u64)| {
                row.0
                    .get(place)
                    .or_else(|| row.1.get(place - row.0.len()))
                    .cloned()
            };
            columns.push(column(field, rows.iter().map(value).collect()));
        }
        let batches: Vec<i64> = rows.iter().map(|row| row.2 as i64).collect();
        columns.push(Series::new("batch".into(), batches).into());
        Ok(DataFrame::new(rows.len(), columns)?)
    }

    fn state(&self, state: &str) -> Result<(&[String], Form<'_>)> {
        let node = self.topology.nodes.iter().find(|node| node.name == state);
        match node.map(|node| (node, &node.op)) {
            Some((node, Op::Exchange(exchange))) if node.state.is_some() => {
                let super::exchange::Keys::First(keys) = exchange.keys() else {
                    unreachable!("a state has keys");
                };
                Ok((
                    &node.fields,
                    Form {
                        keys,
                        exchange: exchange.as_ref(),
                    },
                ))
            }
            _ => Err(MicroBatchError::NoState {
                state: state.to_owned(),
                known: self
                    .topology
                    .states()
                    .iter()
                    .map(|s| (*s).to_owned())
                    .collect(),
            }),
        }
    }

    /// Records that could not be read: partition, offset, reason.
    pub fn rejected(&self) -> Result<Vec<(u32, u64, String)>> {
        self.store.rejected()
    }

    /// Rows that came too late for the sessions of a state.
    pub fn late(&self, state: &str) -> Result<i64> {
        let part = |partition| self.store.part(state, partition);
        (0..self.options.partitions)
            .map(|p| sessions::late(&part(p)?))
            .sum()
    }
}

/// How a state's bytes are read.
struct Form<'a> {
    keys: usize,
    exchange: &'a dyn super::exchange::Exchange,
}

impl Form<'_> {
    fn values(&self, bytes: &[u8]) -> Result<Vec<Owned>> {
        self.exchange.values(bytes)
    }

    fn shown(&self, bytes: &[u8]) -> Result<Owned> {
        let first = self.values(bytes)?.into_iter().next();
        first.ok_or(MicroBatchError::Damaged {
            what: "a value of a state is empty",
        })
    }
}

fn column(name: &str, values: Vec<Option<Owned>>) -> Column {
    let texts = values
        .iter()
        .any(|value| matches!(value, Some(Owned::Text(_))));
    let series = if texts {
        let text = |value: &Option<Owned>| value.as_ref().map(|v| v.as_value().to_string());
        Series::new(name.into(), values.iter().map(text).collect::<Vec<_>>())
    } else {
        let int = |value: &Option<Owned>| value.as_ref().map(|value| value.as_value().int());
        Series::new(name.into(), values.iter().map(int).collect::<Vec<_>>())
    };
    series.into()
}

/// The parts of all workers.
type Collected = Vec<Box<dyn Collector>>;

/// What goes through an exchange, by partition.
struct Exchanged {
    place: usize,
    latest: Option<i64>,
    parts: Vec<std::sync::Mutex<Collected>>,
}

/// What workers collected, by operator.
fn gather(workers: Vec<Worker>, made: &mut [u64], rejected: &mut Vec<Rejected>) -> Vec<Collected> {
    let mut all: Vec<Collected> = made.iter().map(|_| Vec::new()).collect();
    for worker in workers {
        rejected.extend(worker.rejected);
        made.iter_mut()
            .zip(worker.made)
            .for_each(|(all, more)| *all += more);
        for (all, one) in all.iter_mut().zip(worker.collectors) {
            all.extend(one);
        }
    }
    all
}

//! Queues and workers: a topology on threads (figures 14.6 and 14.7).
//!
//! Stages of workers with queues between them. A worker takes a tuple from its
//! queue, does its step, and puts tuples into queues of the next stage, chosen by
//! the hash of their key: *fields grouping*. So all tuples of a URL come to one
//! worker, and two workers never update one row at once.
//!
//! A worker can crash between two queues. Whether that loses a tuple, or processes one
//! twice, depends on when the tuple is acknowledged and when the worker crashes:
//!
//! | acknowledged | crash before the step | crash after the step |
//! |---|---|---|
//! | on delivery | **lost** | once |
//! | after processing | once, redelivered | **twice**, redelivered |
//!
//! [`QueueTopology::acknowledge`] chooses the row, [`QueueTopology::crashes`] the column.
use lambda::faults::{self, Crash, Crashes};
use lambda::speed::partition_of;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// What goes through a topology.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tuple {
    /// Chooses the queue.
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

impl Tuple {
    pub fn new(key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
        }
    }
}

/// What a worker does with a tuple: gives those that it makes of it to the
/// function.
type Work = Box<dyn Fn(Tuple, &mut dyn FnMut(Tuple)) + Send + Sync>;

/// When a worker acknowledges a tuple, which removes the tuple from its queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acknowledge {
    /// As soon as the worker takes it.
    OnDelivery,
    /// When the worker's step is done. A tuple that is not acknowledged is redelivered.
    #[default]
    AfterProcessing,
}

/// Workers of one kind, and the queues before them.
pub struct Stage {
    name: String,
    /// Queues, and what went through each.
    queues: Vec<Queue>,
    workers: Vec<Worker>,
    work: Work,
}

/// A process of a stage.
#[derive(Default)]
struct Worker {
    /// Tuples taken so far.
    taken: AtomicU64,
    crashes: Crashes<u64>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<(VecDeque<Tuple>, bool)>,
    moved: Condvar,
    passed: AtomicU64,
}

/// Tuples that a queue holds before those that fill it must wait.
const ROOM: usize = 1_000;

impl Queue {
    fn push(&self, tuple: Tuple) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.0.len() >= ROOM {
            state = self
                .moved
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.0.push_back(tuple);
        self.passed.fetch_add(1, Ordering::Relaxed);
        self.moved.notify_all();
    }

    /// The next tuple, once there is one; none when the queue is closed and empty.
    fn pop(&self) -> Option<Tuple> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(tuple) = state.0.pop_front() {
                self.moved.notify_all();
                return Some(tuple);
            }
            if state.1 {
                return None;
            }
            state = self
                .moved
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.moved.notify_all();
    }
}

/// Stages in the order of the data.
///
/// ```
/// use lambda_workbook::speed::{QueueTopology, Tuple};
/// use std::sync::Mutex;
/// use std::sync::Arc;
///
/// let words = Arc::new(Mutex::new(Vec::new()));
/// let seen = words.clone();
/// let topology = QueueTopology::new("words")
///     .stage("split", 2, |tuple, emit| {
///         for word in tuple.value.split(|b| *b == b' ') {
///             emit(Tuple::new(word, word));
///         }
///     })
///     .stage("keep", 2, move |tuple, _| seen.lock().unwrap().push(tuple.value));
/// topology.run([Tuple::new("1", "to be"), Tuple::new("2", "not to be")]);
/// assert_eq!(words.lock().unwrap().len(), 5);
/// let passed = topology.passed();
/// assert_eq!(passed[0].1.iter().sum::<u64>(), 2); // lines into the first queues
/// assert_eq!(passed[1].1.iter().sum::<u64>(), 5); // words into the second
/// ```
pub struct QueueTopology {
    name: String,
    stages: Vec<Stage>,
    acknowledge: Acknowledge,
}

impl QueueTopology {
    /// Without stages yet.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            stages: Vec::new(),
            acknowledge: Acknowledge::default(),
        }
    }

    /// Adds a stage: so many workers, each with a queue before it.
    pub fn stage(
        mut self,
        name: &str,
        workers: usize,
        work: impl Fn(Tuple, &mut dyn FnMut(Tuple)) + Send + Sync + 'static,
    ) -> Self {
        self.stages.push(Stage {
            name: name.to_owned(),
            queues: (0..workers).map(|_| Queue::default()).collect(),
            workers: (0..workers).map(|_| Worker::default()).collect(),
            work: Box::new(work),
        });
        self
    }

    /// Gives the last stage so many queues, shared among its workers in turn.
    pub fn queues(mut self, queues: usize) -> Self {
        if let Some(stage) = self.stages.last_mut() {
            stage.queues = (0..queues).map(|_| Queue::default()).collect();
        }
        self
    }

    /// Sets when workers acknowledge their tuples.
    pub fn acknowledge(mut self, when: Acknowledge) -> Self {
        self.acknowledge = when;
        self
    }

    /// Plans the crashes of one worker of a stage; both are numbered from 0. A step is the
    /// processing of one tuple, and a worker's tuples are numbered from 0 in the order in
    /// which it takes them.
    pub fn crashes(mut self, stage: usize, worker: usize, crashes: Crashes<u64>) -> Self {
        self.stages[stage].workers[worker].crashes = crashes;
        self
    }

    /// What it computes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// For each stage: its name, what went through its queues, what its workers
    /// did.
    pub fn passed(&self) -> Vec<(&str, Vec<u64>, Vec<u64>)> {
        let counts = |stage| {
            let Stage {
                name,
                queues,
                workers,
                ..
            }: &Stage = stage;
            let passed = queues.iter().map(|q| q.passed.load(Ordering::Relaxed));
            let done = workers.iter().map(|w| w.taken.load(Ordering::Relaxed));
            (name.as_str(), passed.collect(), done.collect())
        };
        self.stages.iter().map(counts).collect()
    }

    /// Runs all workers on threads of their own until every tuple is through.
    pub fn run(&self, tuples: impl IntoIterator<Item = Tuple>) {
        std::thread::scope(|scope| {
            let mut stages = Vec::new();
            for (place, stage) in self.stages.iter().enumerate() {
                let workers = stage.workers.len();
                let threads = (0..stage.queues.len())
                    .map(|queue| scope.spawn(move || self.work(place, queue, queue % workers)));
                stages.push(threads.collect::<Vec<_>>());
            }
            for tuple in tuples {
                self.send(0, tuple);
            }
            // Each stage ends when the one before it has.
            for (stage, threads) in self.stages.iter().zip(stages) {
                stage.queues.iter().for_each(Queue::close);
                for thread in threads {
                    thread.join().expect("a worker's step does not panic");
                }
            }
        });
    }

    fn send(&self, stage: usize, tuple: Tuple) {
        if let Some(stage) = self.stages.get(stage) {
            let queue = partition_of(&tuple.key, stage.queues.len() as u32);
            stage.queues[queue as usize].push(tuple);
        }
    }

    fn work(&self, place: usize, queue: usize, worker: usize) {
        let stage = &self.stages[place];
        let worker = &stage.workers[worker];
        while let Some(tuple) = stage.queues[queue].pop() {
            let number = worker.taken.fetch_add(1, Ordering::SeqCst);
            let process = || {
                (stage.work)(tuple.clone(), &mut |made| self.send(place + 1, made));
                Ok::<(), Crash>(())
            };
            while faults::step(&worker.crashes, number, process).is_err() {
                worker.crashes.restart();
                if self.acknowledge == Acknowledge::OnDelivery {
                    // The queue no longer has it, and the worker's memory is gone.
                    break;
                }
                // It was not acknowledged, so the queue delivers it again.
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda::faults::CrashPoint;
    use std::collections::{BTreeMap, HashSet};
    use std::sync::Arc;
    use std::thread::ThreadId;

    type Seen = Arc<Mutex<BTreeMap<Vec<u8>, (u64, HashSet<ThreadId>)>>>;

    fn run(acknowledge: Acknowledge, crashes: Crashes<u64>) -> (QueueTopology, Seen) {
        let seen: Seen = Arc::default();
        let store = seen.clone();
        let topology = QueueTopology::new("page views")
            .stage("normalise", 2, |tuple, emit| {
                emit(Tuple::new(tuple.value, ""))
            })
            .queues(3)
            .crashes(0, 1, crashes)
            .acknowledge(acknowledge)
            .stage("store", 2, move |tuple, _| {
                let mut seen = store.lock().unwrap();
                let row = seen.entry(tuple.key).or_default();
                row.0 += 1;
                row.1.insert(std::thread::current().id());
            });
        topology.run((0..3000u32).map(|n| Tuple::new(n.to_be_bytes(), [(n % 7) as u8])));
        (topology, seen)
    }

    fn total(seen: &Seen) -> u64 {
        seen.lock().unwrap().values().map(|row| row.0).sum()
    }

    #[test]
    fn every_tuple_comes_through_and_a_key_has_one_worker() {
        let (topology, seen) = run(Acknowledge::default(), Crashes::default());
        assert_eq!(total(&seen), 3000);
        assert!(seen.lock().unwrap().values().all(|row| row.1.len() == 1));
        let passed = topology.passed();
        assert_eq!((passed[0].1.len(), passed[0].2.len()), (3, 2));
        for (_, queues, workers) in passed {
            assert_eq!(queues.iter().sum::<u64>(), 3000);
            assert_eq!(workers.iter().sum::<u64>(), 3000);
        }
    }

    #[test]
    fn a_worker_that_crashes_between_two_queues_loses_or_doubles() {
        use Acknowledge::{AfterProcessing, OnDelivery};
        let (before, after) = (CrashPoint::before(10), CrashPoint::after(10));
        for (acknowledge, crash, stored) in [
            (OnDelivery, before, 2999),
            (OnDelivery, after, 3000),
            (AfterProcessing, before, 3000),
            (AfterProcessing, after, 3001),
        ] {
            let (_, seen) = run(acknowledge, Crashes::at([crash]));
            assert_eq!(total(&seen), stored, "{acknowledge:?}, {crash}");
        }
    }
}

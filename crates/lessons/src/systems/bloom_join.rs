//! Three ways to join a small batch with large master data (figure 18.2).
//!
//! The master data lie on machines in the order in which they came, so a person's
//! samples are anywhere. Rows that join must meet: each key has a home, the machine
//! of its hash, and rows go there.
//!
//! - *Plain*: all rows go home.
//! - *Semi*: each machine is first told the keys of the batch, and sends only rows
//!   of these.
//! - *Bloom*: each machine is first told a Bloom filter of the keys, and sends the
//!   rows that pass; at home an exact join takes the false positives out.
//!
//! A machine is a thread, a message is bytes: what is counted is what was written.
//! The batch comes from a driver beside the machines. What stays on its machine
//! does not move. Not here: a real network, whose time would weigh bytes more.
//!
//! Invariants:
//! 1. All ways give the same rows, those of the exact join.
//! 2. Rows sent by *semi* are the rows joined; *Bloom* sends these and false
//!    positives; *plain* sends all.
use super::birthday::AgeSample;
use super::key_filter::KeyFilter;
use super::recompute_error::RecomputeError;
use super::wire;
use lambda::datum::PersonId;
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::thread;
use std::time::Duration;

/// How a batch is joined with the master data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    Plain,
    Semi,
    Bloom { bits_per_key: f64 },
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Way::Plain => f.write_str("plain"),
            Way::Semi => f.write_str("semi"),
            Way::Bloom { bits_per_key } => write!(f, "Bloom, {bits_per_key} bits"),
        }
    }
}

/// What a join took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    pub way: Way,
    /// Bytes that every machine is told first: keys, or the filter.
    pub told_bytes: usize,
    /// Rows of the master data that passed, also those that were at home already.
    pub passed: usize,
    /// Rows of the master data that joined.
    pub joined: usize,
    /// Rows that went from one machine to another, the batch's among them.
    pub rows_moved: usize,
    /// Bytes that did, with what the machines were told.
    pub bytes_moved: usize,
    /// The most that a machine held for the join at once: rows to send or received,
    /// by their bytes, and the filter or table of keys, by its capacity.
    pub memory: usize,
    /// The part of that memory that the filter or the table of all keys takes, which every machine
    /// holds while it looks for rows to send. 0 for a plain join.
    pub told_memory: usize,
    pub took: Duration,
}

/// Master data on machines.
#[derive(Clone, Debug)]
pub struct Cluster {
    parts: Vec<Vec<AgeSample>>,
}

impl Cluster {
    /// Cuts the samples into as many parts, in their order.
    ///
    /// # Errors
    /// No machines, or more than 64.
    pub fn of(master: &[AgeSample], machines: usize) -> Result<Self, RecomputeError> {
        if !(1..=64).contains(&machines) {
            return Err(RecomputeError::Machines(machines));
        }
        let cut = |machine: usize| machine * master.len() / machines;
        let part = |machine| master[cut(machine)..cut(machine + 1)].to_vec();
        let parts = (0..machines).map(part).collect();
        Ok(Cluster { parts })
    }

    /// How many machines.
    pub fn machines(&self) -> usize {
        self.parts.len()
    }

    /// How many samples they hold.
    pub fn rows(&self) -> usize {
        self.parts.iter().map(Vec::len).sum()
    }

    /// The samples of everybody in the batch, sorted, and what it took to get them.
    ///
    /// ```
    /// use lambda_workbook::systems::{bloom_join::{Cluster, Way}, drawn};
    /// let samples = drawn(10_000, 5, 7);
    /// let (master, batch) = samples.split_at(49_500);
    /// let cluster = Cluster::of(master, 4)?;
    /// let mut now = lambda_workbook::systems::stopwatch();
    /// let (rows, plain) = cluster.join(batch, Way::Plain, &mut now)?;
    /// let (same, bloom) = cluster.join(batch, Way::Bloom { bits_per_key: 10.0 }, &mut now)?;
    /// assert_eq!(rows, same);
    /// assert!(bloom.bytes_moved * 10 < plain.bytes_moved);
    /// # Ok::<(), lambda_workbook::systems::RecomputeError>(())
    /// ```
    ///
    /// # Errors
    /// A filter that cannot be.
    pub fn join(
        &self,
        batch: &[AgeSample],
        way: Way,
        now: &mut dyn FnMut() -> Duration,
    ) -> Result<(Vec<AgeSample>, Cost), RecomputeError> {
        let begun = now();
        let keys: BTreeSet<&PersonId> = batch.iter().map(AgeSample::person).collect();
        let told = match way {
            Way::Plain => Vec::new(),
            Way::Semi => wire::keys(keys),
            Way::Bloom { bits_per_key } => {
                KeyFilter::with_bits_per_key(keys, bits_per_key)?.to_bytes()
            }
        };
        let machines = self.machines();
        let sent = at_once(&self.parts, |part| send(part, machines, way, &told))?;
        let mut of_batch = vec![Vec::new(); machines];
        for sample in batch {
            wire::put(sample, &mut of_batch[wire::home(sample.person(), machines)]);
        }
        let homes: Vec<usize> = (0..machines).collect();
        let received = at_once(&homes, |&home| receive(home, &sent, &of_batch[home]))?;
        let mut cost = Cost {
            way,
            told_bytes: told.len(),
            passed: sent.iter().map(|sent| sent.passed).sum(),
            joined: received.iter().map(|home| home.rows.len()).sum(),
            rows_moved: batch.len(),
            bytes_moved: told.len() * machines + of_batch.iter().map(Vec::len).sum::<usize>(),
            memory: 0,
            told_memory: sent.iter().map(|sent| sent.told_memory).max().unwrap_or(0),
            took: Duration::ZERO,
        };
        for (from, sent) in sent.iter().enumerate() {
            let away = sent.rows.iter().enumerate().filter(|(to, _)| from != *to);
            for (_, (rows, bytes)) in away {
                cost.rows_moved += rows;
                cost.bytes_moved += bytes.len();
            }
        }
        let memory = sent.iter().map(|sent| sent.memory);
        cost.memory = memory
            .chain(received.iter().map(|home| home.memory))
            .max()
            .unwrap_or(0);
        let mut rows: Vec<AgeSample> = received.into_iter().flat_map(|home| home.rows).collect();
        rows.sort();
        cost.took = now() - begun;
        Ok((rows, cost))
    }
}

/// Runs one thread for each part.
fn at_once<P: Sync, T: Send>(
    parts: &[P],
    work: impl Fn(&P) -> Result<T, RecomputeError> + Sync,
) -> Result<Vec<T>, RecomputeError> {
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<_> = parts
            .iter()
            .map(|part| scope.spawn(move || work(part)))
            .collect();
        let join = |thread: thread::ScopedJoinHandle<'_, Result<T, RecomputeError>>| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    })
}

/// What a machine sends: for each home, how many rows, and their bytes.
struct Sent {
    rows: Vec<(usize, Vec<u8>)>,
    passed: usize,
    memory: usize,
    /// Bytes of the filter or of the table of keys.
    told_memory: usize,
}

fn send(
    part: &[AgeSample],
    machines: usize,
    way: Way,
    told: &[u8],
) -> Result<Sent, RecomputeError> {
    // Every machine has a copy of its own, as it would behind a network.
    let told = told.to_vec();
    let (mut filter, mut keys) = (None, None);
    match way {
        Way::Plain => {}
        Way::Semi => keys = Some(wire::read_keys(&told)?),
        Way::Bloom { .. } => filter = Some(KeyFilter::from_bytes(&told)?),
    }
    let passes = |person: &PersonId| match (&filter, &keys) {
        (Some(filter), _) => filter.might_contain(person),
        (_, Some(keys)) => keys.contains(person),
        _ => true,
    };
    let mut rows = vec![(0, Vec::new()); machines];
    for sample in part.iter().filter(|sample| passes(sample.person())) {
        let (count, bytes) = &mut rows[wire::home(sample.person(), machines)];
        *count += 1;
        wire::put(sample, bytes);
    }
    let held =
        filter.map_or(0, |filter| filter.bytes()) + keys.map_or(0, |keys| table_bytes(&keys));
    Ok(Sent {
        passed: rows.iter().map(|(count, _)| count).sum(),
        memory: held + rows.iter().map(|(_, bytes)| bytes.len()).sum::<usize>(),
        told_memory: held,
        rows,
    })
}

/// What a home has after the exact join.
struct Received {
    rows: Vec<AgeSample>,
    memory: usize,
}

fn receive(home: usize, sent: &[Sent], of_batch: &[u8]) -> Result<Received, RecomputeError> {
    let batch = wire::rows(of_batch)?;
    let keys: HashSet<PersonId> = batch.iter().map(|sample| sample.person().clone()).collect();
    let mut rows = Vec::new();
    let mut bytes = of_batch.len();
    for sent in sent {
        let (_, sent) = &sent.rows[home];
        bytes += sent.len();
        let received = wire::rows(sent)?;
        rows.extend(
            received
                .into_iter()
                .filter(|sample| keys.contains(sample.person())),
        );
    }
    Ok(Received {
        rows,
        memory: bytes + table_bytes(&keys),
    })
}

/// A hash table has a byte of its own beside each slot.
fn table_bytes(keys: &HashSet<PersonId>) -> usize {
    let text = |key: &PersonId| match key {
        PersonId::Cookie(cookie) => cookie.capacity(),
        PersonId::UserId(_) => 0,
    };
    keys.capacity() * (size_of::<PersonId>() + 1) + keys.iter().map(text).sum::<usize>()
}

#[cfg(test)]
#[path = "bloom_join_tests.rs"]
mod tests;

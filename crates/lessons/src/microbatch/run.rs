//! A batch on its way: workers, exchanges, commits.
use super::batch_step::BatchPhase;
use super::error::Result;
use super::event_time::{BatchTime, EventClock};
use super::exchange::{Collector, Finish};
use super::job::Job;
use super::state_store::{BatchPlan, Rejected};
use super::topology::OperatorKind;
use super::value::FieldValue;
use super::worker::Worker;
use rayon::prelude::*;

impl Job {
    /// Runs a batch that is written down. Returns what of it could not be read, and how far the job has
    /// come in event time.
    pub(super) fn run(
        &mut self,
        plan: &BatchPlan,
        replayed: bool,
    ) -> Result<(Vec<Rejected>, EventClock)> {
        let workers = self.each(plan.from.len() as u32, |partition| {
            let (from, to) = (plan.from[partition as usize], plan.to[partition as usize]);
            let mut worker = Worker::of(&self.topology);
            if from < to {
                let read = || {
                    Ok(self
                        .log
                        .read(&self.topic, partition, from, (to - from) as usize)?)
                };
                let records = self.take_step(plan.batch, BatchPhase::Read(partition), read)?;
                worker.read(partition, &records)?;
            }
            Ok(worker)
        })?;
        // The clock begins where the batch before left it, so a batch that comes again moves it once.
        let mut clock = self.done.clock.clone();
        let before = clock.watermark();
        if let Some(time) = &self.topology.time {
            let seen: Vec<Option<i64>> = workers.iter().map(|worker| worker.latest).collect();
            clock.advance(time, &seen);
        }
        let time = BatchTime {
            before,
            after: clock.watermark(),
        };
        let mut rejected = Vec::new();
        let mut made = vec![0; self.topology.nodes.len()];
        let mut collected = gather(workers, &mut made, &mut rejected);
        for phase in 0..self.topology.phases {
            let parts = self.exchange(phase, &mut collected);
            let workers = self.each(self.options.partitions, |partition| {
                self.finish(plan.batch, replayed, time, partition, &parts)
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
        Ok((rejected, clock))
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
        let exchanges = nodes.filter(|(_, node)| {
            node.phase == phase && matches!(node.op, OperatorKind::Exchange(_))
        });
        let exchanged = exchanges.map(|(place, _)| {
            let collected = std::mem::take(&mut collected[place]);
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
                parts: parts.into_iter().map(std::sync::Mutex::new).collect(),
            }
        });
        exchanged.collect()
    }

    /// A partition's share of a phase: merges, updates states, hands rows on.
    fn finish(
        &self,
        batch: u64,
        replayed: bool,
        time: BatchTime,
        partition: u32,
        exchanged: &[Exchanged],
    ) -> Result<Worker<'_>> {
        let mut worker = Worker::of(&self.topology);
        for Exchanged { place, parts } in exchanged {
            let node = &self.topology.nodes[*place];
            let OperatorKind::Exchange(exchange) = &node.op else {
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
            let mut emit = |row: &[FieldValue<'_>]| worker.emit(*place, row);
            let is_side = |child: &usize| self.topology.nodes[*child].is_side_output();
            let wanted = node.children.iter().any(|child| !is_side(child));
            let mut at = Finish {
                batch,
                replayed,
                time,
                part: state,
                made: 0,
                emit: wanted.then_some(&mut emit),
                side: Vec::new(),
                wants_side: node.children.iter().any(is_side),
            };
            exchange.finish(parts, &mut at)?;
            let (made, part, side) = (at.made, at.part, at.side);
            worker.made[*place] += made;
            worker.emit_side(*place, &side)?;
            if let Some(part) = part {
                let step = BatchPhase::Commit(node.name.clone(), partition);
                self.take_step(batch, step, || self.store.commit(part))?;
            }
        }
        Ok(worker)
    }
}

/// The parts of all workers.
type Collected = Vec<Box<dyn Collector>>;

/// What goes through an exchange, by partition.
struct Exchanged {
    place: usize,
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

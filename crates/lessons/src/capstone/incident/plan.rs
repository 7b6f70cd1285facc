//! What a seed draws for an incident: the cause with its numbers, and what only looks like one.
use super::cause::{Cause, Remedy};
use dataset::random::Random;
use std::ops::Range;

/// Hours between the beginnings of two batch runs. Batch n begins at the hour n times this.
pub(super) const EVERY: i64 = 12;
/// Hours until a batch is served.
pub(super) const TAKES: i64 = 3;

/// An incident as it happens. Hours are those of the week.
#[derive(Clone, Debug)]
pub(super) struct IncidentPlan {
    pub seed: u64,
    pub fault: IncidentFault,
    /// The hour at which somebody looks: the last of the dashboard.
    pub now: i64,
    /// The network between the sites is cut, and heals. It has healed when the fault begins.
    pub cut: Range<i64>,
    /// The consumer of a partition is down, and reads what it missed when it is back.
    pub pause: (usize, Range<i64>),
    /// A batch that fails: it is not served.
    pub failed: u64,
    /// Batches with which a new version of the batch code is deployed. At most one has a bug.
    pub deployed: Vec<u64>,
}

/// The cause, with its numbers.
#[derive(Clone, Debug)]
pub(super) enum IncidentFault {
    Nothing,
    Clock {
        site: usize,
        from: i64,
        seconds: i64,
    },
    Skip {
        partition: usize,
        down: Range<i64>,
    },
    Bad {
        batch: u64,
    },
    Lost {
        partition: usize,
        from: i64,
    },
    Stale {
        batch: u64,
    },
}

impl IncidentPlan {
    pub fn drawn(cause: Cause, seed: u64) -> Self {
        let mut random = Random::new(&[seed, 0x1C1D]);
        let mut between = |from: i64, to: i64| from + random.below((to - from) as u64) as i64;
        // The batch around which it happens, and the hour at which its run begins.
        let batch = between(5, 10);
        let begins = EVERY * batch;
        let served = begins + TAKES;
        let which = between(0, 2) as usize;
        let (fault, now) = match cause {
            Cause::Nothing => (IncidentFault::Nothing, served + between(2, 12)),
            Cause::ClockOff => {
                let from = begins + between(0, EVERY);
                let minutes = between(12, 36) * 10;
                let sign = [1, -1][between(0, 2) as usize];
                let seconds = sign * minutes * 60;
                let fault = IncidentFault::Clock {
                    site: which,
                    from,
                    seconds,
                };
                (fault, from + between(10, 30))
            }
            Cause::SkippingConsumer => {
                let from = served + between(1, 3);
                let down = from..from + between(2, 5);
                let now = down.end + between(3, 5);
                let partition = which;
                (IncidentFault::Skip { partition, down }, now)
            }
            Cause::BadDeployment => {
                let batch = batch as u64;
                (IncidentFault::Bad { batch }, served + between(1, 20))
            }
            Cause::LostPartition => {
                let from = served + between(1, 7);
                let partition = which;
                (
                    IncidentFault::Lost { partition, from },
                    from + between(6, 30),
                )
            }
            Cause::StaleCut => {
                let batch = batch as u64;
                (
                    IncidentFault::Stale { batch },
                    served + between(2, EVERY - 1),
                )
            }
        };
        let cut = between(14, begins - 28);
        let pause = between(cut + 11, begins - 6);
        let mut deployed = vec![between(2, batch - 1) as u64];
        if matches!(cause, Cause::BadDeployment) || between(0, 2) == 0 {
            deployed.push(batch as u64);
        }
        Self {
            seed,
            fault,
            now,
            cut: cut..cut + between(5, 10),
            pause: (between(0, 2) as usize, pause..pause + between(2, 4)),
            failed: between(2, batch - 1) as u64,
            deployed,
        }
    }

    pub fn cause(&self) -> Cause {
        match self.fault {
            IncidentFault::Nothing => Cause::Nothing,
            IncidentFault::Clock { .. } => Cause::ClockOff,
            IncidentFault::Skip { .. } => Cause::SkippingConsumer,
            IncidentFault::Bad { .. } => Cause::BadDeployment,
            IncidentFault::Lost { .. } => Cause::LostPartition,
            IncidentFault::Stale { .. } => Cause::StaleCut,
        }
    }

    /// Whether batch code that leaves out cookies computes a batch.
    pub fn is_bad(&self, of: u64) -> bool {
        matches!(self.fault, IncidentFault::Bad { batch } if of >= batch)
    }

    /// The version of the code that computes a batch.
    pub fn version(&self, of: u64) -> u64 {
        1 + self.deployed.iter().filter(|batch| **batch <= of).count() as u64
    }
}

/// The right repair, given what only a run of the plan knows: offsets, cuts, and the batch before.
pub(super) fn right_repair(
    fault: &IncidentFault,
    missed: u64,
    cut_read: [u64; 2],
    before: u64,
) -> Remedy {
    match *fault {
        IncidentFault::Nothing => Remedy::Nothing,
        IncidentFault::Clock {
            site,
            from,
            seconds,
        } => Remedy::CorrectClock {
            site,
            from,
            seconds: -seconds,
        },
        IncidentFault::Skip { partition, .. } | IncidentFault::Lost { partition, .. } => {
            Remedy::Rewind {
                partition,
                offset: missed,
            }
        }
        IncidentFault::Bad { .. } => Remedy::RollBack { batch: before },
        IncidentFault::Stale { .. } => Remedy::Publish { cut: cut_read },
    }
}

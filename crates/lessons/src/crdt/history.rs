//! The shortest history that breaks a counter.
//!
//! All histories of a few replicas are tried, the short ones first. A history is
//! page views and messages; beside the states runs the truth: which page views
//! each replica has heard of, directly or through others. A counter is broken
//! when a replica counts another number than it has heard of.
use super::wrong::{AddingCounter, Integer, LwwCounter};
use super::{ClockKind, Crdt, CrdtError, GCounter, PnCounter, ReplicaId, Stamp};
use std::fmt;

/// A state that counts page views.
pub trait Counter: Crdt + Default {
    /// One page view, at `replica`, as the `time`-th step of all.
    fn view(&mut self, replica: ReplicaId, time: u64) -> Result<(), CrdtError>;
    /// How many it says there were.
    fn count(&self) -> i128;
}

/// A step of a history. Replicas are numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HistoryStep {
    /// A page view at a replica.
    View(usize),
    /// A replica's state is sent to another, which merges it.
    Send { from: usize, to: usize },
}

impl fmt::Display for HistoryStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HistoryStep::View(at) => write!(f, "view at {at}"),
            HistoryStep::Send { from, to } => write!(f, "{from} -> {to}"),
        }
    }
}

/// A history after which a replica counts wrongly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The history.
    pub steps: Vec<HistoryStep>,
    /// Which replica counts wrongly.
    pub replica: usize,
    /// The page views it has heard of.
    pub heard: i128,
    /// What it counts.
    pub counts: i128,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<String> = self.steps.iter().map(HistoryStep::to_string).collect();
        let Broken {
            replica,
            heard,
            counts,
            ..
        } = self;
        write!(
            f,
            "{}: replica {replica} has heard of {heard} and counts {counts}",
            steps.join(", ")
        )
    }
}

/// Runs a history; the first replica that counts wrongly, if one does.
///
/// ```
/// use lambda_workbook::crdt::{GCounter, history::{HistoryStep::*, run}, wrong::Integer};
/// let steps = [View(0), View(1), Send { from: 0, to: 1 }];
/// assert!(run::<GCounter>(2, &steps)?.is_none());
/// let broken = run::<Integer>(2, &steps)?.unwrap();
/// assert_eq!((broken.heard, broken.counts), (2, 1));
/// # Ok::<(), lambda_workbook::crdt::CrdtError>(())
/// ```
///
/// # Panics
/// If a step names a replica that there is not, or there are over 128 steps.
pub fn run<C: Counter>(
    replicas: usize,
    steps: &[HistoryStep],
) -> Result<Option<Broken>, CrdtError> {
    assert!(steps.len() <= 128, "the truth is kept in 128 bits");
    let mut states = vec![C::default(); replicas];
    let mut heard = vec![0u128; replicas];
    for (time, step) in steps.iter().enumerate() {
        let changed = match *step {
            HistoryStep::View(at) => {
                states[at].view(ReplicaId(at as u32), time as u64 + 1)?;
                heard[at] |= 1 << time;
                at
            }
            HistoryStep::Send { from, to } => {
                let sent = states[from].clone();
                states[to].merge(&sent)?;
                heard[to] |= heard[from];
                to
            }
        };
        let (counts, heard) = (
            states[changed].count(),
            i128::from(heard[changed].count_ones()),
        );
        if counts != heard {
            let steps = steps[..=time].to_vec();
            return Ok(Some(Broken {
                steps,
                replica: changed,
                heard,
                counts,
            }));
        }
    }
    Ok(None)
}

/// Tries all histories of up to `longest` steps, and says which breaks first.
pub fn shortest<C: Counter>(replicas: usize, longest: usize) -> Result<Option<Broken>, CrdtError> {
    let mut kinds: Vec<HistoryStep> = (0..replicas).map(HistoryStep::View).collect();
    for from in 0..replicas {
        let others = (0..replicas).filter(|to| *to != from);
        kinds.extend(others.map(|to| HistoryStep::Send { from, to }));
    }
    for length in 1..=longest {
        let mut digits = vec![0usize; length];
        loop {
            let steps: Vec<HistoryStep> = digits.iter().map(|digit| kinds[*digit]).collect();
            if let Some(broken) = run::<C>(replicas, &steps)? {
                return Ok(Some(broken));
            }
            // The next number in base `kinds.len()`.
            let Some(place) = digits.iter().rposition(|digit| digit + 1 < kinds.len()) else {
                break;
            };
            digits[place] += 1;
            digits[place + 1..].fill(0);
        }
    }
    Ok(None)
}

impl Counter for GCounter {
    fn view(&mut self, replica: ReplicaId, _: u64) -> Result<(), CrdtError> {
        self.add(replica, 1).map(|_| ())
    }
    fn count(&self) -> i128 {
        self.value() as i128
    }
}

impl Counter for PnCounter {
    fn view(&mut self, replica: ReplicaId, _: u64) -> Result<(), CrdtError> {
        self.add(replica, 1).map(|_| ())
    }
    fn count(&self) -> i128 {
        self.value()
    }
}

impl Counter for Integer {
    fn view(&mut self, replica: ReplicaId, _: u64) -> Result<(), CrdtError> {
        let overflow = CrdtError::Overflow {
            replica,
            count: self.0,
            by: 1,
        };
        self.0 = self.0.checked_add(1).ok_or(overflow)?;
        Ok(())
    }
    fn count(&self) -> i128 {
        self.value() as i128
    }
}

impl Counter for LwwCounter {
    fn view(&mut self, replica: ReplicaId, time: u64) -> Result<(), CrdtError> {
        let clock = ClockKind::Wall;
        self.add(
            Stamp {
                time,
                replica,
                clock,
            },
            1,
        )
    }
    fn count(&self) -> i128 {
        self.value() as i128
    }
}

impl Counter for AddingCounter {
    fn view(&mut self, replica: ReplicaId, _: u64) -> Result<(), CrdtError> {
        self.add(replica, 1)
    }
    fn count(&self) -> i128 {
        self.value() as i128
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use HistoryStep::{Send, View};

    const THERE: HistoryStep = Send { from: 0, to: 1 };

    #[test]
    fn the_shortest_breaks_are_pinned() {
        let integer = shortest::<Integer>(2, 4).unwrap().unwrap();
        assert_eq!(integer.steps, [View(0), View(1), THERE]);
        assert_eq!((integer.heard, integer.counts), (2, 1));
        let last = shortest::<LwwCounter>(2, 4).unwrap().unwrap();
        assert_eq!(last.steps, [View(0), View(1), THERE]);
        assert_eq!((last.heard, last.counts), (2, 1));
        let adding = shortest::<AddingCounter>(2, 4).unwrap().unwrap();
        assert_eq!(adding.steps, [View(0), THERE, THERE]);
        assert_eq!((adding.heard, adding.counts), (1, 2));
    }

    #[test]
    fn no_history_of_seven_steps_breaks_the_right_ones() {
        assert_eq!(shortest::<GCounter>(2, 7), Ok(None));
        assert_eq!(shortest::<PnCounter>(3, 4), Ok(None));
    }
}

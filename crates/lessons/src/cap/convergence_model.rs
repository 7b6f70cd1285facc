//! Every interleaving of a small CRDT: do replicas meet?
//!
//! Each replica makes a few changes and sends its state to all others after each.
//! A message may arrive at any time, again, or never.
use crate::crdt::history::Counter;
use crate::crdt::wrong::{AddingCounter, Integer};
use crate::crdt::{Crdt, GCounter, MvRegister, OrSet, PnCounter, ReplicaId};
use crate::interleavings;
use stateright::{Model, Property};
use std::hash::Hash;
use std::marker::PhantomData;

/// A type to be checked: what its n-th change at a replica is.
pub trait Changing: Crdt + Default + Eq + Hash + Send + Sync + 'static {
    /// Makes the n-th change of a replica.
    fn change(&mut self, replica: ReplicaId, n: u8);
    /// Whether the state is what so many changes must have made of it.
    fn right(&self, _changes: u32) -> bool {
        true
    }
}

/// Replicas of one object, each with so many changes to make.
#[derive(Clone, Copy, Debug)]
pub struct Replicated<C> {
    replicas: usize,
    changes: u8,
    of: PhantomData<fn() -> C>,
}

/// A state that was sent, with the changes in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Sent<C> {
    from: usize,
    heard: u32,
    state: C,
}

/// What all replicas hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConvergenceState<C> {
    /// Their states.
    pub states: Vec<C>,
    /// The changes that each has heard of, a bit for each.
    pub heard: Vec<u32>,
    made: Vec<u8>,
    /// Everything ever sent: a message may come again, or late.
    sent: Vec<Sent<C>>,
}

/// A step of the convergence model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConvergenceStep {
    /// A replica makes its next change, and sends its state.
    Change(usize),
    /// The n-th message arrives at a replica.
    Arrive(usize, usize),
}

/// What checking found. After a counterexample, replicas that heard the same differ, or one
/// is wrong.
pub type Checked = interleavings::Checked<ConvergenceStep>;

/// Checks `changes` changes at each of `replicas`.
///
/// ```
/// use lambda_workbook::cap::convergence_model::check;
/// use lambda_workbook::crdt::{OrSet, wrong::AddingCounter};
/// assert!(check::<OrSet<u8>>(2, 2).counterexample.is_none());
/// // One page view, and its message twice.
/// assert_eq!(check::<AddingCounter>(2, 1).counterexample.unwrap().len(), 3);
/// ```
pub fn check<C: Changing>(replicas: usize, changes: u8) -> Checked {
    let model = Replicated {
        replicas,
        changes,
        of: PhantomData::<fn() -> C>,
    };
    interleavings::check(model, "converges", |path| path.into_actions())
}

impl<C: Changing> Model for Replicated<C> {
    type State = ConvergenceState<C>;
    type Action = ConvergenceStep;

    fn init_states(&self) -> Vec<ConvergenceState<C>> {
        vec![ConvergenceState {
            states: vec![C::default(); self.replicas],
            heard: vec![0; self.replicas],
            made: vec![0; self.replicas],
            sent: Vec::new(),
        }]
    }

    fn actions(&self, state: &ConvergenceState<C>, actions: &mut Vec<ConvergenceStep>) {
        let open = (0..self.replicas).filter(|at| state.made[*at] < self.changes);
        actions.extend(open.map(ConvergenceStep::Change));
        for (n, sent) in state.sent.iter().enumerate() {
            let others = (0..self.replicas).filter(|to| *to != sent.from);
            actions.extend(others.map(|to| ConvergenceStep::Arrive(n, to)));
        }
    }

    fn next_state(
        &self,
        last: &ConvergenceState<C>,
        action: ConvergenceStep,
    ) -> Option<ConvergenceState<C>> {
        let mut state = last.clone();
        match action {
            ConvergenceStep::Change(from) => {
                let n = state.made[from];
                state.states[from].change(ReplicaId(from as u32), n);
                state.made[from] += 1;
                state.heard[from] |= 1 << (from as u32 * u32::from(self.changes) + u32::from(n));
                let (heard, sent) = (state.heard[from], state.states[from].clone());
                state.sent.push(Sent {
                    from,
                    heard,
                    state: sent,
                });
                // In an order of their own, so that the order of sending, which
                // nobody can tell, makes no new state.
                state.sent.sort_by_key(|sent| (sent.from, sent.heard));
            }
            ConvergenceStep::Arrive(n, to) => {
                let Sent {
                    heard, state: sent, ..
                } = &last.sent[n];
                state.states[to].merge(sent).ok()?;
                state.heard[to] |= heard;
            }
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(
            "converges",
            |_, state: &ConvergenceState<C>| {
                let all: Vec<(&u32, &C)> = state.heard.iter().zip(&state.states).collect();
                let met = |(a, b): (&(&u32, &C), &(&u32, &C))| a.0 != b.0 || a.1 == b.1;
                let pairs = all
                    .iter()
                    .enumerate()
                    .all(|(n, a)| all[n + 1..].iter().all(|b| met((a, b))));
                pairs
                    && all
                        .iter()
                        .all(|(heard, state)| state.right(heard.count_ones()))
            },
        )]
    }
}

macro_rules! counts {
    ($($counter:ty),*) => {$(
        impl Changing for $counter {
            fn change(&mut self, replica: ReplicaId, n: u8) {
                self.view(replica, n.into()).expect("a few views do not overflow");
            }
            fn right(&self, changes: u32) -> bool {
                Counter::count(self) == i128::from(changes)
            }
        }
    )*};
}

counts!(GCounter, PnCounter, Integer, AddingCounter);

impl Changing for MvRegister<u8> {
    fn change(&mut self, replica: ReplicaId, n: u8) {
        self.write(replica, replica.0 as u8 * 8 + n)
            .expect("a few writes do not overflow");
    }
}

impl Changing for OrSet<u8> {
    /// Adds an element, then removes it, and so on; all the same element.
    fn change(&mut self, replica: ReplicaId, n: u8) {
        match n % 2 {
            0 => self
                .add(replica, 7)
                .expect("a few additions do not overflow"),
            _ => self.remove(&7),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states<C: Changing>(replicas: usize, changes: u8) -> usize {
        let checked = check::<C>(replicas, changes);
        assert_eq!(checked.counterexample, None);
        checked.states
    }

    #[test]
    fn crdts_meet_in_every_interleaving() {
        let counts = [
            states::<GCounter>(2, 3),
            states::<PnCounter>(2, 3),
            states::<MvRegister<u8>>(2, 3),
            states::<OrSet<u8>>(2, 3),
            states::<GCounter>(3, 1),
            states::<OrSet<u8>>(3, 1),
        ];
        assert_eq!(counts, [1_426, 1_426, 1_426, 1_426, 416, 416]);
    }

    #[test]
    fn the_wrong_ones_do_not() {
        use ConvergenceStep::{Arrive, Change};
        let integer = check::<Integer>(2, 1).counterexample.unwrap();
        assert_eq!(integer, [Change(0), Change(1), Arrive(0, 1)]);
        let adding = check::<AddingCounter>(2, 1).counterexample.unwrap();
        assert_eq!(adding, [Change(0), Arrive(0, 1), Arrive(0, 1)]);
    }
}

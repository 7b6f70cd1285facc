//! Every interleaving of a small CRDT: do replicas meet?
//!
//! Each replica makes a few changes and sends its state to all others after each.
//! A message may arrive at any time, again, or never. Beside the states runs the truth: which
//! changes each replica has heard of, directly or through others, and what was known where a
//! change was made. Of every state two things are claimed: replicas that have heard of the same
//! changes hold the same state, and its value is what these changes must give.
//!
//! A state of the model is the states of the replicas and the truth beside them. So a type whose
//! states are a function of the truth adds nothing to it, and reaches as many states as
//! [`HeardOnly`], which holds nothing at all.
use crate::crdt::history::Counter;
use crate::crdt::wrong::{AddingCounter, Integer};
use crate::crdt::{Crdt, CrdtError, GCounter, MvRegister, OrSet, PnCounter, ReplicaId};
use crate::interleavings;
use stateright::{Model, Property};
use std::hash::Hash;
use std::marker::PhantomData;

/// A type to be checked: its changes, and what its value must be after them.
pub trait Changing: Crdt + Default + Eq + Hash + Send + Sync + 'static {
    /// Makes the n-th change of a replica.
    fn change(&mut self, replica: ReplicaId, n: u8);
    /// Whether the value is what the changes must have made of it.
    fn right(&self, heard: &Heard) -> bool;

    /// Returns what the n-th change of a replica is, in words.
    fn change_in_words(_: u8) -> &'static str {
        "a change"
    }
}

/// The changes that a replica has heard of.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// A bit for each change.
    all: u32,
    /// How many changes each replica makes.
    changes: u8,
    /// What was known where a change was made, by the number of its bit.
    pasts: &'a [u32],
}

impl Heard<'_> {
    /// Returns the number of changes.
    pub fn count(&self) -> u32 {
        self.all.count_ones()
    }

    /// Returns each change: its replica, its number there from 0, its bit, and the bits of what
    /// was known where it was made.
    pub fn changes(&self) -> impl Iterator<Item = (u8, u8, u32, u32)> + '_ {
        let changes = u32::from(self.changes);
        let heard = (0..32u32).filter(|bit| self.all >> bit & 1 == 1);
        heard.map(move |bit| {
            let past = self.pasts[bit as usize];
            ((bit / changes) as u8, (bit % changes) as u8, 1 << bit, past)
        })
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
    /// What was known where a change was made, by the number of its bit.
    pasts: Vec<u32>,
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

/// Returns a run in words, one step after another.
///
/// ```
/// use lambda_workbook::cap::convergence_model::{TwoPhaseSet, check, in_words};
/// let run = check::<TwoPhaseSet>(2, 3).counterexample.unwrap();
/// let words = "replica 0: addition; replica 0: removal; replica 0: addition";
/// assert_eq!(in_words::<TwoPhaseSet>(&run), words);
/// ```
pub fn in_words<C: Changing>(run: &[ConvergenceStep]) -> String {
    let mut made: std::collections::BTreeMap<usize, u8> = Default::default();
    let steps = run.iter().map(|step| match *step {
        ConvergenceStep::Change(at) => {
            let n = made.entry(at).or_default();
            *n += 1;
            format!("replica {at}: {}", C::change_in_words(*n - 1))
        }
        ConvergenceStep::Arrive(message, to) => {
            format!("message {message} arrives at replica {to}")
        }
    });
    steps.collect::<Vec<_>>().join("; ")
}

impl<C: Changing> Model for Replicated<C> {
    type State = ConvergenceState<C>;
    type Action = ConvergenceStep;

    fn init_states(&self) -> Vec<ConvergenceState<C>> {
        vec![ConvergenceState {
            states: vec![C::default(); self.replicas],
            heard: vec![0; self.replicas],
            made: vec![0; self.replicas],
            pasts: vec![0; self.replicas * usize::from(self.changes)],
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
                let bit = from as u32 * u32::from(self.changes) + u32::from(n);
                state.pasts[bit as usize] = state.heard[from];
                state.heard[from] |= 1 << bit;
                let (heard, sent) = (state.heard[from], state.states[from].clone());
                state.sent.push(Sent {
                    from,
                    heard,
                    state: sent,
                });
                // In an order of their own, so that the order of sending, which no replica can
                // tell, makes no new state.
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
            |model, state: &ConvergenceState<C>| {
                let all: Vec<(&u32, &C)> = state.heard.iter().zip(&state.states).collect();
                let met = |(a, b): (&(&u32, &C), &(&u32, &C))| a.0 != b.0 || a.1 == b.1;
                let mut places = all.iter().enumerate();
                let pairs = places.all(|(n, a)| all[n + 1..].iter().all(|b| met((a, b))));
                let right = |(all, held): &(&u32, &C)| {
                    held.right(&Heard {
                        all: **all,
                        changes: model.changes,
                        pasts: &state.pasts,
                    })
                };
                pairs && all.iter().all(right)
            },
        )]
    }
}

/// Holds nothing: a model of it has the ways of the messages alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct HeardOnly;

impl Crdt for HeardOnly {
    type Value = ();

    fn merge(&mut self, _: &Self) -> Result<(), CrdtError> {
        Ok(())
    }

    fn value(&self) {}
}

impl Changing for HeardOnly {
    fn change(&mut self, _: ReplicaId, _: u8) {}

    fn right(&self, _: &Heard) -> bool {
        // It claims nothing.
        true
    }
}

macro_rules! counts {
    ($($counter:ty),*) => {$(
        impl Changing for $counter {
            fn change(&mut self, replica: ReplicaId, n: u8) {
                self.view(replica, n.into()).expect("a few views do not overflow");
            }
            fn right(&self, heard: &Heard) -> bool {
                Counter::count(self) == i128::from(heard.count())
            }
            fn change_in_words(_: u8) -> &'static str {
                "page view"
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

    /// The values that no writer had seen whose write was heard of.
    fn right(&self, heard: &Heard) -> bool {
        let overwritten = |bit: u32| heard.changes().any(|write| write.3 & bit != 0);
        let writes = heard.changes().filter(|write| !overwritten(write.2));
        let mut values: Vec<u8> = writes.map(|(at, n, ..)| at * 8 + n).collect();
        values.sort_unstable();
        self.value() == values
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

    /// The element is in the set if one of its additions was seen by no removal.
    fn right(&self, heard: &Heard) -> bool {
        let removed = |bit: u32| {
            let mut changes = heard.changes();
            changes.any(|(_, n, _, past)| n % 2 == 1 && past & bit != 0)
        };
        let mut additions = heard.changes().filter(|(_, n, ..)| n % 2 == 0);
        self.contains(&7) == additions.any(|addition| !removed(addition.2))
    }

    fn change_in_words(n: u8) -> &'static str {
        set_change(n)
    }
}

/// Returns what the n-th change of a set is: additions and removals in turn.
fn set_change(n: u8) -> &'static str {
    match n % 2 {
        0 => "addition",
        _ => "removal",
    }
}

/// A set in which a removal takes away what was added elsewhere, too: the union of additions
/// less the union of removals, by element.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TwoPhaseSet {
    added: bool,
    removed: bool,
}

impl Crdt for TwoPhaseSet {
    type Value = bool;

    fn merge(&mut self, other: &Self) -> Result<(), CrdtError> {
        self.added |= other.added;
        self.removed |= other.removed;
        Ok(())
    }

    fn value(&self) -> bool {
        self.added && !self.removed
    }
}

impl Changing for TwoPhaseSet {
    fn change(&mut self, _: ReplicaId, n: u8) {
        match n % 2 {
            0 => self.added = true,
            _ => self.removed = true,
        }
    }

    fn right(&self, heard: &Heard) -> bool {
        let mut set = OrSet::<u8>::default();
        if self.value() {
            set.add(ReplicaId(0), 7).expect("one addition");
        }
        set.right(heard)
    }

    fn change_in_words(n: u8) -> &'static str {
        set_change(n)
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
        // As many as without any state: what a replica holds follows from what it has heard.
        let nothing = (states::<HeardOnly>(2, 3), states::<HeardOnly>(3, 1));
        assert_eq!(
            counts,
            [
                nothing.0, nothing.0, nothing.0, nothing.0, nothing.1, nothing.1
            ]
        );
        assert_eq!(nothing, (1_426, 416));
    }

    #[test]
    fn a_type_that_converges_may_still_be_wrong() {
        use ConvergenceStep::Change;
        let run = check::<TwoPhaseSet>(2, 3).counterexample.unwrap();
        // Added, removed, and added again: the element stays removed.
        assert_eq!(run, [Change(0), Change(0), Change(0)]);
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

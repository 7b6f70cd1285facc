//! Histories and states in plain types, for those who build a CRDT themselves.
use std::collections::{BTreeMap, BTreeSet};

/// The counts of replicas, by their ids; one that is missing stands at 0.
pub type ReplicaCounts = BTreeMap<u32, u64>;

/// A step of a counter's history. Replicas are numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterStep {
    /// A replica adds to the counter; a negative number takes away.
    Add(usize, i64),
    /// A replica sends its state to another, which merges it.
    Send(usize, usize),
}

/// The state of an observed-remove set at a replica.
///
/// ```
/// use lambda_workbook::crdt::by_hand::OrSetState;
/// let mut state = OrSetState::default();
/// state.add(0, "Tokyo");
/// assert_eq!(state.seen[&0], 1);
/// assert!(state.live.contains(&(0, 1, "Tokyo".to_owned())));
/// state.remove("Tokyo");
/// assert_eq!((state.seen[&0], state.live.len()), (1, 0));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrSetState {
    /// Additions seen, by replica.
    pub seen: BTreeMap<u32, u64>,
    /// Additions that nobody removed, as far as is known here: the replica, the
    /// addition's number there, from 1, and the element.
    pub live: BTreeSet<(u32, u64, String)>,
}

impl OrSetState {
    /// Adds an element at a replica.
    pub fn add(&mut self, at: u32, element: &str) {
        let n = self.seen.entry(at).or_insert(0);
        *n += 1;
        self.live.insert((at, *n, element.to_owned()));
    }

    /// Removes the additions of an element that are live here.
    pub fn remove(&mut self, element: &str) {
        self.live.retain(|addition| addition.2 != element);
    }

    /// The elements.
    pub fn elements(&self) -> BTreeSet<String> {
        let element = |addition: &(u32, u64, String)| addition.2.clone();
        self.live.iter().map(element).collect()
    }
}

//! Model checking: every interleaving of a small system, one after another.
use stateright::{Checker, HasDiscoveries, Model, Path};
use std::hash::Hash;

/// What checking found; `S` is a step of a run.
#[derive(Clone, Debug)]
pub struct Checked<S> {
    /// Different states reached; all of them, if nothing was found.
    pub states: usize,
    /// The shortest run that breaks the property.
    pub counterexample: Option<Vec<S>>,
}

/// Checks every interleaving, or up to the first that breaks a property, and returns the run
/// to it as `steps` tells it.
pub(crate) fn check<M, S>(
    model: M,
    property: &'static str,
    steps: impl FnOnce(Path<M::State, M::Action>) -> Vec<S>,
) -> Checked<S>
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + PartialEq,
{
    // One thread: the same states in the same order, so counts are pinned.
    let checker = model
        .checker()
        .threads(1)
        .finish_when(HasDiscoveries::AnyFailures);
    let checker = checker.spawn_bfs().join();
    Checked {
        states: checker.unique_state_count(),
        counterexample: checker.discovery(property).map(steps),
    }
}

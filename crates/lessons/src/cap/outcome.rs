//! What is measured of a run.
use super::{ReplicaState, Reply, Request};

/// A request and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAnswer {
    /// The replica that was asked.
    pub replica: usize,
    /// What for.
    pub request: Request,
    /// When, in ms.
    pub asked_ms: u64,
    /// When the client knew, in ms.
    pub answered_ms: u64,
    /// What it was told.
    pub reply: Reply,
}

/// What came of a simulated run. Writes are told apart by their names, and not by totals.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulationOutcome {
    /// Every request, in the order of the answers.
    pub answers: Vec<ClientAnswer>,
    /// Writes that were acknowledged.
    pub acknowledged: usize,
    /// Writes of unknown outcome.
    pub unknown: usize,
    /// Reads that were answered.
    pub reads: usize,
    /// Reads that returned an older state than one that was acknowledged before they were asked.
    /// Where one value replaces another: a value that was done before a later acknowledged write
    /// was asked. Where states are merged: a state without a write that was acknowledged before,
    /// and that the store still has in the end.
    pub stale_reads: usize,
    /// Acknowledged writes that are not part of the final state: a page view that is not
    /// counted, or a value that was replaced by a writer who had not seen it.
    pub lost_writes: usize,
    /// Page views that the final state counts more than once.
    pub doubled: usize,
    /// The time from the end, when the network is whole and clients have stopped, until all
    /// replicas hold one state, in ms; `None` if a minute is not enough.
    pub converged_ms: Option<u64>,
    /// The replicas' states in the end.
    pub states: Vec<ReplicaState>,
}

impl SimulationOutcome {
    /// Returns the share of requests that were answered.
    pub fn availability(&self) -> f64 {
        let answered = self
            .answers
            .iter()
            .filter(|answer| answer.reply.is_answer());
        answered.count() as f64 / self.answers.len().max(1) as f64
    }
}

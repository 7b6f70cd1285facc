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
    /// When the client knew.
    pub answered_ms: u64,
    /// What it was told.
    pub reply: Reply,
}

/// What came of a simulated run.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulationOutcome {
    /// Every request, in the order of the answers.
    pub answers: Vec<ClientAnswer>,
    /// Page views that were acknowledged.
    pub acknowledged: u64,
    /// Reads that were answered.
    pub reads: usize,
    /// Reads that missed a page view acknowledged before they were asked.
    pub stale_reads: usize,
    /// How many acknowledged page views the reads missed, in all.
    pub missed_views: u64,
    /// Acknowledged page views that no replica knows in the end.
    pub lost_writes: u64,
    /// From the time that the network was whole and clients had stopped, until
    /// all replicas held one state; `None` if a minute was not enough.
    pub converged_ms: Option<u64>,
    /// The replicas' states in the end.
    pub states: Vec<ReplicaState>,
}

impl SimulationOutcome {
    /// The share of requests that were answered.
    pub fn availability(&self) -> f64 {
        let answered = self
            .answers
            .iter()
            .filter(|answer| answer.reply != Reply::NoAnswer);
        answered.count() as f64 / self.answers.len().max(1) as f64
    }
}

//! What happens in a run: requests of clients, ticks of clocks, and faults.
use super::Workload;
use super::simulator::{END_MS, QUIET_MS};
use dataset::random::Random;
use serde_json::Value;
use std::fmt;

/// The faults that a plan may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeFaults {
    /// Messages between nodes may be lost.
    pub loss: bool,
    /// Messages between nodes may arrive twice.
    pub duplicates: bool,
    /// Messages may overtake each other.
    pub reordering: bool,
    /// Nodes may crash, and start again with their disk.
    pub crashes: bool,
    /// The network may be cut in two for a time.
    pub partition: bool,
}

impl NodeFaults {
    /// All of them.
    pub const ALL: NodeFaults = NodeFaults {
        loss: true,
        duplicates: true,
        reordering: true,
        crashes: true,
        partition: true,
    };
    /// None of them: what efficiency is measured with.
    pub const NONE: NodeFaults = NodeFaults {
        loss: false,
        duplicates: false,
        reordering: false,
        crashes: false,
        partition: false,
    };
}

impl fmt::Display for NodeFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (self.loss, "lost messages"),
            (self.duplicates, "messages that arrive twice"),
            (self.reordering, "reordering"),
            (self.crashes, "crashes"),
            (self.partition, "partitions"),
        ];
        let names = names.into_iter().filter(|name| name.0).map(|name| name.1);
        let names: Vec<&str> = names.collect();
        match names.is_empty() {
            true => f.write_str("no faults"),
            false => f.write_str(&names.join(", ")),
        }
    }
}

/// A request of a client to the node at its side.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedRequest {
    /// When it is asked, in ms.
    pub at_ms: u64,
    /// The node that is asked, from 0.
    pub node: usize,
    /// The body, without a `msg_id`.
    pub body: Value,
}

/// A crash of a node. What it had in memory is gone, and what is sent to it until it is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedCrash {
    /// The node, from 0.
    pub node: usize,
    /// When it crashes, in ms.
    pub at_ms: u64,
    /// When it is back, in ms.
    pub back_ms: u64,
}

/// All that is decided about a run before it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct NodePlan {
    /// Decides what happens to each message.
    pub seed: u64,
    /// How many nodes.
    pub nodes: usize,
    /// What clients ask, in the order of time.
    pub requests: Vec<PlannedRequest>,
    /// When the clock of a node ticks: (ms, node).
    pub ticks: Vec<(u64, usize)>,
    /// Crashes.
    pub crashes: Vec<PlannedCrash>,
    /// The network is cut between the nodes before `.2` and the others, from `.0` to `.1` in ms.
    pub partition: Option<(u64, u64, usize)>,
    /// Lost messages in a thousand.
    pub loss_per_mille: u64,
    /// Messages in a thousand that arrive twice.
    pub twice_per_mille: u64,
    /// The shortest and the longest way of a message, in ms.
    pub delay_ms: (u64, u64),
}

/// Ms between two ticks of a node's clock.
const TICK_MS: u64 = 200;

impl NodePlan {
    /// Draws a plan of `requests` requests.
    ///
    /// ```
    /// use lambda_workbook::cap::node::{NodeFaults, NodePlan, Workload};
    /// let plan = NodePlan::drawn(Workload::Counter, 7, 3, 12, NodeFaults::ALL);
    /// assert_eq!(plan, NodePlan::drawn(Workload::Counter, 7, 3, 12, NodeFaults::ALL));
    /// assert_eq!((plan.requests.len(), plan.nodes), (12, 3));
    /// ```
    pub fn drawn(
        workload: Workload,
        seed: u64,
        nodes: usize,
        requests: usize,
        faults: NodeFaults,
    ) -> NodePlan {
        let nodes = nodes.max(1);
        let mut random = Random::new(&[seed, 11]);
        let node = |random: &mut Random| random.below(nodes as u64) as usize;
        // Requests come at random times, the last ones well before the quiet time.
        let mut times: Vec<u64> = (0..requests)
            .map(|_| 50 + random.below(QUIET_MS - 250))
            .collect();
        times.sort_unstable();
        let mut made = 0;
        let planned = times.into_iter().map(|at_ms| PlannedRequest {
            at_ms,
            node: node(&mut random),
            body: workload.request(&mut made, &mut random),
        });
        let requests = planned.collect();
        // Clocks do not tick together.
        let mut ticks = Vec::new();
        for n in 0..nodes {
            let first = 10 + random.below(TICK_MS);
            ticks.extend(
                (0..)
                    .map(|k| (first + k * TICK_MS, n))
                    .take_while(|tick| tick.0 < END_MS),
            );
        }
        ticks.sort_unstable();
        // Each fault in half of the plans, so that one alone is seen as well.
        let mut with = |allowed: bool| allowed && random.below(2) == 0;
        let (lossy, twice, cut) = (
            with(faults.loss),
            with(faults.duplicates),
            with(faults.partition),
        );
        let crashing = with(faults.crashes);
        let partition = (cut && nodes > 1).then(|| {
            let from = 100 + random.below(QUIET_MS / 2);
            let until = (from + 200 + random.below(QUIET_MS / 2)).min(QUIET_MS - 50);
            (from, until, 1 + random.below(nodes as u64 - 1) as usize)
        });
        let mut crashes: Vec<PlannedCrash> = Vec::new();
        for _ in 0..if crashing { 1 + random.below(2) } else { 0 } {
            let at_ms = 100 + random.below(QUIET_MS - 500);
            let crash = PlannedCrash {
                node: node(&mut random),
                at_ms,
                back_ms: at_ms + 20 + random.below(300),
            };
            let again = |other: &PlannedCrash| other.node == crash.node;
            if !crashes.iter().any(again) {
                crashes.push(crash);
            }
        }
        NodePlan {
            seed,
            nodes,
            requests,
            ticks,
            crashes,
            partition,
            loss_per_mille: if lossy { 200 } else { 0 },
            twice_per_mille: if twice { 300 } else { 0 },
            delay_ms: if faults.reordering { (1, 60) } else { (10, 10) },
        }
    }

    /// Returns the id of a node.
    pub fn id(node: usize) -> String {
        format!("n{}", node + 1)
    }
}

//! What a network that fails does to a store, and what the store may choose.
//!
//! | file | holds |
//! |---|---|
//! | `config` | [`Config`]: how many replicas, R, W, the protocol, the data type, the network |
//! | `network` | delays, losses, duplicates, partitions, from a seed |
//! | `replica_state` | what a replica holds, of each type |
//! | `simulation` | [`run`](simulation::run): replicas and clients, event by event |
//! | `outcome` | what is measured of a run: answers, staleness, losses, convergence |
//! | `sweep` | thousands of seeds at once, as tables: protocol and type, retries, lost disks |
//! | `sally` | the move to Tokyo, in three stores |
//! | `gossip` | a thousand replicas and a million page views |
//! | `realtime` | counters of a realtime view under a partition, corrected by the next batch |
//! | `quorum_model` | every interleaving of a small store: is it linearizable? |
//! | `scopes` | what was tried, beside the number of states |
//! | `diagram` | its runs, drawn |
//! | `convergence_model` | every interleaving of a small CRDT: do replicas meet? |
//! | `quorum_picture`, `lattice` | pictures: quorums that overlap, and joins of two counts |
//! | `steps` | small steps towards the exercises |
//! | `node` | a node of the reader's own, and a simulator that attacks it |
//!
//! Invariants, under the conditions that stand with them:
//! 1. Same configuration and seed, same run.
//! 2. With R + W > N, and while no replica loses its disk, no read misses a write that was
//!    acknowledged before it was asked.
//! 3. With counters and sets that merge, and while no replica loses its disk, no acknowledged
//!    write is lost, whatever the network does.
//! 4. Once the network is whole and anti-entropy runs, all replicas meet.
//!
//! **The CAP theorem**, after Gilbert and Lynch (2002): in an asynchronous network
//! that may lose messages, no register is both *linearizable* and *available*,
//! where available means that every request to a node that has not failed is
//! answered. It says nothing about latency, about transactions, or about a
//! network that is whole; and partitions are no choice, so there is no "CA".
//!
//! Corollary 1.1 of the same paper: a register that is available in all runs is not linearizable
//! even in the runs in which no message is lost, because in an asynchronous network a message
//! that is late cannot be told from one that is lost.
//!
//! ```
//! use lambda_workbook::cap::{Config, ReplicaProtocol, ReplicaType, simulation};
//! let with = |protocol| Config::new(3, protocol, ReplicaType::Counter);
//! let cp = simulation::run(&with(ReplicaProtocol::Quorum)?, 7)?;
//! let ap = simulation::run(&with(ReplicaProtocol::Gossip)?, 7)?;
//! assert_eq!((cp.stale_reads, ap.lost_writes), (0, 0));
//! assert!(cp.availability() < ap.availability());
//! # Ok::<(), lambda_workbook::cap::CapError>(())
//! ```
mod config;
pub mod convergence_model;
mod diagram;
pub mod gossip;
mod lattice;
mod network;
pub mod node;
mod outcome;
pub mod quorum_model;
mod quorum_picture;
pub mod realtime;
mod replica_state;
pub mod sally;
mod scopes;
pub mod simulation;
pub mod steps;
mod sweep;

pub use config::{
    CapError, Config, Network, Partition, ReplicaCrash, ReplicaProtocol, ReplicaType,
};
pub use lattice::lattice;
pub use outcome::{ClientAnswer, SimulationOutcome};
pub use quorum_picture::{quorums, smallest_read_quorum};
pub use replica_state::{ReplicaState, Reply, Request};
pub use scopes::scopes;
pub use sweep::{SweepSummary, costs, grid, lost_disks, retries, sweep, table};

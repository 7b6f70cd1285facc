//! What a network that fails does to a store, and what the store may choose.
//!
//! | file | holds |
//! |---|---|
//! | `config` | [`Config`]: how many replicas, R, W, the form of the store, the network |
//! | `network` | delays, losses, duplicates, partitions, from a seed |
//! | `replica_state` | what a replica holds, in each form |
//! | `simulation` | [`run`](simulation::run): replicas and clients, event by event |
//! | `outcome` | what is measured of a run: answers, staleness, losses, convergence |
//! | `sweep` | thousands of seeds at once, as a table |
//! | `sally` | the move to Tokyo, on each form |
//! | `gossip` | a thousand replicas and a million page views |
//! | `realtime` | counters of a realtime view under a partition, mended by the next batch |
//! | `quorum_model` | every interleaving of a small store: is it linearizable? |
//! | `diagram` | its runs, drawn |
//! | `convergence_model` | every interleaving of a small CRDT: do replicas meet? |
//!
//! Invariants:
//! 1. Same configuration and seed, same run.
//! 2. With R + W > N, no read misses a write that was acknowledged before it began.
//! 3. With CRDTs, no acknowledged write is lost, whatever the network does.
//! 4. Once the network is whole and anti-entropy runs, all replicas meet.
//!
//! **The CAP theorem**, after Gilbert and Lynch (2002): in an asynchronous network
//! that may lose messages, no register is both *linearizable* and *available*,
//! where available means that every request to a node that has not failed is
//! answered. It says nothing about latency, about transactions, or about a
//! network that is whole; and partitions are no choice, so there is no "CA".
//!
//! ```
//! use lambda_workbook::cap::{Config, Form, simulation};
//! let cp = simulation::run(&Config::new(3, Form::Quorum)?, 7)?;
//! let ap = simulation::run(&Config::new(3, Form::Crdt)?, 7)?;
//! assert_eq!((cp.stale_reads, ap.lost_writes), (0, 0));
//! assert!(cp.availability() < ap.availability());
//! # Ok::<(), lambda_workbook::cap::CapError>(())
//! ```
mod config;
pub mod convergence_model;
mod diagram;
pub mod gossip;
mod network;
mod outcome;
pub mod quorum_model;
pub mod realtime;
mod replica_state;
pub mod sally;
pub mod simulation;
mod sweep;

pub use config::{CapError, Config, Form, Network, Partition};
pub use outcome::{ClientAnswer, SimulationOutcome};
pub use replica_state::{ReplicaState, Reply, Request};
pub use sweep::{SweepSummary, costs, sweep, table};

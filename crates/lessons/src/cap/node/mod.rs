//! A node of the reader's own, and a simulator that attacks it.
//!
//! A node is a function that handles one message: `fn(&mut NodeState, &NodeMessage)`. The
//! simulator delivers requests of clients, messages of other nodes and the ticks of a clock to
//! it, loses, duplicates and delays messages, cuts the network and crashes nodes. It records
//! what clients asked and were told, and checks that history. Of a run that breaks a claim, it
//! searches for a smaller one, and draws it.
//!
//! | file | holds |
//! |---|---|
//! | `state` | [`NodeMessage`] in Maelstrom's form, and [`NodeState`]: disk, memory, outbox |
//! | `plan` | [`NodePlan`]: the requests and faults of a run, from a seed |
//! | `simulator` | [`run`]: the nodes and the network, event by event |
//! | `history` | [`Workload`]: what is asked, and [`Workload::violation`]: what is claimed of the answers |
//! | `shrink` | [`search`]: the first seed that breaks a claim, made small |
//! | `picture` | a run as a message diagram |
//! | `attack` | [`attack`]: all of it, for a cell |
//! | `log_steps` | small steps towards the log |
//! | `model_nodes` | right nodes: what the reader's is measured with, and what the tests run |
//! | `stdio` | [`serve`]: the same function under Maelstrom, by lines of JSON |
//!
//! Invariants:
//! 1. The same plan and the same function give the same run.
//! 2. What happens to a message depends on the seed, on its way, and on how many went that way
//!    before, so that a smaller plan keeps most of a run.
//! 3. After [`QUIET_MS`] there is no fault. Claims about convergence speak of the time after it.
//!
//! Sources: the protocol and the workloads are those of Maelstrom (Kingsbury), whose tests run
//! real processes; the search for a small failing run is that of property testing.
mod attack;
mod history;
mod log_steps;
mod model_nodes;
mod picture;
mod plan;
mod shrink;
mod simulator;
mod state;
mod stdio;
#[cfg(test)]
mod tests;

pub use attack::{NodeAttack, attack, attack_with};
pub use history::{NodeOperation, OperationOutcome, Violation, Workload};
pub use log_steps::{append_to, read_log, step_answer_to, step_append, step_read_from};
pub use model_nodes::model;
pub use plan::{NodeFaults, NodePlan, PlannedCrash, PlannedRequest};
pub use shrink::{Found, search};
pub use simulator::{NodeEvent, NodeRun, QUIET_MS, run, run_by};
pub use state::{NodeMessage, NodeState, Numbers};
pub use stdio::{NodeIoError, serve, serve_lines};

pub use serde_json::json;

/// A node: handles one message.
pub type Handler = fn(&mut NodeState, &NodeMessage);

//! A reader's node under attack, as a cell shows it.
use super::{Found, Handler, NodeFaults, NodePlan, Workload, model, run, search};
use crate::checked_step::CheckedStep;
use notebook::plot::Messages;
use show::{Render, Rich};

/// Seeds that a node must survive.
const SEEDS: u64 = 150;
/// Seeds with which efficiency is measured.
const MEASURED: u64 = 10;

/// The result of an attack.
#[derive(Clone, Debug)]
pub struct NodeAttack {
    /// The verdict, in words.
    pub step: CheckedStep,
    /// The small run that breaks a claim.
    pub found: Option<Found>,
    /// Messages between nodes for each request without faults: of this node, and of ours.
    pub efficiency: Option<(f64, f64)>,
}

/// Attacks a node of the reader's with all faults: loss, duplicates, reordering, crashes and
/// partitions.
///
/// ```
/// use lambda_workbook::cap::node::{NodeMessage, NodeState, Workload, attack, json, model};
/// fn deaf(_: &mut NodeState, _: &NodeMessage) {}
/// assert!(!attack(Workload::Echo, deaf).step.passed);
/// assert!(attack(Workload::Echo, model(Workload::Echo)).step.passed);
/// ```
pub fn attack(workload: Workload, handler: Handler) -> NodeAttack {
    attack_with(workload, handler, NodeFaults::ALL)
}

/// [`attack`] with some of the faults.
pub fn attack_with(workload: Workload, handler: Handler, faults: NodeFaults) -> NodeAttack {
    // A request that a single node gets wrong is shown at a single node.
    let alone = search(workload, 1, 0..12, NodeFaults::NONE, handler);
    let pair = || search(workload, 2, 0..60, faults, handler);
    let found = { alone.or_else(pair) }.or_else(|| search(workload, 3, 0..SEEDS, faults, handler));
    if let Some(found) = found {
        let text = format!(
            "{workload}, seed {} with {} node{}\n{}.\nThe smallest run that was found is drawn below.",
            found.seed,
            found.plan.nodes,
            if found.plan.nodes == 1 { "" } else { "s" },
            found.violation.text
        );
        return NodeAttack {
            step: CheckedStep::wrong(text),
            found: Some(found),
            efficiency: None,
        };
    }
    let (theirs, ours) = (cost(workload, handler), cost(workload, model(workload)));
    let told = match ours > 0.0 {
        true => format!(
            "\nEfficiency, without faults: {theirs:.1} messages between nodes for each request (our node: {ours:.1})"
        ),
        false => String::new(),
    };
    let step = CheckedStep::right(format!("{workload}, {SEEDS} seeds with {faults}{told}"));
    NodeAttack {
        step,
        found: None,
        efficiency: Some((theirs, ours)),
    }
}

/// The mean of messages between nodes for each request, without faults.
fn cost(workload: Workload, handler: Handler) -> f64 {
    let of = |seed| {
        let plan = NodePlan::drawn(workload, seed, 3, 16, NodeFaults::NONE);
        run(&plan, &workload.last_questions(&plan), handler).messages_per_operation()
    };
    (0..MEASURED).map(of).sum::<f64>() / MEASURED as f64
}

impl NodeAttack {
    /// Returns the run that breaks a claim as a message diagram, to be stepped through.
    pub fn diagram(&self) -> Option<Messages> {
        let found = self.found.as_ref()?;
        Some(found.diagram(&format!("A run that fails (seed {})", found.seed)))
    }

    /// Draws the run that breaks a claim; nothing if there is none.
    pub fn figure(&self) -> Rich {
        let diagram = self.diagram();
        diagram.map_or_else(Rich::nothing, |diagram| diagram.figure().render())
    }
}

impl Render for NodeAttack {
    /// The verdict alone; [`NodeAttack::figure`] has the picture.
    fn render(&self) -> Rich {
        self.step.render()
    }
}

//! The search for a run that breaks a claim, and for a smaller one.
use super::{
    Handler, NodeEvent, NodeFaults, NodePlan, NodeRun, QUIET_MS, Violation, Workload, run,
};

/// A run that breaks a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The seed of the plan.
    pub seed: u64,
    /// The smaller plan.
    pub plan: NodePlan,
    /// Its run.
    pub run: NodeRun,
    /// The claim that it breaks.
    pub violation: Violation,
}

impl Found {
    /// Returns the number of messages that were lost in the run, before its quiet time.
    pub fn lost_messages(&self) -> usize {
        let early = self
            .run
            .events
            .iter()
            .take_while(|event| event.0 < QUIET_MS);
        early
            .filter(|(_, event)| matches!(event, NodeEvent::Lost(_)))
            .count()
    }

    /// Returns a number of the answer that breaks the claim; `None` if there was no answer, or no
    /// number in this field.
    pub fn answer(&self, field: &str) -> Option<i64> {
        self.run.operations[self.violation.operation]
            .answer()?
            .get(field)?
            .as_i64()
    }
}

/// Runs on the way to a small plan.
const MOST_RUNS: usize = 1_500;
/// Seeds that break a claim, of which the smallest run is kept.
const ENOUGH: usize = 6;

/// Tries plans of `nodes` nodes with the seeds. The first six that break a claim are made smaller:
/// fewer faults, requests and ticks, as long as they break one. Returns the one with the fewest
/// events, or `None` if no seed breaks a claim.
///
/// ```
/// use lambda_workbook::cap::node::{NodeFaults, Workload, model, search};
/// assert!(search(Workload::Counter, 3, 0..20, NodeFaults::ALL, model(Workload::Counter)).is_none());
/// ```
pub fn search(
    workload: Workload,
    nodes: usize,
    seeds: std::ops::Range<u64>,
    faults: NodeFaults,
    handler: Handler,
) -> Option<Found> {
    let tried = |plan: &NodePlan| {
        let run = run(plan, &workload.last_questions(plan), handler);
        let violation = workload.violation(&run)?;
        Some((run, violation))
    };
    let found = seeds.filter_map(|seed| {
        let requests = 4 + (seed as usize % 3) * 6;
        let plan = NodePlan::drawn(workload, seed, nodes, requests, faults);
        let broken = tried(&plan)?;
        let (plan, (run, violation)) = smaller(plan, broken, &tried);
        Some(Found {
            seed,
            plan,
            run,
            violation,
        })
    });
    let size = |found: &Found| {
        let events = { found.run.events.iter() }.filter(|event| event.0 < QUIET_MS);
        (found.plan.requests.len(), events.count())
    };
    found.take(ENOUGH).min_by_key(size)
}

type Broken = (NodeRun, Violation);

/// Takes away from a plan what the violation does not need.
fn smaller(
    mut plan: NodePlan,
    mut found: Broken,
    tried: &dyn Fn(&NodePlan) -> Option<Broken>,
) -> (NodePlan, Broken) {
    let mut left = MOST_RUNS;
    let mut attempt = |plan: &mut NodePlan, found: &mut Broken, next: NodePlan| {
        if left == 0 || next == *plan {
            return false;
        }
        left -= 1;
        match tried(&next) {
            Some(broken) => {
                (*plan, *found) = (next, broken);
                true
            }
            None => false,
        }
    };
    loop {
        let before = plan.clone();
        // Whole faults.
        let kinds: [&dyn Fn(&mut NodePlan); 5] = [
            &|plan| plan.partition = None,
            &|plan| plan.crashes.clear(),
            &|plan| plan.loss_per_mille = 0,
            &|plan| plan.twice_per_mille = 0,
            &|plan| plan.delay_ms = (10, 10),
        ];
        for kind in kinds {
            let mut next = plan.clone();
            kind(&mut next);
            attempt(&mut plan, &mut found, next);
        }
        for place in (0..plan.crashes.len()).rev() {
            let mut next = plan.clone();
            next.crashes.remove(place);
            attempt(&mut plan, &mut found, next);
        }
        // Requests, one after another from the end.
        let mut place = plan.requests.len();
        while place > 0 {
            place -= 1;
            let mut next = plan.clone();
            next.requests.remove(place);
            attempt(&mut plan, &mut found, next);
        }
        // Ticks before the quiet time, in halves and then one by one. Those after it belong to
        // the claim that nodes converge.
        let mut chunk = plan.ticks.len().max(1);
        while chunk > 0 {
            let mut start = 0;
            while start < plan.ticks.len() && plan.ticks[start].0 < QUIET_MS {
                let early = plan.ticks.partition_point(|tick| tick.0 < QUIET_MS);
                let mut next = plan.clone();
                next.ticks.drain(start..(start + chunk).min(early));
                if !attempt(&mut plan, &mut found, next) {
                    start += chunk;
                }
            }
            chunk /= 2;
        }
        if plan == before {
            return (plan, found);
        }
    }
}

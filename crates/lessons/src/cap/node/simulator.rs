//! The nodes, their clients and the network, event by event.
use super::history::{NodeOperation, OperationOutcome};
use super::{Handler, NodeMessage, NodePlan, NodeState};
use dataset::random::Random;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// From this ms on there is no fault.
pub const QUIET_MS: u64 = 2_000;
/// When clients ask a last time, in ms: 10 ticks of each clock after the last fault.
pub(super) const END_MS: u64 = 4_000;
/// After this long a client waits no longer.
const TIMEOUT_MS: u64 = 500;

/// Something that happened, for a picture. Messages and operations are named by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeEvent {
    /// A client asked.
    Asked(usize),
    /// A client was answered.
    Answered(usize),
    /// A node sent a message to another.
    Sent(usize),
    /// A copy of a message arrived.
    Arrived(usize),
    /// A copy of a message was lost.
    Lost(usize),
    /// A node crashed.
    Crashed(usize),
    /// A node is back.
    Back(usize),
    /// A node's clock ticked.
    Ticked(usize),
}

/// A run.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeRun {
    /// What clients asked and were told, in the order of asking.
    pub operations: Vec<NodeOperation>,
    /// Every message between nodes, by its number.
    pub messages: Vec<NodeMessage>,
    /// What happened: (ms, event).
    pub events: Vec<(u64, NodeEvent)>,
}

impl NodeRun {
    /// Returns the messages between nodes for each request of a client; the last questions, which
    /// only check, are not counted.
    pub fn messages_per_operation(&self) -> f64 {
        let asked = self.operations.iter().filter(|one| !one.last).count();
        self.messages.len() as f64 / asked.max(1) as f64
    }
}

/// What is going to happen.
enum Coming {
    Request {
        node: usize,
        body: Value,
        last: bool,
    },
    Tick(usize),
    Crash(usize),
    Back(usize),
    Arrive {
        message: usize,
        copy: NodeMessage,
    },
    Timeout(usize),
}

/// Runs a plan with a handler. The last questions of `last` are asked of each node at the end.
///
/// ```
/// use lambda_workbook::cap::node::{NodeFaults, NodePlan, Workload, model, run};
/// let plan = NodePlan::drawn(Workload::Counter, 7, 3, 12, NodeFaults::ALL);
/// let history = run(&plan, &Workload::Counter.last_questions(&plan), model(Workload::Counter));
/// assert_eq!(Workload::Counter.violation(&history), None);
/// ```
pub fn run(plan: &NodePlan, last: &[Value], handler: Handler) -> NodeRun {
    let mut call = |node: &mut NodeState, message: &NodeMessage, _: usize| {
        handler(node, message);
        Ok::<(), Infallible>(())
    };
    match run_by(plan, last, &mut call) {
        Ok(run) => run,
        Err(never) => match never {},
    }
}

/// [`run`] with a handler that may be somewhere else. It is also told how often the node has
/// crashed so far.
///
/// # Errors
/// The first error of the handler.
pub fn run_by<E>(
    plan: &NodePlan,
    last: &[Value],
    handler: &mut dyn FnMut(&mut NodeState, &NodeMessage, usize) -> Result<(), E>,
) -> Result<NodeRun, E> {
    let mut world = World::new(plan, last);
    while let Some(((now, _), coming)) = world.coming.pop_first() {
        world.now = now;
        world.happen(coming, handler)?;
    }
    Ok(world.run)
}

struct World<'a> {
    plan: &'a NodePlan,
    now: u64,
    made: u64,
    coming: BTreeMap<(u64, u64), Coming>,
    nodes: Vec<NodeState>,
    /// Whether a node is running, and how often it has crashed.
    up: Vec<bool>,
    crashes: Vec<usize>,
    /// Messages so far from one node to another.
    sent: BTreeMap<(usize, usize), u64>,
    run: NodeRun,
}

impl<'a> World<'a> {
    fn new(plan: &'a NodePlan, last: &[Value]) -> Self {
        let ids: Vec<String> = (0..plan.nodes).map(NodePlan::id).collect();
        let nodes = ids.iter().map(|id| NodeState::new(id, ids.clone()));
        let mut world = World {
            plan,
            now: 0,
            made: 0,
            coming: BTreeMap::new(),
            nodes: nodes.collect(),
            up: vec![true; plan.nodes],
            crashes: vec![0; plan.nodes],
            sent: BTreeMap::new(),
            run: NodeRun {
                operations: Vec::new(),
                messages: Vec::new(),
                events: Vec::new(),
            },
        };
        for crash in &plan.crashes {
            world.at(crash.at_ms, Coming::Crash(crash.node));
            world.at(crash.back_ms, Coming::Back(crash.node));
        }
        for request in &plan.requests {
            let (node, body) = (request.node, request.body.clone());
            let last = false;
            world.at(request.at_ms, Coming::Request { node, body, last });
        }
        for (at, node) in &plan.ticks {
            world.at(*at, Coming::Tick(*node));
        }
        for body in last {
            for node in 0..plan.nodes {
                let (body, last) = (body.clone(), true);
                world.at(END_MS, Coming::Request { node, body, last });
            }
        }
        world
    }

    fn at(&mut self, at: u64, coming: Coming) {
        self.made += 1;
        self.coming.insert((at, self.made), coming);
    }

    fn note(&mut self, event: NodeEvent) {
        self.run.events.push((self.now, event));
    }

    fn happen<E>(
        &mut self,
        coming: Coming,
        handler: &mut dyn FnMut(&mut NodeState, &NodeMessage, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        match coming {
            Coming::Request { node, body, last } => {
                let operation = self.run.operations.len();
                self.run.operations.push(NodeOperation {
                    node,
                    request: body.clone(),
                    asked_ms: self.now,
                    asked_at: self.run.events.len(),
                    outcome: OperationOutcome::Unknown,
                    answered_at: None,
                    last,
                });
                self.note(NodeEvent::Asked(operation));
                if !self.up[node] {
                    // The connection is refused: the request has certainly no effect.
                    self.run.operations[operation].outcome = OperationOutcome::Fail;
                    return Ok(());
                }
                let mut body = body;
                body["msg_id"] = json!(operation + 1);
                let message = NodeMessage {
                    src: client(operation),
                    dest: NodePlan::id(node),
                    body,
                };
                self.at(self.now + TIMEOUT_MS, Coming::Timeout(operation));
                self.call(node, &message, handler)
            }
            Coming::Tick(node) if self.up[node] => {
                self.note(NodeEvent::Ticked(node));
                let id = NodePlan::id(node);
                let message = NodeMessage {
                    src: id.clone(),
                    dest: id,
                    body: json!({ "type": "tick" }),
                };
                self.call(node, &message, handler)
            }
            Coming::Tick(_) => Ok(()),
            Coming::Crash(node) => {
                self.up[node] = false;
                self.crashes[node] += 1;
                self.nodes[node].crash();
                self.note(NodeEvent::Crashed(node));
                Ok(())
            }
            Coming::Back(node) => {
                self.up[node] = true;
                self.note(NodeEvent::Back(node));
                Ok(())
            }
            Coming::Arrive { message, copy } => {
                let Some(node) = self.number(&copy.dest) else {
                    return Ok(());
                };
                if !self.up[node] {
                    self.note(NodeEvent::Lost(message));
                    return Ok(());
                }
                self.note(NodeEvent::Arrived(message));
                self.call(node, &copy, handler)
            }
            // A client that has no answer by now knows nothing; a later answer is not heard.
            Coming::Timeout(operation) => {
                let operation = &mut self.run.operations[operation];
                operation.answered_at.get_or_insert(usize::MAX);
                Ok(())
            }
        }
    }

    /// Lets a node handle a message, and puts what it sends on its way.
    fn call<E>(
        &mut self,
        node: usize,
        message: &NodeMessage,
        handler: &mut dyn FnMut(&mut NodeState, &NodeMessage, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        handler(&mut self.nodes[node], message, self.crashes[node])?;
        for sent in self.nodes[node].take_sent() {
            match self.number(&sent.dest) {
                Some(to) if to != node => self.send(node, to, sent),
                Some(_) => {}
                None => self.answer(node, &sent),
            }
        }
        Ok(())
    }

    /// Returns the number of the node with an id.
    fn number(&self, id: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.id == id)
    }

    /// A client is answered, if it is the one that asked and still waits.
    fn answer(&mut self, node: usize, reply: &NodeMessage) {
        let request = reply.body["in_reply_to"].as_u64().unwrap_or_default();
        let Some(number) = (request as usize).checked_sub(1) else {
            return;
        };
        let Some(operation) = self.run.operations.get_mut(number) else {
            return;
        };
        let asked = client(number) == reply.dest && operation.node == node;
        if !asked || operation.answered_at.is_some() {
            return;
        }
        operation.answered_at = Some(self.run.events.len());
        operation.outcome = match reply.kind() {
            "error" => OperationOutcome::Fail,
            _ => OperationOutcome::Ok(reply.body.clone()),
        };
        self.note(NodeEvent::Answered(number));
    }

    /// Puts a message to another node on its way: it is lost, or arrives once or twice.
    fn send(&mut self, from: usize, to: usize, sent: NodeMessage) {
        let nth = self.sent.entry((from, to)).or_default();
        *nth += 1;
        let labels = [self.plan.seed, 12, from as u64, to as u64, *nth];
        let mut random = Random::new(&labels);
        let number = self.run.messages.len();
        self.run.messages.push(sent.clone());
        self.note(NodeEvent::Sent(number));
        let quiet = self.now >= QUIET_MS;
        let (least, most) = self.plan.delay_ms;
        let draws = [random.below(1_000), random.below(1_000)];
        let copies = match draws[1] < self.plan.twice_per_mille && !quiet {
            true => 2,
            false => 1,
        };
        for _ in 0..copies {
            let arrival = self.now + least + random.below(most.max(least) - least + 1);
            let cut = self.cut(from, to, self.now) || self.cut(from, to, arrival);
            if cut || draws[0] < self.plan.loss_per_mille && !quiet {
                self.note(NodeEvent::Lost(number));
                return;
            }
            let (message, copy) = (number, sent.clone());
            self.at(arrival, Coming::Arrive { message, copy });
        }
    }

    fn cut(&self, from: usize, to: usize, at: u64) -> bool {
        self.plan.partition.is_some_and(|(begins, heals, first)| {
            (begins..heals).contains(&at) && (from < first) != (to < first)
        })
    }
}

/// The id of the client that makes an operation: each client asks once.
fn client(operation: usize) -> String {
    format!("c{}", operation + 1)
}

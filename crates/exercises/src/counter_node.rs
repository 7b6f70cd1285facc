//! Exercise 7.5: a node that counts, under crashes, duplicates, losses and a partition.
//!
//! The simulator runs where the answer is judged, and the answer's process handles one message
//! at a time: it is given the node as it is, and returns the node as it becomes, with what it
//! sends. So what a node knows is in the judge's hands between two messages. At the end each
//! node's messages are handled once more in a process of its own. An answer in which nodes know
//! of each other in another way than by messages answers differently then.
use super::attempt::AttemptError;
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::respondent::Ask;
use super::value::{Inputs, Value};
use lessons::cap::node::{
    NodeFaults, NodeMessage, NodePlan, NodeState, PlannedCrash, PlannedRequest, Workload, json,
    run_by,
};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail, polars_err};
use std::collections::BTreeMap;

/// The reader's function.
pub type Function = fn(&mut NodeState, &NodeMessage);

/// Lets the reader's node handle the messages of a list, one after another, and returns the node
/// as it is then, and what it sent for each message.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let parsed = |name: &str| -> PolarsResult<serde_json::Value> {
        serde_json::from_str(inputs.text(name)?).map_err(no_json)
    };
    let mut node: NodeState = serde_json::from_value(parsed("node")?).map_err(no_json)?;
    let messages: Vec<NodeMessage> =
        serde_json::from_value(parsed("messages")?).map_err(no_json)?;
    let mut sent = Vec::new();
    for message in &messages {
        function(&mut node, message);
        sent.push(node.take_sent());
    }
    let answer = serde_json::to_string(&(node, sent)).map_err(no_json)?;
    Ok(Value::Text(answer))
}

fn no_json(error: serde_json::Error) -> polars::prelude::PolarsError {
    polars_err!(ComputeError: "{error}")
}

/// Exercise 7.5.
pub static EXERCISE: Exercise = Exercise {
    id: "07_5_counter_node",
    name: "counter_node",
    title: "Exercise 7.5, a counter that survives",
    signature: "fn counter(node: &mut NodeState, message: &NodeMessage)",
    hints: &[
        "What must a node remember so that a message which arrives twice, or late, changes nothing? Keep a count for each node \
         on the disk: `node.disk`, by the node's id. Only its own count is raised by `add`.",
        "At a `tick`, send the whole disk to one of `node.others()`, another one each time. When such a message arrives, take the \
         larger of two counts for each id, as in exercise 7.1.",
        "`\"tick\"`: `let turn = node.memory.entry(\"turn\".to_owned()).or_insert(0); *turn += 1;` and with `let place = *turn as usize \
         % others.len()` send `json!({ \"counts\": node.disk })` to `others[place]`. `\"gossip\"`: for each `(id, count)` of \
         `message.numbers(\"counts\")`, `let mine = node.disk.entry(id).or_insert(0); *mine = count.max(*mine);`.",
    ],
    vocabulary: &["lessons::cap::node::state"],
    cases,
    reference,
    idle: &[|inputs| answer(|_, _| {}, inputs)],
    trial: Some(trial),
};

const RIGHT: &str = "every addition is counted once at every node";

fn about(inputs: &Inputs, found: &str) -> PolarsResult<Value> {
    let (seed, nodes) = (*inputs.int("seed")?, *inputs.int("nodes")?);
    let nodes = super::value::counted(nodes as usize, "node");
    Ok(Value::Text(format!("{nodes}, seed {seed}: {found}")))
}

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    plan(inputs)?;
    about(inputs, RIGHT)
}

/// Reads the plan of a case.
fn plan(inputs: &Inputs) -> PolarsResult<NodePlan> {
    let int = |name: &str| -> PolarsResult<u64> { Ok(*inputs.int(name)? as u64) };
    let (seed, nodes) = (int("seed")?, int("nodes")? as usize);
    let mut plan = NodePlan::drawn(Workload::Counter, seed, nodes, 0, NodeFaults::NONE);
    // Messages overtake each other, unless there is nothing but ticks 200 ms apart.
    plan.delay_ms = (1, int("longest_way_ms")?);
    plan.loss_per_mille = int("lost_per_mille")?;
    plan.twice_per_mille = int("twice_per_mille")?;
    let requests = inputs.frame("requests")?;
    let (at, node, delta) = (
        requests.column("at_ms")?.i64()?,
        requests.column("node")?.i64()?,
        requests.column("add")?.i64()?,
    );
    for ((at, node), delta) in at.iter().zip(node.iter()).zip(delta.iter()) {
        let (Some(at), Some(node)) = (at, node) else {
            polars_bail!(InvalidOperation: "a request has a time and a node");
        };
        plan.requests.push(PlannedRequest {
            at_ms: at as u64,
            node: node as usize - 1,
            body: match delta {
                Some(delta) => json!({ "type": "add", "delta": delta }),
                None => json!({ "type": "read" }),
            },
        });
    }
    let faults = inputs.frame("faults")?;
    let (kind, node, from, until) = (
        faults.column("fault")?.str()?,
        faults.column("node")?.i64()?,
        faults.column("from_ms")?.i64()?,
        faults.column("until_ms")?.i64()?,
    );
    let rows = kind
        .iter()
        .zip(node.iter())
        .zip(from.iter().zip(until.iter()));
    for ((kind, node), (from, until)) in rows {
        let (Some(node), Some(from), Some(until)) = (node, from, until) else {
            polars_bail!(InvalidOperation: "a fault has a node and two times");
        };
        match kind {
            Some(CRASH) => plan.crashes.push(PlannedCrash {
                node: node as usize - 1,
                at_ms: from as u64,
                back_ms: until as u64,
            }),
            _ => plan.partition = Some((from as u64, until as u64, node as usize)),
        }
    }
    Ok(plan)
}

const CRASH: &str = "crash";
const CUT: &str = "cut behind";

/// The messages of one process of a node: how it began, what it handled, and what it sent.
struct Incarnation {
    began: NodeState,
    handled: Vec<NodeMessage>,
    sent: Vec<Vec<NodeMessage>>,
}

/// Runs the answer's nodes in the simulator, and says what came of it.
fn trial(inputs: &Inputs, ask: Ask) -> Result<Value, AttemptError> {
    let plan = plan(inputs)?;
    let mut lives: BTreeMap<(String, usize), Incarnation> = BTreeMap::new();
    let mut handle = |node: &mut NodeState, message: &NodeMessage, crashes: usize| {
        let began = node.clone();
        let (after, mut sent) = asked(ask, &began, std::slice::from_ref(message))?;
        let sent = sent.pop().unwrap_or_default();
        // A node's name and its list of nodes are the simulator's.
        (node.disk, node.memory) = (after.disk, after.memory);
        for message in &sent {
            let mut fields = message.body.clone();
            let kind = message.kind().to_owned();
            if let Some(fields) = fields.as_object_mut() {
                fields.remove("type");
            }
            node.send(&message.dest, &kind, fields);
        }
        let life = lives.entry((node.id.clone(), crashes));
        let life = life.or_insert_with(|| Incarnation {
            began,
            handled: Vec::new(),
            sent: Vec::new(),
        });
        life.handled.push(message.clone());
        life.sent.push(sent);
        Ok::<(), AttemptError>(())
    };
    let last = Workload::Counter.last_questions(&plan);
    let run = run_by(&plan, &last, &mut handle)?;

    // What clients were told.
    if let Some(violation) = Workload::Counter.violation(&run) {
        return Ok(about(inputs, &violation.text)?);
    }
    let most = *inputs.int("most_messages")?;
    if run.messages.len() as i64 > most {
        let found = format!(
            "{} messages between nodes, at most {most} are allowed: tell one other node at a tick",
            run.messages.len()
        );
        return Ok(about(inputs, &found)?);
    }

    // Each life of a node again, alone.
    for ((id, _), life) in &lives {
        ask.forget();
        let (_, sent) = asked(ask, &life.began, &life.handled)?;
        if sent != life.sent {
            let found = format!(
                "{id} answers otherwise in a process of its own: a node may know only its disk, its \
                 memory and its messages"
            );
            return Ok(about(inputs, &found)?);
        }
    }
    Ok(about(inputs, RIGHT)?)
}

/// Lets the answer handle messages.
fn asked(
    ask: &mut dyn super::Respondent,
    node: &NodeState,
    messages: &[NodeMessage],
) -> Result<(NodeState, Vec<Vec<NodeMessage>>), AttemptError> {
    let text = |value: serde_json::Result<String>| {
        let text = value.map_err(|error| AttemptError::Error(error.to_string()))?;
        Ok::<Value, AttemptError>(Value::Text(text))
    };
    let inputs = Inputs::new()
        .with("node", text(serde_json::to_string(node))?)
        .with("messages", text(serde_json::to_string(messages))?);
    let no_answer = || AttemptError::Error("a node and its messages are a text of JSON".to_owned());
    match ask.ask(&inputs)? {
        Value::Text(text) => serde_json::from_str(&text).map_err(|_| no_answer()),
        _ => Err(no_answer()),
    }
}

/// A fault: crash of a node, or a cut behind it.
type Fault = (&'static str, i64, i64, i64);

/// The numbers of a case: nodes, the longest way in ms, lost and repeated messages in a thousand.
struct World {
    nodes: i64,
    way: i64,
    lost: i64,
    twice: i64,
}

/// A right node sends one message at each tick: 20 of each node, and a few more.
const MOST: i64 = 75;

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let mut seeds: Vec<i64> = (0..8).map(|n| draw.number(n + 1, 100..1_000_000)).collect();
    let calm = |nodes| World {
        nodes,
        way: 60,
        lost: 0,
        twice: 0,
    };
    // A request each 150 ms: additions of 1, 10, 100 and so on at the nodes in turn, and reads.
    let requests = |nodes: i64, count: i64| -> Vec<(i64, i64, Option<i64>)> {
        let mut added = 0;
        let request = |n: i64| {
            let delta = (n % 3 < 2).then(|| {
                added += 1;
                10i64.pow(added - 1)
            });
            (120 + 150 * n, 1 + (n * n + n / 2) % nodes, delta)
        };
        (0..count).map(request).collect()
    };
    let mut case = |name, about, why, world: World, faults: &[Fault], most: i64| {
        let asks = requests(world.nodes, 11);
        let frame = df!(
            "at_ms" => asks.iter().map(|row| row.0).collect::<Vec<_>>(),
            "node" => asks.iter().map(|row| row.1).collect::<Vec<_>>(),
            "add" => asks.iter().map(|row| row.2).collect::<Vec<_>>(),
        );
        let faults = df!(
            "fault" => faults.iter().map(|row| row.0).collect::<Vec<_>>(),
            "node" => faults.iter().map(|row| row.1).collect::<Vec<_>>(),
            "from_ms" => faults.iter().map(|row| row.2).collect::<Vec<_>>(),
            "until_ms" => faults.iter().map(|row| row.3).collect::<Vec<_>>(),
        );
        let table =
            |frame: PolarsResult<DataFrame>| Value::Frame(frame.expect("columns of one length"));
        let inputs = Inputs::new()
            .with("requests", table(frame))
            .with("faults", table(faults))
            .with("nodes", Value::Int(world.nodes))
            .with("seed", Value::Int(seeds.remove(0)))
            .with("longest_way_ms", Value::Int(world.way))
            .with("lost_per_mille", Value::Int(world.lost))
            .with("twice_per_mille", Value::Int(world.twice))
            .with("most_messages", Value::Int(most));
        Case {
            name,
            about,
            why,
            inputs,
        }
    };
    vec![
        case(
            "alone",
            "one node, without faults",
            "a node that has acknowledged an addition counts it",
            calm(1),
            &[],
            i64::MAX,
        ),
        case(
            "two",
            "two nodes, without faults",
            "each hears of what the other counts, again and again, and may count it once",
            calm(2),
            &[],
            i64::MAX,
        ),
        case(
            "three",
            "three nodes, without faults",
            "each of three must hear of each other, directly or through the third",
            calm(3),
            &[],
            i64::MAX,
        ),
        case(
            "twice",
            "messages that arrive twice",
            "networks deliver twice: adding what comes counts it again",
            World {
                twice: 600,
                ..calm(3)
            },
            &[],
            i64::MAX,
        ),
        case(
            "lost",
            "messages that are lost, and a cut network",
            "what was said once and lost must be said again",
            World {
                lost: 500,
                ..calm(3)
            },
            &[(CUT, 1, 300, 1_700)],
            i64::MAX,
        ),
        case(
            "crash",
            "nodes that crash and come back",
            "an addition that was acknowledged is on the disk; memory is lost",
            calm(3),
            // Each right after an addition at this node.
            &[(CRASH, 2, 571, 600), (CRASH, 1, 1_021, 1_060)],
            i64::MAX,
        ),
        case(
            "frugal",
            "few messages, without faults",
            "messages cost: one to one other node at each tick is enough",
            calm(3),
            &[],
            MOST,
        ),
        case(
            super::marks::DRAWN,
            "all faults at once, with another seed",
            "what holds for chosen faults must hold for all",
            World {
                nodes: 3,
                way: 60,
                lost: 300,
                twice: 400,
            },
            &[
                (CUT, 2, 200, 1_400),
                (CRASH, 1, 721, 760),
                (CRASH, 2, 1_171, 1_210),
            ],
            MOST,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use lessons::cap::node::model;

    crate::mutants::tests! {
        counter_node::counter, stub: |_, _| todo!(), mutants:
        adds_what_comes, counts_in_memory, keeps_to_itself, own_count_to_a_neighbour, replaces,
        sends_deltas, takes_what_comes, tells_all, told_once,
    }

    #[test]
    fn our_node_passes_with_any_seed() {
        for seed in 0..20 {
            let verdict = verdict_with(seed, model(Workload::Counter));
            assert_eq!(verdict.status, Status::Passed, "{}", verdict.reason());
        }
    }

    /// Keeps the sum of all nodes in the process, where no message carries it.
    fn knows_without_messages(node: &mut NodeState, message: &NodeMessage) {
        use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
        static ALL: AtomicI64 = AtomicI64::new(0);
        match message.kind() {
            "add" => {
                ALL.fetch_add(message.number("delta"), SeqCst);
                node.reply(message, "add_ok", json!({}));
            }
            "read" => node.reply(message, "read_ok", json!({ "value": ALL.load(SeqCst) })),
            _ => {}
        }
    }

    #[test]
    fn a_node_that_knows_without_messages_is_found() {
        let cases = cases(7);
        let case = cases.iter().find(|case| case.name == "three").unwrap();
        let mut call = |inputs: &Inputs| Ok(answer(knows_without_messages, inputs)?);
        let Value::Text(found) = trial(&case.inputs, &mut call).unwrap() else {
            panic!("a text");
        };
        assert!(found.contains("in a process of its own"), "{found}");
    }
}

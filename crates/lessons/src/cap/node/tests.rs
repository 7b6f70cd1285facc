//! Right nodes pass with many seeds, known wrong ones fail, each with a small run.
use super::*;
use proptest::prelude::*;
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};
use std::fmt::Write as _;

/// A seed more than a cell tries.
const MANY: std::ops::Range<u64> = 0..400;

#[test]
fn a_right_node_survives_every_seed_of_every_workload() {
    for workload in Workload::ALL {
        for nodes in [1, 2, 3, 5] {
            let seeds = if nodes == 3 { MANY } else { 0..80 };
            let found = search(workload, nodes, seeds, NodeFaults::ALL, model(workload));
            assert_eq!(
                found.map(|found| (found.seed, found.violation)),
                None,
                "{workload}, {nodes}"
            );
        }
    }
}

proptest! {
    #[test]
    fn a_right_node_survives_any_seed(seed in any::<u64>(), nodes in 1..6usize, requests in 1..24usize) {
        for workload in Workload::ALL {
            let plan = NodePlan::drawn(workload, seed, nodes, requests, NodeFaults::ALL);
            let run = run(&plan, &workload.last_questions(&plan), model(workload));
            prop_assert_eq!(workload.violation(&run), None, "{}", workload);
        }
    }
}

#[test]
fn the_same_plan_and_node_give_the_same_run() {
    for workload in Workload::ALL {
        for seed in 0..20 {
            let plan = NodePlan::drawn(workload, seed, 3, 16, NodeFaults::ALL);
            let last = workload.last_questions(&plan);
            let run = || run(&plan, &last, model(workload));
            assert_eq!(run(), run());
        }
    }
}

fn counts(node: &mut NodeState, message: &NodeMessage, keep: fn(&mut NodeState) -> &mut Numbers) {
    match message.kind() {
        "add" => {
            let id = node.id.clone();
            *keep(node).entry(id).or_insert(0) += message.number("delta");
            node.reply(message, "add_ok", json!({}));
        }
        "read" => {
            let sum: i64 = keep(node).values().sum();
            node.reply(message, "read_ok", json!({ "value": sum }));
        }
        _ => {}
    }
}

/// Sends all counts to all others at each tick.
fn gossips(node: &mut NodeState, message: &NodeMessage) {
    if message.kind() == "tick" {
        for other in node.others() {
            node.send(&other, "gossip", json!({ "counts": node.disk }));
        }
    }
}

fn silent(_: &mut NodeState, _: &NodeMessage) {}

fn ids_in_memory(node: &mut NodeState, message: &NodeMessage) {
    if message.kind() == "generate" {
        let given = node.memory.entry("given".to_owned()).or_insert(0);
        *given += 1;
        let id = format!("{}-{given}", node.id);
        node.reply(message, "generate_ok", json!({ "id": id }));
    }
}

fn ids_without_a_name(node: &mut NodeState, message: &NodeMessage) {
    if message.kind() == "generate" {
        let given = node.disk.entry("given".to_owned()).or_insert(0);
        *given += 1;
        let id = *given;
        node.reply(message, "generate_ok", json!({ "id": id }));
    }
}

/// Passes a value on once, when it comes.
fn told_once(node: &mut NodeState, message: &NodeMessage) {
    match message.kind() {
        "broadcast" => {
            let value = message.number("message");
            node.disk.insert(value.to_string(), 1);
            for other in node.others() {
                node.send(&other, "gossip", json!({ "value": value }));
            }
            node.reply(message, "broadcast_ok", json!({}));
        }
        "gossip" => {
            node.disk.insert(message.number("value").to_string(), 1);
        }
        "read" => model(Workload::Broadcast)(node, message),
        _ => {}
    }
}

fn counts_in_memory(node: &mut NodeState, message: &NodeMessage) {
    counts(node, message, |node| &mut node.memory);
    if message.kind() == "gossip" {
        for (id, count) in message.numbers("counts") {
            let mine = node.memory.entry(id).or_insert(0);
            *mine = count.max(*mine);
        }
    }
    if message.kind() == "tick" {
        for other in node.others() {
            node.send(&other, "gossip", json!({ "counts": node.memory }));
        }
    }
}

fn adds_what_comes(node: &mut NodeState, message: &NodeMessage) {
    counts(node, message, |node| &mut node.disk);
    gossips(node, message);
    if message.kind() == "gossip" {
        for (id, count) in message.numbers("counts") {
            *node.disk.entry(id).or_insert(0) += count;
        }
    }
}

fn takes_what_comes(node: &mut NodeState, message: &NodeMessage) {
    counts(node, message, |node| &mut node.disk);
    gossips(node, message);
    if message.kind() == "gossip" {
        node.disk.extend(message.numbers("counts"));
    }
}

fn keeps_to_itself(node: &mut NodeState, message: &NodeMessage) {
    counts(node, message, |node| &mut node.disk);
}

/// Each node numbers what it is sent.
fn numbers_at_each_node(node: &mut NodeState, message: &NodeMessage) {
    node.nodes = vec![node.id.clone()];
    model(Workload::Log)(node, message);
}

/// Forgets which requests it has done.
fn appends_again(node: &mut NodeState, message: &NodeMessage) {
    model(Workload::Log)(node, message);
    node.disk.retain(|name, _| !name.starts_with("done"));
}

/// Wrong nodes, with words of the claim that each breaks, and the most events of the run that
/// shows it.
const WRONG: [(Workload, Handler, &str, usize); 10] = [
    (Workload::Echo, silent, "gives no answer", 1),
    (Workload::Generate, ids_in_memory, "given out twice", 4),
    (Workload::Generate, ids_without_a_name, "given out twice", 2),
    (Workload::Broadcast, told_once, "does not have", 6),
    (Workload::Counter, counts_in_memory, "does not have", 4),
    (Workload::Counter, adds_what_comes, "times", 9),
    (Workload::Counter, takes_what_comes, "does not have", 8),
    (Workload::Counter, keeps_to_itself, "does not have", 4),
    (Workload::Log, numbers_at_each_node, "offset", 4),
    (Workload::Log, appends_again, "and offset", 12),
];

#[test]
fn a_wrong_node_fails_with_a_small_run_that_shows_why() {
    let mut sizes = String::new();
    for (n, (workload, handler, words, most)) in WRONG.into_iter().enumerate() {
        let attacked = attack(workload, handler);
        assert!(!attacked.step.passed, "wrong node {n} passes");
        let found = attacked.found.clone().unwrap();
        assert!(
            found.violation.text.contains(words),
            "{n}: {}",
            found.violation.text
        );
        let diagram = attacked.diagram().unwrap();
        show::picture::assert_sound(&diagram.figure());
        let rows = diagram.steps();
        writeln!(sizes, "{n}: {rows} rows, at most {most}").unwrap();
        assert!(rows <= most, "{sizes}{}", found.violation.text);
        // The run that is shown breaks the claim when it is run again.
        let again = run(&found.plan, &workload.last_questions(&found.plan), handler);
        assert_eq!(workload.violation(&again), Some(found.violation));
    }
}

#[test]
fn an_unknown_addition_may_be_counted_or_not_and_a_refused_one_may_not() {
    let add = |outcome| NodeOperation {
        node: 0,
        request: json!({ "type": "add", "delta": 1 }),
        asked_ms: 0,
        asked_at: 0,
        outcome,
        answered_at: None,
        last: false,
    };
    let read = |value: i64| NodeOperation {
        node: 0,
        request: json!({ "type": "read" }),
        asked_ms: 9,
        asked_at: 5,
        outcome: OperationOutcome::Ok(json!({ "value": value })),
        answered_at: Some(6),
        last: true,
    };
    let judged = |outcome, value| {
        let run = NodeRun {
            operations: vec![add(outcome), read(value)],
            messages: Vec::new(),
            events: Vec::new(),
        };
        Workload::Counter.wrong_answer(&run).is_none()
    };
    let unknown = || OperationOutcome::Unknown;
    assert!(judged(unknown(), 0) && judged(unknown(), 1) && !judged(unknown(), 2));
    assert!(judged(OperationOutcome::Fail, 0) && !judged(OperationOutcome::Fail, 1));
}

/// A log as one copy: offsets grow, and a poll has all from its offset on.
#[derive(Clone, Default)]
struct OneLog(Vec<(i64, i64)>);

#[derive(Clone, Debug, PartialEq)]
enum Call {
    Send(i64),
    Poll(i64),
}

#[derive(Clone, Debug, PartialEq)]
enum Told {
    Offset(i64),
    Entries(Vec<(i64, i64)>),
}

impl SequentialSpec for OneLog {
    type Op = Call;
    type Ret = Told;

    fn invoke(&mut self, call: &Call) -> Told {
        match call {
            Call::Send(msg) => {
                let offset = self.0.last().map_or(0, |entry| entry.0 + 1);
                self.0.push((offset, *msg));
                Told::Offset(offset)
            }
            Call::Poll(from) => {
                let entries = self.0.iter().filter(|entry| entry.0 >= *from);
                Told::Entries(entries.copied().collect())
            }
        }
    }

    fn is_valid_step(&mut self, call: &Call, told: &Told) -> bool {
        match (call, told) {
            // Offsets may be sparse.
            (Call::Send(msg), Told::Offset(offset)) => {
                let next = self.0.last().is_none_or(|last| last.0 < *offset);
                self.0.push((*offset, *msg));
                next
            }
            _ => self.invoke(call) == *told,
        }
    }
}

/// Calls with the moments of question and answer, and the moment at which each takes effect;
/// then perhaps a change of one answer.
fn histories() -> impl Strategy<Value = Vec<(Call, Told, usize, usize)>> {
    let call = (0..2u8, 0..3i64, 0..40usize, 1..12usize, 0..12usize);
    let calls = proptest::collection::vec(call, 2..7);
    (calls, proptest::option::of((0..7usize, 0..5i64, 0..4usize))).prop_map(|(calls, change)| {
        let mut made: Vec<(Call, usize, usize, usize)> = Vec::new();
        for (n, (kind, from, begin, length, effect)) in calls.into_iter().enumerate() {
            let call = match kind {
                0 => Call::Send(n as i64 + 10),
                _ => Call::Poll(from),
            };
            // Moments are different: the number of the call is their last digit.
            let at = |moment: usize| moment * 10 + n;
            made.push((
                call,
                at(begin),
                at(begin + length),
                at(begin + effect % length),
            ));
        }
        let mut order: Vec<usize> = (0..made.len()).collect();
        order.sort_by_key(|n| made[*n].3);
        let (mut log, mut told) = (OneLog::default(), vec![None; made.len()]);
        for n in order {
            told[n] = Some(log.invoke(&made[n].0));
        }
        let mut told: Vec<Told> = told.into_iter().flatten().collect();
        if let Some((which, offset, place)) = change {
            let which = which % told.len();
            match &mut told[which] {
                Told::Offset(given) => *given = offset,
                Told::Entries(entries) if entries.is_empty() => {}
                Told::Entries(entries) => {
                    entries.remove(place % entries.len());
                }
            }
        }
        let all = made.into_iter().zip(told);
        all.map(|((call, begin, end, _), told)| (call, told, begin, end))
            .collect()
    })
}

proptest! {
    #[test]
    fn the_rules_of_the_log_are_those_of_linearizability(history in histories()) {
        // By the rules.
        let mut moments: Vec<usize> = history.iter().flat_map(|one| [one.2, one.3]).collect();
        moments.sort_unstable();
        let place = |moment: usize| moments.binary_search(&moment).unwrap();
        let mut operations: Vec<NodeOperation> = { history.iter() }
            .map(|(call, told, begin, end)| NodeOperation {
                node: 0,
                request: match call {
                    Call::Send(msg) => json!({ "type": "send", "key": "a", "msg": msg }),
                    Call::Poll(from) => json!({ "type": "poll", "offsets": { "a": from } }),
                },
                asked_ms: 0,
                asked_at: place(*begin),
                outcome: OperationOutcome::Ok(match told {
                    Told::Offset(offset) => json!({ "type": "send_ok", "offset": offset }),
                    Told::Entries(entries) => json!({ "type": "poll_ok", "msgs": { "a": entries } }),
                }),
                answered_at: Some(place(*end)),
                last: false,
            })
            .collect();
        operations.sort_by_key(|one| one.asked_at);
        let run = NodeRun { operations, messages: Vec::new(), events: Vec::new() };
        let by_rules = history::log_violation(&run);
        // By a search through all orders.
        let mut tester = LinearizabilityTester::new(OneLog::default());
        for moment in &moments {
            for (n, (call, told, begin, end)) in history.iter().enumerate() {
                if begin == moment {
                    tester.on_invoke(n, call.clone()).unwrap();
                }
                if end == moment {
                    tester.on_return(n, told.clone()).unwrap();
                }
            }
        }
        let linearizable = tester.serialized_history().is_some();
        prop_assert_eq!(by_rules.is_none(), linearizable, "{:?}", by_rules);
    }
}

#[test]
fn a_node_speaks_maelstroms_messages_and_keeps_its_disk() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("n1.disk");
    let init = r#"{"src":"c0","dest":"n1","body":{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1","n2"]}}"#;
    let add = r#"{"src":"c1","dest":"n1","body":{"type":"add","msg_id":2,"delta":5}}"#;
    let read = r#"{"src":"c1","dest":"n1","body":{"type":"read","msg_id":3}}"#;
    let said = |lines: &[&str]| -> Vec<NodeMessage> {
        let mut out = Vec::new();
        let text = lines.join("\n");
        serve_lines(
            model(Workload::Counter),
            Some(&disk),
            text.as_bytes(),
            &mut out,
        )
        .unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let first = said(&[init, add]);
    let kinds: Vec<&str> = first.iter().map(NodeMessage::kind).collect();
    assert_eq!(kinds, ["init_ok", "gossip", "add_ok", "gossip"]);
    assert_eq!(
        (first[2].dest.as_str(), first[2].number("in_reply_to")),
        ("c1", 2)
    );
    // Another process, the same disk.
    let second = said(&[init, read]);
    let answer = second
        .iter()
        .find(|message| message.kind() == "read_ok")
        .unwrap();
    assert_eq!(answer.number("value"), 5);
    let bad = |line: &str| {
        let mut out = Vec::new();
        let error = serve_lines(model(Workload::Counter), None, line.as_bytes(), &mut out);
        error.unwrap_err().to_string()
    };
    assert!(bad("nonsense").starts_with("line 1 is no message"));
    assert!(
        bad(add).contains("`add` came before `init`"),
        "{}",
        bad(add)
    );
}

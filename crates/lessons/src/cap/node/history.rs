//! What clients ask of a node, and what is claimed of the answers.
use super::{NodePlan, NodeRun};
use dataset::random::Random;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// What became of a request, as a client knows it.
#[derive(Clone, Debug, PartialEq)]
pub enum OperationOutcome {
    /// It was answered, with this body.
    Ok(Value),
    /// It was refused, and certainly has no effect.
    Fail,
    /// There was no answer in time. It may have an effect, now or later, or none.
    Unknown,
}

/// A request of a client and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeOperation {
    /// The node that was asked, from 0.
    pub node: usize,
    /// The body of the request.
    pub request: Value,
    /// When it was asked, in ms.
    pub asked_ms: u64,
    /// Its place in the run's events.
    pub asked_at: usize,
    /// What became of it.
    pub outcome: OperationOutcome,
    /// The place of the answer in the run's events; `usize::MAX` if the client gave up.
    pub answered_at: Option<usize>,
    /// Whether it is one of the last questions, after all faults.
    pub last: bool,
}

impl NodeOperation {
    /// Returns the answer, if there was one.
    pub fn answer(&self) -> Option<&Value> {
        match &self.outcome {
            OperationOutcome::Ok(body) => Some(body),
            _ => None,
        }
    }

    fn kind(&self) -> &str {
        self.request["type"].as_str().unwrap_or_default()
    }

    /// Whether its answer was there before another one was asked.
    fn before(&self, other: &NodeOperation) -> bool {
        self.answer().is_some() && self.answered_at.is_some_and(|at| at < other.asked_at)
    }
}

/// A claim that a run breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The operation whose answer is wrong.
    pub operation: usize,
    /// What is wrong, in a sentence.
    pub text: String,
}

/// What is asked of nodes. The names and fields of messages are those of Maelstrom's workloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Workload {
    /// `echo`: the same text comes back.
    Echo,
    /// `generate`: an id that no other request gets.
    Generate,
    /// `broadcast`: each node knows each value in the end.
    Broadcast,
    /// `add`: each addition is counted once at each node in the end.
    Counter,
    /// `send`, `poll`: one order of messages for each key, as if the log had one copy.
    Log,
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Workload::Echo => "echo",
            Workload::Generate => "unique ids",
            Workload::Broadcast => "broadcast",
            Workload::Counter => "counter",
            Workload::Log => "log",
        })
    }
}

/// Most additions of a run: each has a decimal digit of its own in the sum.
const MOST_ADDITIONS: u64 = 18;

impl Workload {
    /// All of them, in the order of the chapter.
    pub const ALL: [Workload; 5] = [
        Workload::Echo,
        Workload::Generate,
        Workload::Broadcast,
        Workload::Counter,
        Workload::Log,
    ];

    /// Draws the next request. `made` counts those that change something, so that each has a
    /// value of its own.
    pub(super) fn request(self, made: &mut u64, random: &mut Random) -> Value {
        let changes = random.below(3) > 0;
        let room = *made < MOST_ADDITIONS;
        let mut next = || {
            *made += 1;
            *made
        };
        match self {
            Workload::Echo => json!({ "type": "echo", "echo": format!("word {}", next()) }),
            Workload::Generate => json!({ "type": "generate" }),
            Workload::Broadcast if changes => json!({ "type": "broadcast", "message": next() }),
            Workload::Counter if changes && room => {
                let place = next() - 1;
                json!({ "type": "add", "delta": 10i64.pow(place as u32) })
            }
            Workload::Broadcast | Workload::Counter => json!({ "type": "read" }),
            Workload::Log => {
                let key = ["a", "b"][random.below(2) as usize];
                match changes {
                    true => json!({ "type": "send", "key": key, "msg": next() }),
                    false => json!({ "type": "poll", "offsets": { key: random.below(3) } }),
                }
            }
        }
    }

    /// Returns the questions that every node is asked at the end.
    pub fn last_questions(self, _plan: &NodePlan) -> Vec<Value> {
        match self {
            Workload::Echo | Workload::Generate => Vec::new(),
            Workload::Broadcast | Workload::Counter => vec![json!({ "type": "read" })],
            Workload::Log => vec![json!({ "type": "poll", "offsets": { "a": 0, "b": 0 } })],
        }
    }

    /// Returns the first claim that a run breaks.
    ///
    /// | workload | claims |
    /// |---|---|
    /// | all | a node that runs answers; the last questions are answered |
    /// | echo | the answer has the text of the question |
    /// | unique ids | no id is given out twice |
    /// | broadcast, counter | a read has no value that was not sent, none twice, and all that were acknowledged by the same node before; the last reads have all that were acknowledged, and are equal |
    /// | log | linearizable for each key: one copy could have given the same answers |
    pub fn violation(self, run: &NodeRun) -> Option<Violation> {
        let unanswered = |(place, one): (usize, &NodeOperation)| {
            // Only the log may wait for another node, and only while there are faults.
            let may_wait = self == Workload::Log && !one.last;
            let crashed = one.outcome == OperationOutcome::Fail;
            let missing = one.answer().is_none() && !crashed && !may_wait;
            missing.then(|| Violation {
                operation: place,
                text: format!(
                    "n{} runs and gives no answer to `{}` that the client accepts: a reply goes to \
                     the sender, with its `msg_id` as `in_reply_to`",
                    one.node + 1,
                    one.kind()
                ),
            })
        };
        let specific = self.wrong_answer(run);
        let unanswered = run.operations.iter().enumerate().find_map(unanswered);
        // The earlier of both.
        match (specific, unanswered) {
            (Some(one), Some(other)) if other.operation < one.operation => Some(other),
            (Some(one), _) => Some(one),
            (None, other) => other,
        }
    }

    /// Returns the first claim about answers that a run breaks.
    pub(super) fn wrong_answer(self, run: &NodeRun) -> Option<Violation> {
        match self {
            Workload::Echo => echo(run),
            Workload::Generate => generate(run),
            Workload::Broadcast => values(run, &|one| one.request["message"].as_i64(), &broadcast),
            Workload::Counter => values(run, &|one| one.request["delta"].as_i64(), &digits),
            Workload::Log => log_violation(run),
        }
    }
}

fn answered(run: &NodeRun) -> impl Iterator<Item = (usize, &NodeOperation, &Value)> {
    let all = run.operations.iter().enumerate();
    all.filter_map(|(place, one)| Some((place, one, one.answer()?)))
}

fn echo(run: &NodeRun) -> Option<Violation> {
    answered(run).find_map(|(operation, one, answer)| {
        let (asked, told) = (&one.request["echo"], &answer["echo"]);
        let right = asked == told && answer["type"] == "echo_ok";
        (!right).then(|| Violation {
            operation,
            text: format!("asked to echo {asked}, the node answers {answer}"),
        })
    })
}

fn generate(run: &NodeRun) -> Option<Violation> {
    let mut given: BTreeMap<String, usize> = BTreeMap::new();
    answered(run).find_map(|(operation, one, answer)| {
        let id = match &answer["id"] {
            Value::Null => {
                let text = format!("the answer {answer} has no field `id`");
                return Some(Violation { operation, text });
            }
            id => id.to_string(),
        };
        let before = given.insert(id.clone(), one.node)?;
        let by = match before == one.node {
            true => format!("both times by n{}", one.node + 1),
            false => format!("by n{} and by n{}", before + 1, one.node + 1),
        };
        let text = format!("id {id} was given out twice, {by}");
        Some(Violation { operation, text })
    })
}

/// How often a read has each value, or why it is no answer.
type Read = dyn Fn(&Value) -> Result<BTreeMap<i64, i64>, String>;

fn broadcast(answer: &Value) -> Result<BTreeMap<i64, i64>, String> {
    let list = answer["messages"].as_array();
    let list = list.ok_or_else(|| format!("the answer {answer} has no list `messages`"))?;
    let mut counts = BTreeMap::new();
    for value in list {
        let value = value.as_i64();
        let value = value.ok_or_else(|| format!("{answer} has a message that is no number"))?;
        *counts.entry(value).or_insert(0) += 1;
    }
    Ok(counts)
}

/// Additions are 1, 10, 100 and so on: the digits of a sum say how often each is counted.
fn digits(answer: &Value) -> Result<BTreeMap<i64, i64>, String> {
    let sum = answer["value"].as_i64();
    let mut sum = sum.ok_or_else(|| format!("the answer {answer} has no number `value`"))?;
    if sum < 0 {
        return Err(format!("the sum is {sum}, though nothing is taken away"));
    }
    let mut counts = BTreeMap::new();
    let mut place = 1i64;
    while sum > 0 {
        if sum % 10 > 0 {
            counts.insert(place, sum % 10);
        }
        (sum, place) = (sum / 10, place.saturating_mul(10));
    }
    Ok(counts)
}

/// The claims of broadcast and counter, by the identity of the values.
fn values(
    run: &NodeRun,
    sent: &dyn Fn(&NodeOperation) -> Option<i64>,
    read: &Read,
) -> Option<Violation> {
    let writes: Vec<(i64, &NodeOperation)> = { run.operations.iter() }
        .filter_map(|one| Some((sent(one)?, one)))
        .collect();
    let mut agreed: Option<(usize, BTreeMap<i64, i64>)> = None;
    for (operation, one, answer) in answered(run) {
        if one.kind() != "read" {
            continue;
        }
        let wrong = |text: String| Some(Violation { operation, text });
        let who = format!("n{}", one.node + 1);
        let counts = match read(answer) {
            Ok(counts) => counts,
            Err(text) => return wrong(text),
        };
        if let Some((value, times)) = counts.iter().find(|count| *count.1 > 1) {
            return wrong(format!(
                "{who} has {times} times the value {value}, which was sent once"
            ));
        }
        for value in counts.keys() {
            let write = writes.iter().find(|(sent, _)| sent == value);
            let begun = write.is_some_and(|(_, write)| {
                write.asked_at < one.answered_at.unwrap_or(usize::MAX)
                    && write.outcome != OperationOutcome::Fail
            });
            if !begun {
                return wrong(format!("{who} has {value}, which no client had sent"));
            }
        }
        for (value, write) in &writes {
            let same_node = write.node == one.node;
            if write.before(one) && (same_node || one.last) && !counts.contains_key(value) {
                let when = if one.last { " in the end" } else { "" };
                return wrong(format!(
                    "{who} does not have {value}{when}, which n{} had acknowledged",
                    write.node + 1
                ));
            }
        }
        if one.last {
            match &agreed {
                Some((other, agreed)) if *agreed != counts => {
                    return wrong(format!("{who} and n{} differ in the end", other + 1));
                }
                _ => agreed = Some((one.node, counts)),
            }
        }
    }
    None
}

/// An entry of a log: offset and message.
type Entry = (i64, i64);

/// A poll of one key: the operation, from which offset, and what came.
struct Poll<'a> {
    operation: usize,
    of: &'a NodeOperation,
    from: i64,
    entries: Vec<Entry>,
}

/// A message in the log: its offset, the operation whose answer shows it, and its `send`.
struct Append<'a> {
    offset: i64,
    operation: usize,
    send: &'a NodeOperation,
}

/// Checks that the log of each key is linearizable: as if there were one copy, to which each
/// acknowledged message was appended at one moment between its request and its answer.
///
/// Offsets give the order of the appends, so no search for an order is needed. For each key:
/// an offset has one message and a message one offset; what was acknowledged before another was
/// asked has the smaller offset; nothing is polled that was not sent; a poll has every message
/// from its offset on that was acknowledged, or polled, before it was asked; and it leaves out
/// no known message between two that it has. A test compares these rules with a search through
/// all orders.
pub(super) fn log_violation(run: &NodeRun) -> Option<Violation> {
    for key in ["a", "b"] {
        if let Some(violation) = key_violation(run, key) {
            return Some(violation);
        }
    }
    None
}

fn key_violation(run: &NodeRun, key: &str) -> Option<Violation> {
    let wrong = |operation: usize, text: String| Some(Violation { operation, text });
    // Read the history of this key.
    let is_send = |one: &&NodeOperation| one.kind() == "send" && one.request["key"] == key;
    let sends: Vec<&NodeOperation> = run.operations.iter().filter(is_send).collect();
    let send_of = |msg: i64| sends.iter().find(|one| one.request["msg"] == msg);
    let mut known: Vec<(Entry, usize)> = Vec::new();
    let mut polls: Vec<Poll> = Vec::new();
    for (operation, one, answer) in answered(run) {
        match one.kind() {
            "send" if one.request["key"] == key => {
                let (Some(offset), Some(msg)) =
                    (answer["offset"].as_i64(), one.request["msg"].as_i64())
                else {
                    return wrong(operation, format!("the answer {answer} has no `offset`"));
                };
                known.push(((offset, msg), operation));
            }
            "poll" => {
                let Some(from) = one.request["offsets"][key].as_i64() else {
                    continue;
                };
                let entries = match entries(&answer["msgs"][key]) {
                    Some(entries) => entries,
                    None => {
                        let text = format!("the answer {answer} has no pairs [offset, message]");
                        return wrong(operation, text);
                    }
                };
                known.extend(entries.iter().map(|entry| (*entry, operation)));
                polls.push(Poll {
                    operation,
                    of: one,
                    from,
                    entries,
                });
            }
            _ => {}
        }
    }
    // One message at an offset, and one offset for a message.
    let (mut by_offset, mut by_msg) = (BTreeMap::new(), BTreeMap::new());
    known.sort_by_key(|(_, operation)| *operation);
    for ((offset, msg), operation) in &known {
        if let Some(other) = by_offset.insert(*offset, *msg).filter(|other| other != msg) {
            let text = format!("key {key}: offset {offset} has message {other} and message {msg}");
            return wrong(*operation, text);
        }
        if let Some(other) = by_msg.insert(*msg, *offset).filter(|other| other != offset) {
            let text = format!("key {key}: message {msg} has offset {other} and offset {offset}");
            return wrong(*operation, text);
        }
    }
    // Appends keep the order of time, those whose answer was not heard as well.
    let mut appended: Vec<Append> = Vec::new();
    for ((offset, msg), operation) in &known {
        let (offset, operation) = (*offset, *operation);
        if let Some(send) = send_of(*msg) {
            appended.push(Append {
                offset,
                operation,
                send,
            });
        }
    }
    for one in &appended {
        let after = |other: &&Append| one.send.before(other.send) && other.offset <= one.offset;
        if let Some(other) = appended.iter().find(after) {
            let text = format!(
                "key {key}: offset {} was given out after offset {} had been",
                other.offset, one.offset
            );
            return wrong(other.operation.max(one.operation), text);
        }
    }
    for poll in &polls {
        let has = |offset: i64| poll.entries.iter().any(|entry| entry.0 == offset);
        let last = poll.entries.iter().map(|entry| entry.0).max();
        for (offset, msg) in &poll.entries {
            let sent = send_of(*msg).is_some_and(|send| {
                send.asked_at < poll.of.answered_at.unwrap_or(usize::MAX)
                    && send.outcome != OperationOutcome::Fail
            });
            if !sent || *offset < poll.from {
                let text = format!(
                    "key {key}: the poll from offset {} has message {msg} at offset {offset}, \
                     which was not sent, or not asked for",
                    poll.from
                );
                return wrong(poll.operation, text);
            }
        }
        for ((offset, msg), operation) in &known {
            let of = &run.operations[*operation];
            let due = of.before(poll.of) || last.is_some_and(|last| *offset < last);
            if due && *offset >= poll.from && !has(*offset) {
                let text = format!(
                    "key {key}: the poll from offset {} leaves out message {msg} at offset {offset}",
                    poll.from
                );
                return wrong(poll.operation, text);
            }
        }
        if !poll.entries.is_sorted() {
            let text = format!("key {key}: the entries of a poll are not in the order of offsets");
            return wrong(poll.operation, text);
        }
    }
    // A poll has seen the log up to its last entry, so all that is asked after it comes later.
    for poll in &polls {
        let last = poll.entries.iter().map(|entry| entry.0).max();
        let late = |one: &&Append| poll.of.before(one.send) && Some(one.offset) <= last;
        if let (Some(one), Some(last)) = (appended.iter().find(late), last) {
            let text = format!(
                "key {key}: offset {} was given out after a poll had seen offset {last}",
                one.offset
            );
            return wrong(one.operation.max(poll.operation), text);
        }
    }
    None
}

fn entries(value: &Value) -> Option<Vec<Entry>> {
    // A key without messages may be left out.
    let Some(list) = value.as_array() else {
        return value.is_null().then(Vec::new);
    };
    let pair = |pair: &Value| Some((pair[0].as_i64()?, pair[1].as_i64()?));
    list.iter().map(pair).collect()
}

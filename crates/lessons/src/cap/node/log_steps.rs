//! Small steps towards a log: append a message, read from an offset, and answer a request.
use super::{NodeMessage, NodeState, json};
use crate::checked_step::{CheckedStep, StepCase};

/// Checks the step of appending: the message gets the next offset of its key, from 0.
///
/// ```
/// use lambda_workbook::cap::node::step_append;
/// assert!(!step_append(|node, key, msg| {
///     node.disk.insert(format!("{key} 0"), msg);
///     0
/// })
/// .passed);
/// assert!(step_append(|node, key, msg| {
///     let next = node.disk.entry(format!("next {key}")).or_insert(0);
///     let offset = *next;
///     *next += 1;
///     node.disk.insert(format!("{key} {offset}"), msg);
///     offset
/// })
/// .passed);
/// ```
pub fn step_append(answer: fn(&mut NodeState, &str, i64) -> i64) -> CheckedStep {
    type Case = (&'static [(&'static str, i64)], &'static str, &'static str);
    let cases: [Case; 3] = [
        (&[("a", 7)], "one message", "offsets begin at 0"),
        (
            &[("a", 7), ("a", 8), ("a", 9)],
            "three messages of one key",
            "each message has an offset of its own, one more than the last",
        ),
        (
            &[("a", 7), ("b", 8), ("a", 9), ("b", 5)],
            "two keys in turn",
            "each key is a log of its own",
        ),
    ];
    let cases = cases.into_iter().map(|(messages, about, why)| {
        let (mut theirs, mut ours) = (NodeState::new("n1", ["n1"]), NodeState::new("n1", ["n1"]));
        let (mut expected, mut actual) = (String::new(), String::new());
        for (key, msg) in messages {
            let of = |offset: i64| format!("{key} {offset} ");
            expected += &of(append_to(&mut ours, key, *msg));
            actual += &of(answer(&mut theirs, key, *msg));
            // A restart in between: what counts is on the disk.
            theirs.crash();
        }
        StepCase {
            about: format!("{about}, with a crash after each: keys and offsets"),
            why,
            expected,
            actual,
        }
    });
    CheckedStep::of("append", cases)
}

/// Checks the step of reading: all messages of a key from an offset on, as (offset, message).
/// The first argument is the function of the step before, with which the log is filled.
///
/// ```
/// use lambda_workbook::cap::node::{NodeState, step_read_from};
/// fn append(node: &mut NodeState, key: &str, msg: i64) -> i64 {
///     let offset = node.disk.keys().filter(|name| name.starts_with(key)).count() as i64;
///     node.disk.insert(format!("{key} {offset}"), msg);
///     offset
/// }
/// fn read_from(node: &NodeState, key: &str, from: i64) -> Vec<(i64, i64)> {
///     let entry = |offset| Some((offset, *node.disk.get(&format!("{key} {offset}"))?));
///     (from..).map_while(entry).collect()
/// }
/// assert!(step_read_from(append, read_from).passed);
/// ```
pub fn step_read_from(
    append: fn(&mut NodeState, &str, i64) -> i64,
    answer: fn(&NodeState, &str, i64) -> Vec<(i64, i64)>,
) -> CheckedStep {
    let cases = [
        (
            "a",
            0,
            12,
            "the log of a from offset 0",
            "all messages, in the order of offsets",
        ),
        (
            "a",
            10,
            12,
            "the log of a from offset 10",
            "reading begins at the offset, not after it",
        ),
        (
            "b",
            0,
            12,
            "the log of b, in which nothing was written",
            "a key without messages is empty",
        ),
        (
            "a",
            12,
            12,
            "the log of a from its end",
            "there is nothing yet",
        ),
    ];
    let cases = cases.into_iter().map(|(key, from, messages, about, why)| {
        let mut node = NodeState::new("n1", ["n1"]);
        for msg in 0..messages {
            append(&mut node, "a", 100 + msg);
        }
        let expected: Vec<(i64, i64)> = match key {
            "a" => (from..messages)
                .map(|offset| (offset, 100 + offset))
                .collect(),
            _ => Vec::new(),
        };
        StepCase {
            about: format!("{about}, after {messages} messages of a"),
            why,
            expected: format!("{expected:?}"),
            actual: format!("{:?}", answer(&node, key, from)),
        }
    });
    CheckedStep::of("read from an offset", cases)
}

/// Checks the step of answering: what a client is told after `send` and after `poll`, as the type
/// and the fields of the answer. The step does not ask which node sends it.
///
/// ```
/// use lambda_workbook::cap::node::{append_to, json, read_log, step_answer_to};
/// assert!(!step_answer_to(|_, _| ("send_ok", json!({ "offset": 0 }))).passed);
/// assert!(step_answer_to(|node, request| match request.kind() {
///     "send" => {
///         assert!(request.number("msg_id") > 0); // by which a request is known again
///         let offset = append_to(node, request.text("key"), request.number("msg"));
///         ("send_ok", json!({ "offset": offset }))
///     }
///     _ => {
///         let mut msgs = json!({});
///         for (key, from) in request.numbers("offsets") {
///             msgs[&key] = json!(read_log(node, &key, from));
///         }
///         ("poll_ok", json!({ "msgs": msgs }))
///     }
/// })
/// .passed);
/// ```
pub fn step_answer_to(
    answer: fn(&mut NodeState, &NodeMessage) -> (&'static str, serde_json::Value),
) -> CheckedStep {
    let send = |key: &str, msg: i64| json!({ "type": "send", "key": key, "msg": msg });
    let poll = |offsets: serde_json::Value| json!({ "type": "poll", "offsets": offsets });
    let cases = [
        (
            vec![send("a", 7)],
            "send 7 to a",
            "offsets begin at 0",
            ("send_ok", json!({ "offset": 0 })),
        ),
        (
            vec![send("a", 7), send("b", 5), send("a", 8)],
            "send 7 to a, 5 to b, and 8 to a",
            "each key is a log of its own",
            ("send_ok", json!({ "offset": 1 })),
        ),
        (
            vec![send("a", 7), send("a", 8), poll(json!({ "a": 0 }))],
            "send 7 and 8 to a, then poll a from 0",
            "the answer has pairs of offset and message, by key",
            ("poll_ok", json!({ "msgs": { "a": [[0, 7], [1, 8]] } })),
        ),
        (
            vec![
                send("a", 7),
                send("a", 8),
                send("b", 5),
                poll(json!({ "a": 1, "b": 0 })),
            ],
            "send 7 and 8 to a and 5 to b, then poll a from 1 and b from 0",
            "each key is read from its own offset",
            (
                "poll_ok",
                json!({ "msgs": { "a": [[1, 8]], "b": [[0, 5]] } }),
            ),
        ),
    ];
    let cases = cases.into_iter().map(|(requests, about, why, expected)| {
        let mut node = NodeState::new("n1", ["n1"]);
        let mut last = ("", json!({}));
        for (number, mut body) in (1..).zip(requests) {
            body["msg_id"] = json!(number);
            let request = NodeMessage {
                src: "c1".to_owned(),
                dest: "n1".to_owned(),
                body,
            };
            last = answer(&mut node, &request);
        }
        let shown = |(kind, fields): (&str, serde_json::Value)| format!("{kind} {fields}");
        StepCase {
            about: about.to_owned(),
            why,
            expected: shown(expected),
            actual: shown(last),
        }
    });
    CheckedStep::of("answer a request", cases)
}

/// Appends a message to the log of a key, and returns its offset: our answer to
/// [`step_append`].
///
/// ```
/// use lambda_workbook::cap::node::{NodeState, append_to, read_log};
/// let mut node = NodeState::new("n1", ["n1"]);
/// assert_eq!((append_to(&mut node, "a", 7), append_to(&mut node, "a", 8)), (0, 1));
/// assert_eq!(read_log(&node, "a", 1), [(1, 8)]);
/// ```
pub fn append_to(node: &mut NodeState, key: &str, msg: i64) -> i64 {
    let next = node.disk.entry(format!("next {key}")).or_insert(0);
    let offset = *next;
    *next += 1;
    node.disk.insert(format!("{key} {offset}"), msg);
    offset
}

/// Returns the messages of a key from an offset on, as (offset, message): our answer to
/// [`step_read_from`].
pub fn read_log(node: &NodeState, key: &str, from: i64) -> Vec<(i64, i64)> {
    let entry = |offset| Some((offset, *node.disk.get(&format!("{key} {offset}"))?));
    (from..).map_while(entry).collect()
}

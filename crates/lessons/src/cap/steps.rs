//! Small steps of chapters 7 and 7c, each a line with its own check.
use super::quorum_model::{Event, Op, QuorumStore};
use crate::checked_step::{CheckedStep, StepCase};

/// Checks the step towards exercise 7.1: which of two copies of one replica's count is kept.
///
/// ```
/// use lambda_workbook::cap::steps;
/// assert!(!steps::newer(|mine, theirs| mine + theirs).passed);
/// assert!(!steps::newer(|_, theirs| theirs).passed);
/// assert!(steps::newer(|mine, theirs| mine.max(theirs)).passed);
/// ```
pub fn newer(answer: impl Fn(u64, u64) -> u64) -> CheckedStep {
    let cases = [
        (
            7,
            7,
            "the same copy arrives twice",
            "7 page views are still 7",
        ),
        (
            7,
            13,
            "their copy is newer",
            "only one replica raises the count, so the larger is newer",
        ),
        (
            13,
            7,
            "their copy is older, and was late",
            "an old message must change nothing",
        ),
        (
            0,
            5,
            "this replica has not heard of the other",
            "a missing count is 0",
        ),
    ];
    let case = |(mine, theirs, about, why): (u64, u64, &str, &'static str)| StepCase {
        about: format!("{about}: mine {mine}, theirs {theirs}"),
        why,
        expected: mine.max(theirs).to_string(),
        actual: answer(mine, theirs).to_string(),
    };
    CheckedStep::of("two copies of one count", cases.map(case))
}

/// Checks the second step towards exercise 7.1: whether a count is sent back to the other replica.
///
/// ```
/// use lambda_workbook::cap::steps;
/// assert!(!steps::lacks(|mine, theirs| mine >= theirs).passed);
/// assert!(steps::lacks(|mine, theirs| mine > theirs).passed);
/// ```
pub fn lacks(answer: impl Fn(u64, u64) -> bool) -> CheckedStep {
    let cases = [
        (13, 7, "mine is newer", "the other replica lacks it"),
        (7, 13, "theirs is newer", "they have it from somewhere else"),
        (7, 7, "both are equal", "what is known is not sent again"),
        (5, 0, "they have never heard of it", "a missing count is 0"),
    ];
    let case = |(mine, theirs, about, why): (u64, u64, &str, &'static str)| StepCase {
        about: format!("{about}: mine {mine}, theirs {theirs}"),
        why,
        expected: (mine > theirs).to_string(),
        actual: answer(mine, theirs).to_string(),
    };
    CheckedStep::of("what they lack", cases.map(case))
}

/// Checks the step towards exercise 7.2: a change of one replica's pair, what it has added and
/// what it has taken away.
///
/// ```
/// use lambda_workbook::cap::steps;
/// assert!(!steps::change(|[added, taken], by| [added + by.unsigned_abs(), taken]).passed);
/// assert!(steps::change(|[added, taken], by| match by < 0 {
///     true => [added, taken + by.unsigned_abs()],
///     false => [added + by.unsigned_abs(), taken],
/// })
/// .passed);
/// ```
pub fn change(answer: impl Fn([u64; 2], i64) -> [u64; 2]) -> CheckedStep {
    let cases = [
        ([5, 0], 3, "3 are added"),
        ([5, 0], -3, "3 are taken away"),
        (
            [5, 3],
            -4,
            "more is taken away than was added: the value is negative",
        ),
        ([5, 3], 0, "nothing"),
    ];
    let case = |(pair, by, about): ([u64; 2], i64, &str)| {
        let expected = match by < 0 {
            true => [pair[0], pair[1] + by.unsigned_abs()],
            false => [pair[0] + by.unsigned_abs(), pair[1]],
        };
        StepCase {
            about: format!("{about}, to {pair:?}"),
            why: "both numbers of the pair only grow, so that of two copies the larger is newer",
            expected: format!("{expected:?}"),
            actual: format!("{:?}", answer(pair, by)),
        }
    };
    CheckedStep::of("a change of a pair", cases.map(case))
}

/// Checks the second step towards exercise 7.2: the value of a state, a pair for each replica.
///
/// ```
/// use lambda_workbook::cap::steps;
/// let sum = |state: &[[u64; 2]]| state.iter().map(|pair| pair[0] as i64 - pair[1] as i64).sum();
/// assert!(steps::value(sum).passed);
/// assert!(!steps::value(|state| state[0][0] as i64 - state[0][1] as i64).passed);
/// ```
pub fn value(answer: impl Fn(&[[u64; 2]]) -> i64) -> CheckedStep {
    let cases: [(&[[u64; 2]], &str); 3] = [
        (&[[5, 3]], "one replica"),
        (&[[5, 3], [7, 2], [0, 0]], "three replicas"),
        (&[[1, 0], [0, 4]], "one adds, another takes away more"),
    ];
    let case = |(state, about): (&[[u64; 2]], &str)| {
        let part = |at: usize| state.iter().map(|pair| pair[at] as i64).sum::<i64>();
        StepCase {
            about: format!("{about}: {state:?}"),
            why: "the value is all that was added less all that was taken away",
            expected: (part(0) - part(1)).to_string(),
            actual: answer(state).to_string(),
        }
    };
    CheckedStep::of("the value of pairs", cases.map(case))
}

/// Checks the step towards exercise 7.3: a schedule in which a write of W copies is done.
///
/// ```
/// use lambda_workbook::cap::{quorum_model::Event, steps};
/// assert!(!steps::write(|_| vec![Event::Write]).passed);
/// let right = |w| {
///     let mut events = vec![Event::Write];
///     for to in 1..w {
///         events.push(Event::Deliver(0, to));
///         events.push(Event::Deliver(to, 0));
///     }
///     events
/// };
/// assert!(steps::write(right).passed);
/// ```
pub fn write(answer: impl Fn(usize) -> Vec<Event>) -> CheckedStep {
    let cases = [1, 2, 4].map(|w| {
        let store = QuorumStore::new(5, 1, w, vec![vec![Op::Write(1)]]);
        let events = answer(w);
        let actual = match store.play(&events) {
            Err(place) => format!("event {}, {:?}, is impossible", place + 1, events[place]),
            Ok(run) => {
                let done = run.iter().any(|(state, _)| state.answered.is_some());
                match done {
                    false => "the write is not done".to_owned(),
                    true => done_with(events.len()),
                }
            }
        };
        StepCase {
            about: format!("N = 5, W = {w}"),
            why: "the writer's own copy is the first of W; each other one takes a message there and one back",
            expected: done_with(2 * w - 1),
            actual,
        }
    });
    CheckedStep::of("a write of W copies", cases)
}

fn done_with(events: usize) -> String {
    let plural = if events == 1 { "" } else { "s" };
    format!("the write is done, with {events} event{plural}")
}

/// Checks when a read may answer without writing back. The closure gets the stamps of the copies that
/// the read has found, one for each of R replicas, and W.
///
/// ```
/// use lambda_workbook::cap::steps;
/// assert!(!steps::answers_at_once(|_, _| true).passed);
/// assert!(steps::answers_at_once(|stamps, w| {
///     let newest = stamps.iter().max();
///     stamps.iter().filter(|stamp| Some(*stamp) == newest).count() >= w
/// })
/// .passed);
/// ```
pub fn answers_at_once(answer: impl Fn(&[u64], usize) -> bool) -> CheckedStep {
    let cases: [(&[u64], usize, bool, &str); 5] = [
        (
            &[7, 7],
            2,
            true,
            "W replicas hold the newest copy already, so every later read meets one of them",
        ),
        (
            &[7, 0],
            2,
            false,
            "one replica has the newest copy: a later read can miss it, as in the run above",
        ),
        (
            &[7, 7, 3],
            2,
            true,
            "an older copy beside two new ones does no harm",
        ),
        (
            &[7, 3, 3],
            2,
            false,
            "two replicas hold one copy, but it is not the newest",
        ),
        (
            &[7, 7, 3],
            3,
            false,
            "the newest copy is at two replicas, and W is 3",
        ),
    ];
    let case = |(stamps, w, right, why): (&[u64], usize, bool, &'static str)| StepCase {
        about: format!("stamps {stamps:?}, W = {w}"),
        why,
        expected: right.to_string(),
        actual: answer(stamps, w).to_string(),
    };
    CheckedStep::of("a read that need not write back", cases.map(case))
}

/// Checks the cut of a batch run of the first site. The closure gets the minute at which the run
/// begins, and the minutes from and until which the sites are cut off. It returns up to which minute
/// the realtime view may drop the facts of the first site, and of the second.
///
/// ```
/// use lambda_workbook::cap::steps;
/// assert!(!steps::cut(|began, _from, _until| (began, began)).passed);
/// let right = |began, from, until| match from <= began && began < until {
///     true => (began, from),
///     false => (began, began),
/// };
/// assert!(steps::cut(right).passed);
/// ```
pub fn cut(answer: impl Fn(u64, u64, u64) -> (u64, u64)) -> CheckedStep {
    let cases = [
        (
            10,
            "before the partition",
            "the run has read the facts of both sites up to its beginning",
        ),
        (
            20,
            "in the partition",
            "of the other site the run has read nothing that came after minute 12",
        ),
        (
            27,
            "when the network is whole again",
            "the copies have exchanged their facts: minute 27 is not in the partition any more",
        ),
        (
            40,
            "after the partition",
            "it has read all facts of both sites",
        ),
    ];
    CheckedStep::of(
        "the cut of a run",
        cases.map(|(began, about, why)| {
            let hour = super::realtime::Hour {
                partition: 12..27,
                ..super::realtime::Hour::LESSON
            };
            StepCase {
                about: format!("a run of minute {began}, {about} (minutes 12 to 27)"),
                why,
                expected: format!("{:?}", (began, hour.read_of_other(began))),
                actual: format!("{:?}", answer(began, 12, 27)),
            }
        }),
    )
}

/// Checks the second step towards exercise 7.3: the replicas that a read at replica N - 1 asks, so
/// that it meets as few of the replicas 0 to W - 1 as can be. The reader's own copy counts.
///
/// ```
/// use lambda_workbook::cap::steps;
/// assert!(!steps::asks(|_, r| (0..r).collect()).passed);
/// assert!(steps::asks(|n, r| (n - r..n).collect()).passed);
/// ```
pub fn asks(answer: impl Fn(usize, usize) -> Vec<usize>) -> CheckedStep {
    let cases = [(5, 1), (5, 2), (5, 4), (3, 3)].map(|(n, r)| {
        let mut asked = answer(n, r);
        asked.sort_unstable();
        StepCase {
            about: format!("N = {n}, R = {r}"),
            why: "the write is at the replicas 0, 1, 2 and on: take the others first, and the reader is one of them",
            expected: format!("{:?}", (n - r..n).collect::<Vec<_>>()),
            actual: format!("{asked:?}"),
        }
    });
    CheckedStep::of("the replicas that a read asks", cases)
}

/// Checks the step towards exercise 7.4: whether an addition was seen, by its number and by how many
/// additions of its replica were seen.
///
/// ```
/// use lambda_workbook::cap::steps;
/// assert!(!steps::saw(|seen, number| seen == number).passed);
/// assert!(steps::saw(|seen, number| number <= seen).passed);
/// ```
pub fn saw(answer: impl Fn(u64, u64) -> bool) -> CheckedStep {
    let cases = [
        (3, 2, "3 additions were seen; is number 2 among them?"),
        (3, 3, "3 additions were seen; is number 3 among them?"),
        (3, 4, "3 additions were seen; is number 4 among them?"),
        (0, 1, "nothing was seen; is number 1?"),
    ];
    let case = |(seen, number, about): (u64, u64, &str)| StepCase {
        about: about.to_owned(),
        why: "additions of a replica are numbered from 1, and come with all that were before them",
        expected: (number <= seen).to_string(),
        actual: answer(seen, number).to_string(),
    };
    CheckedStep::of("what was seen", cases.map(case))
}

/// Checks the second step towards exercise 7.4: whether an addition that one side holds is in the
/// merged state. The other side may hold it, and may have seen it.
///
/// ```
/// use lambda_workbook::cap::steps;
/// assert!(!steps::keeps(|they_hold, _| they_hold).passed);
/// assert!(steps::keeps(|they_hold, they_saw| they_hold || !they_saw).passed);
/// ```
pub fn keeps(answer: impl Fn(bool, bool) -> bool) -> CheckedStep {
    let cases = [
        (true, true, "they hold it too", "it is in both states"),
        (
            false,
            false,
            "they do not hold it and have never seen it",
            "it is news to them",
        ),
        (
            false,
            true,
            "they do not hold it and have seen it",
            "they have removed it",
        ),
    ];
    let case = |(hold, saw, about, why): (bool, bool, &str, &'static str)| StepCase {
        about: about.to_owned(),
        why,
        expected: (hold || !saw).to_string(),
        actual: answer(hold, saw).to_string(),
    };
    CheckedStep::of("which additions stay", cases.map(case))
}

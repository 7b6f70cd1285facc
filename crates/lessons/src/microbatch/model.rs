//! The commit protocol in every interleaving: plans, commits, crashes.
//!
//! Two partitions of a topic with a few tuples each; a state partition for each. A
//! batch takes the next tuple of one of them, or of both. Commits come in any
//! order, the process may crash between any two steps, and a source that cannot
//! repeat itself may give another batch under the same id.
use super::stored::{Base, Kind, StoredValue};
use crate::interleavings;
use polars::prelude::{DataFrame, PolarsResult, df};
use stateright::{Model, Property};

const PARTITIONS: usize = 2;

/// A protocol to be checked.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    pub kind: Kind,
    /// A batch that comes again may have other tuples.
    pub redrawn: bool,
    /// Tuples of each partition: 1 to 4.
    pub tuples: u8,
    /// How often the process may crash.
    pub crashes: u8,
}

/// How often each tuple of a partition was counted.
type Counts = [u8; 4];

/// What is on the disk, and what the process knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProtocolState {
    stored: [Option<StoredValue<Counts>>; PARTITIONS],
    /// The id and the tuples of the batch that was written down last.
    plan: Option<(u64, [u8; PARTITIONS])>,
    done: u64,
    next: [u8; PARTITIONS],
    /// In memory: whether a batch runs, again, and what it has committed.
    running: Option<(bool, [bool; PARTITIONS])>,
    crashes: u8,
}

/// A step of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProtocolStep {
    /// Writes down a batch with so many tuples of each partition.
    Plan([u8; PARTITIONS]),
    /// Commits a partition of the state.
    Commit(usize),
    /// Writes down that the batch is done.
    Done,
    /// The process crashes and is restarted. A crash is an action of the model, which tries it in
    /// every state; [`lambda::faults`] plans crashes for code that runs.
    Crash,
}

/// What checking found. A counterexample ends with a tuple counted twice, or never.
pub type Checked = interleavings::Checked<ProtocolStep>;

/// A run after one of its steps, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtocolFrame {
    /// The step.
    pub step: String,
    /// What the process knows: the batch that it runs, and what it has committed.
    pub memory: String,
    /// The plan on the disk; `-` if no batch is begun.
    pub plan: String,
    /// Each partition of the state on the disk; `-` if nothing is stored.
    pub partitions: [String; 2],
    /// Whether a tuple of the partition is counted twice.
    pub wrong: [bool; 2],
    /// Whether the step was a crash.
    pub crashed: bool,
}

fn tuple_name(partition: usize, tuple: u8) -> String {
    format!("{}{}", ["a", "b"][partition], tuple + 1)
}

/// Returns the tuples that a batch takes.
fn taken(state: &ProtocolState, takes: [u8; PARTITIONS]) -> String {
    let taken = (0..PARTITIONS).filter(|&partition| takes[partition] > 0);
    let names: Vec<String> = taken
        .map(|partition| tuple_name(partition, state.next[partition]))
        .collect();
    match names.is_empty() {
        true => "nothing".to_owned(),
        false => names.join(", "),
    }
}

/// Returns what the process knows after a step.
fn memory_of(step: ProtocolStep, state: &ProtocolState) -> String {
    match (step, state.running) {
        (ProtocolStep::Crash, _) => "lost".to_owned(),
        (_, None) => "-".to_owned(),
        (_, Some((_, committed))) => {
            let done = (0..PARTITIONS).filter(|&partition| committed[partition]);
            let done: Vec<String> = done.map(|partition| partition.to_string()).collect();
            match done.is_empty() {
                true => format!("runs batch {}", state.done + 1),
                false => format!("batch {}: {} done", state.done + 1, done.join(" and ")),
            }
        }
    }
}

impl Protocol {
    /// Walks through every run.
    ///
    /// ```
    /// use lambda_workbook::microbatch::{Kind, model::Protocol};
    /// let mut protocol =
    ///     Protocol { kind: Kind::Transactional, redrawn: false, tuples: 2, crashes: 2 };
    /// assert!(protocol.check().counterexample.is_none());
    /// protocol.redrawn = true; // the source cannot repeat a batch
    /// assert!(protocol.check().counterexample.is_some());
    /// ```
    pub fn check(self) -> Checked {
        interleavings::check(self, "each once", |path| path.into_actions())
    }

    /// Returns what is in memory and on the disk after each step of a run.
    /// The tuples of the first partition are called a1, a2 and so on, those of the second b1, b2.
    ///
    /// ```
    /// use lambda_workbook::microbatch::{Kind, model::Protocol};
    /// let protocol = Protocol { kind: Kind::Transactional, redrawn: true, tuples: 1, crashes: 1 };
    /// let story = protocol.story(&protocol.check().counterexample.unwrap());
    /// assert_eq!(story[0].step, "plan batch 1: a1, b1");
    /// assert!(story.last().unwrap().wrong.contains(&true));
    /// ```
    pub fn story(self, run: &[ProtocolStep]) -> Vec<ProtocolFrame> {
        let mut state = self.init_states().remove(0);
        let mut frames = Vec::new();
        for &step in run {
            let before = state.clone();
            state = self.next_state(&before, step).unwrap_or(before.clone());
            frames.push(ProtocolFrame {
                step: self.words_of(step, &before, &state),
                memory: memory_of(step, &state),
                plan: match state.plan {
                    Some((batch, takes)) if batch > state.done => {
                        format!("batch {batch}: {}", taken(&state, takes))
                    }
                    _ => "-".to_owned(),
                },
                partitions: [0, 1].map(|partition| self.stored_words(&state, partition)),
                wrong: [0, 1].map(|partition| self.is_doubled(&state, partition)),
                crashed: step == ProtocolStep::Crash,
            });
        }
        frames
    }

    /// Returns a step in words.
    fn words_of(self, step: ProtocolStep, before: &ProtocolState, after: &ProtocolState) -> String {
        match step {
            ProtocolStep::Plan(takes) => {
                let batch = before.done + 1;
                let is_again = before.plan.is_some_and(|(begun, _)| begun == batch);
                let again = if is_again { " again" } else { "" };
                format!("plan batch {batch}{again}: {}", taken(before, takes))
            }
            ProtocolStep::Commit(partition) => format!("commit partition {partition}"),
            ProtocolStep::Done => format!("batch {} is done", after.done),
            ProtocolStep::Crash => "crash".to_owned(),
        }
    }

    /// Returns how often each tuple of a partition is counted, and the batch that is stored with it.
    fn stored_words(self, state: &ProtocolState, partition: usize) -> String {
        let Some(stored) = &state.stored[partition] else {
            return "-".to_owned();
        };
        let counts = stored.value.unwrap_or_default();
        let counted = (0..self.tuples).filter(|&tuple| counts[tuple as usize] > 0);
        let counted: Vec<String> = counted
            .map(|tuple| {
                format!(
                    "{}: {}",
                    tuple_name(partition, tuple),
                    counts[tuple as usize]
                )
            })
            .collect();
        let counted = match counted.is_empty() {
            true => "nothing".to_owned(),
            false => counted.join(", "),
        };
        match self.kind {
            Kind::NonTransactional => counted,
            _ => format!("{counted} (batch {})", stored.batch),
        }
    }

    /// Returns whether a tuple of a partition is counted twice.
    fn is_doubled(self, state: &ProtocolState, partition: usize) -> bool {
        let stored = state.stored[partition].as_ref();
        let counts = stored.and_then(|stored| stored.value).unwrap_or_default();
        counts.iter().any(|count| *count > 1)
    }

    /// Returns the disk of [`story`](Self::story) as a table: the `step`, the `plan`, and both
    /// partitions of the state.
    ///
    /// # Errors
    /// If polars refuses the table.
    pub fn frames(self, run: &[ProtocolStep]) -> PolarsResult<DataFrame> {
        let story = self.story(run);
        let column = |of: &dyn Fn(&ProtocolFrame) -> String| -> Vec<String> {
            story.iter().map(of).collect()
        };
        df!(
            "step" => column(&|frame| frame.step.clone()),
            "plan" => column(&|frame| frame.plan.clone()),
            "partition 0" => column(&|frame| frame.partitions[0].clone()),
            "partition 1" => column(&|frame| frame.partitions[1].clone()),
        )
    }

    fn commit(self, state: &mut ProtocolState, partition: usize, again: bool) {
        let Some((batch, takes)) = state.plan else {
            return;
        };
        let (stored, take) = (&mut state.stored[partition], takes[partition]);
        let touched = stored.as_ref().is_some_and(|stored| stored.batch == batch);
        if take == 0 {
            // What the batch did when it had other tuples is undone.
            if self.kind == Kind::Opaque && again && touched {
                let stored = stored.as_mut().expect("it was touched");
                stored.value = stored.previous;
            }
            return;
        }
        if let Base::Apply(base) = self.kind.base(stored.clone(), batch) {
            let mut counts = base.unwrap_or_default();
            counts[state.next[partition] as usize] += 1;
            *stored = Some(StoredValue {
                batch,
                value: Some(counts),
                previous: base,
            });
        }
    }
}

impl Model for Protocol {
    type State = ProtocolState;
    type Action = ProtocolStep;

    fn init_states(&self) -> Vec<ProtocolState> {
        vec![ProtocolState {
            stored: [const { None }; PARTITIONS],
            plan: None,
            done: 0,
            next: [0; PARTITIONS],
            running: None,
            crashes: 0,
        }]
    }

    fn actions(&self, state: &ProtocolState, actions: &mut Vec<ProtocolStep>) {
        match state.running {
            None => {
                let begun = state.plan.filter(|(batch, _)| *batch == state.done + 1);
                let left = |partition: usize| u8::from(state.next[partition] < self.tuples);
                match begun {
                    Some((_, takes)) if !self.redrawn => actions.push(ProtocolStep::Plan(takes)),
                    _ => {
                        for (a, b) in [(1, 1), (1, 0), (0, 1), (0, 0)] {
                            let some = a + b > 0 || begun.is_some();
                            if a <= left(0) && b <= left(1) && some {
                                actions.push(ProtocolStep::Plan([a, b]));
                            }
                        }
                    }
                }
            }
            Some((_, committed)) => {
                let open = (0..PARTITIONS).filter(|partition| !committed[*partition]);
                actions.extend(open.map(ProtocolStep::Commit));
                if committed == [true; PARTITIONS] {
                    actions.push(ProtocolStep::Done);
                }
                if state.crashes < self.crashes {
                    actions.push(ProtocolStep::Crash);
                }
            }
        }
    }

    fn next_state(&self, last: &ProtocolState, action: ProtocolStep) -> Option<ProtocolState> {
        let mut state = last.clone();
        match action {
            ProtocolStep::Plan(takes) => {
                let batch = state.done + 1;
                let again = state.plan.is_some_and(|(begun, _)| begun == batch);
                state.plan = Some((batch, takes));
                state.running = Some((again, [false; PARTITIONS]));
            }
            ProtocolStep::Commit(partition) => {
                let (again, mut committed) = state.running?;
                self.commit(&mut state, partition, again);
                committed[partition] = true;
                state.running = Some((again, committed));
            }
            ProtocolStep::Done => {
                let (batch, takes) = state.plan?;
                state.done = batch;
                for (next, take) in state.next.iter_mut().zip(takes) {
                    *next += take;
                }
                state.running = None;
            }
            ProtocolStep::Crash => {
                state.running = None;
                state.crashes += 1;
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("each once", |protocol: &Protocol, state: &ProtocolState| {
                let finished = state.running.is_none()
                    && state.plan.is_none_or(|(batch, _)| batch == state.done);
                let right = |partition: usize| {
                    let stored = state.stored[partition].as_ref();
                    let counts = stored.and_then(|stored| stored.value).unwrap_or_default();
                    (0..protocol.tuples).all(|tuple| {
                        counts[tuple as usize] == u8::from(tuple < state.next[partition])
                    })
                };
                !finished || (0..PARTITIONS).all(right)
            }),
            Property::sometimes(
                "all are counted",
                |protocol: &Protocol, state: &ProtocolState| {
                    state.running.is_none() && state.next == [protocol.tuples; PARTITIONS]
                },
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, redrawn: bool) -> Checked {
        Protocol {
            kind,
            redrawn,
            tuples: 2,
            crashes: 2,
        }
        .check()
    }

    /// What breaks one tuple a partition, with one crash.
    fn smallest(kind: Kind, redrawn: bool) -> Vec<ProtocolStep> {
        let protocol = Protocol {
            kind,
            redrawn,
            tuples: 1,
            crashes: 1,
        };
        protocol.check().counterexample.unwrap()
    }

    #[test]
    fn same_batches_count_once_in_transactional_and_opaque_states() {
        let [transactional, opaque] =
            [Kind::Transactional, Kind::Opaque].map(|kind| check(kind, false));
        assert_eq!(
            (transactional.counterexample, opaque.counterexample),
            (None, None)
        );
        assert_eq!([transactional.states, opaque.states], [875, 875]);
    }

    #[test]
    fn other_batches_under_one_id_count_once_in_opaque_states_only() {
        let opaque = check(Kind::Opaque, true);
        assert_eq!((opaque.counterexample, opaque.states), (None, 5_082));
        let run = smallest(Kind::Transactional, true);
        assert_breaks_by_one_crash(&run);
    }

    /// A commit, a crash, and the same batch again.
    fn assert_breaks_by_one_crash(run: &[ProtocolStep]) {
        let crashes = run
            .iter()
            .filter(|action| **action == ProtocolStep::Crash)
            .count();
        let crash = run
            .iter()
            .position(|action| *action == ProtocolStep::Crash)
            .unwrap();
        let committed = run[..crash]
            .iter()
            .any(|action| matches!(action, ProtocolStep::Commit(_)));
        assert!(
            crashes == 1 && committed && run.last() == Some(&ProtocolStep::Done),
            "{run:?}"
        );
    }

    #[test]
    fn a_state_without_ids_counts_twice_after_one_crash() {
        let run = smallest(Kind::NonTransactional, false);
        assert_breaks_by_one_crash(&run);
    }

    /// Rule: the last frame of a counterexample shows the tuple that is counted twice or never.
    #[test]
    fn the_frames_of_a_run_end_with_what_is_wrong() {
        let protocol = Protocol {
            kind: Kind::Transactional,
            redrawn: true,
            tuples: 1,
            crashes: 1,
        };
        let run = smallest(Kind::Transactional, true);
        let frames = protocol.frames(&run).unwrap();
        assert_eq!(frames.height(), run.len());
        let last = |column: &str| {
            let column = frames.column(column).unwrap().str().unwrap();
            column.get(frames.height() - 1).unwrap().to_owned()
        };
        let ends = [last("partition 0"), last("partition 1")];
        let wrong = |end: &String| end.contains(": 2") || end == "-";
        assert!(ends.iter().any(wrong), "{ends:?}");
    }
}

//! Runs of the model, drawn.
use super::quorum_model::{Op, QuorumMessage, QuorumState, QuorumStep, QuorumStore};
use notebook::plot::{Messages, messages};
use std::collections::BTreeMap;

type Run = [(QuorumState, Option<QuorumStep>)];

impl QuorumStore {
    /// Draws a run as a message diagram. If its answers are not linearizable, the last one is marked
    /// as wrong. The model loses no message: what has not arrived when the run ends is under way.
    /// Messages for which no request waits any more are left out.
    pub fn diagram(&self, title: &str, run: &Run) -> Messages {
        let names = (0..self.replicas).map(|n| match self.clients.get(n) {
            Some(_) => format!("replica {n} (client {n})"),
            None => format!("replica {n}"),
        });
        let mut diagram = messages(title, names);
        let mut sent: BTreeMap<QuorumMessage, usize> = BTreeMap::new();
        // The step of the last answer.
        let answered = |state: &(QuorumState, Option<QuorumStep>)| state.0.answered.is_some();
        let is_wrong = run
            .last()
            .is_some_and(|(state, _)| !state.is_linearizable());
        let last_answer = { run.iter().skip(1).rposition(answered) }.filter(|_| is_wrong);
        for (step, pair) in run.windows(2).enumerate() {
            let ((before, action), (after, _)) = (&pair[0], &pair[1]);
            if let Some(QuorumStep::Arrive(message)) = action {
                let (from, to) = message.way();
                let began = sent.remove(message).unwrap_or(step);
                diagram = diagram.message(from, to, began, Some(step), message.label());
            }
            for message in after.wire.difference(&before.wire) {
                sent.insert(*message, step);
            }
            let mut words = Vec::new();
            if let Some(QuorumStep::Ask(client, op)) = action {
                words.push((
                    *client,
                    match op {
                        Op::Write(value) => format!("write {value}"),
                        Op::Read => "read".to_owned(),
                    },
                ));
            }
            if let Some((client, read)) = after.answered {
                let told = read.map_or("ok".to_owned(), |value| value.to_string());
                match words.last_mut() {
                    Some((asker, word)) if *asker == client => *word = format!("{word}: {told}"),
                    _ => words.push((
                        client,
                        match read {
                            Some(value) => format!("read: {value}"),
                            None => "write: ok".to_owned(),
                        },
                    )),
                }
            }
            if let Some(QuorumStep::LoseDisk(replica)) = action {
                diagram = diagram.fault(*replica, step, "disk lost");
            }
            for (replica, text) in words {
                let wrong = Some(step) == last_answer
                    && after.answered.is_some_and(|(client, _)| client == replica);
                diagram = if wrong {
                    diagram.bad(replica, step, text)
                } else {
                    diagram.note(replica, step, text)
                };
            }
        }
        let end = run.last().map(|(state, _)| &state.wire);
        let left = |message: &QuorumMessage| end.is_some_and(|wire| wire.contains(message));
        for (message, began) in sent.iter().filter(|(message, _)| left(message)) {
            let (from, to) = message.way();
            diagram = diagram.pending(from, to, *began, message.label());
        }
        diagram
    }
}

#[cfg(test)]
mod tests {
    use crate::cap::quorum_model::{Event, Op, QuorumStore};
    use notebook::plot::Messages;
    use show::Render;
    use show::picture::assert_sound;

    fn text(diagram: &Messages) -> String {
        let shown = diagram.figure().render();
        shown.get("text/plain").unwrap_or_default().to_owned()
    }

    #[test]
    fn a_counterexample_is_drawn_and_stepped_through() {
        let clients = vec![vec![Op::Write(1)], vec![], vec![Op::Read]];
        let store = QuorumStore::new(3, 1, 2, clients);
        let run = store.check().counterexample.unwrap();
        let diagram = store.diagram("R + W = N", &run);
        assert_sound(&diagram.figure());
        assert!(diagram.figure().svg().contains("under way"));
        assert!(text(&diagram).contains("read: 0  <- wrong"));
        for steps in 0..=diagram.steps() {
            assert_sound(&diagram.first(steps).figure());
        }
    }

    #[test]
    fn a_run_that_is_right_has_no_wrong_answer() {
        let store = QuorumStore::new(2, 1, 1, vec![vec![], vec![Op::Read]]);
        let run = store.play(&[Event::Read]).unwrap();
        let diagram = store.diagram("nothing was written", &run);
        let text = text(&diagram);
        assert!(
            text.contains("read: 0") && !text.contains("wrong"),
            "{text}"
        );
    }
}

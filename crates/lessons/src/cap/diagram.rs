//! Runs of the model, drawn.
use super::quorum_model::{Message, Op, QuorumState, QuorumStep, QuorumStore};
use notebook::plot::{Messages, messages};
use std::collections::BTreeMap;

type Run = [(QuorumState, Option<QuorumStep>)];

impl QuorumStore {
    /// A run as a message diagram. The last answer is marked as wrong, so give it
    /// a counterexample. Writes that have not arrived by then are crossed out, and
    /// if nothing else came through where they were lost, that is a partition.
    pub fn diagram(&self, title: &str, run: &Run) -> Messages {
        let names = (0..self.replicas).map(|n| match self.clients.get(n) {
            Some(_) => format!("replica {n} (client {n})"),
            None => format!("replica {n}"),
        });
        let mut diagram = messages(title, names);
        let mut arrived: Vec<(usize, usize, usize)> = Vec::new();
        let mut sent: BTreeMap<Message, usize> = BTreeMap::new();
        let steps = run.len().saturating_sub(1);
        for (step, pair) in run.windows(2).enumerate() {
            let ((before, action), (after, _)) = (&pair[0], &pair[1]);
            if let Some(QuorumStep::Arrive(message)) = action {
                let (from, to) = message.way();
                let began = sent.remove(message).unwrap_or(step);
                arrived.push((from.max(to), from.min(to), step));
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
                let told = read.map_or("done".to_owned(), |value| format!("it is {value}"));
                match words.last_mut() {
                    Some((asker, word)) if *asker == client => *word = format!("{word}: {told}"),
                    _ => words.push((client, told)),
                }
            }
            for (replica, text) in words {
                let wrong = step + 1 == steps
                    && after.answered.is_some_and(|(client, _)| client == replica);
                diagram = if wrong {
                    diagram.bad(replica, step, text)
                } else {
                    diagram.note(replica, step, text)
                };
            }
        }
        // Answers have not been waited for; what is left of writes is cut off.
        let left = sent.iter().filter(|(message, _)| {
            matches!(message, Message::Store { .. }) && run[steps].0.wire.contains(message)
        });
        let mut cut: Option<(usize, usize)> = None;
        for (message, began) in left {
            let (from, to) = message.way();
            diagram = diagram.message(from, to, *began, None, message.label());
            let line = cut.map_or(from.max(to), |(_, line)| line.min(from.max(to)));
            cut = Some((cut.map_or(*began, |(first, _)| first.min(*began)), line));
        }
        // Messages that crossed the line while it was cut: then it was not.
        let crossed = |first: usize, line: usize| {
            let across = |(high, low, step): &(usize, usize, usize)| {
                *high >= line && *low < line && *step >= first
            };
            arrived.iter().any(across)
        };
        match cut {
            Some((first, line)) if line > 0 && !crossed(first, line) => {
                diagram.cut(first, steps.saturating_sub(1), line)
            }
            _ => diagram,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::cap::quorum_model::{Op, QuorumStore};
    use show::picture::assert_sound;

    #[test]
    fn a_counterexample_is_drawn_and_stepped_through() {
        let clients = vec![vec![Op::Write(1)], vec![], vec![Op::Read]];
        let store = QuorumStore {
            replicas: 3,
            r: 1,
            w: 2,
            write_back: false,
            clients,
        };
        let run = store.check().counterexample.unwrap();
        let diagram = store.diagram("R + W = N", &run);
        assert_sound(&diagram.figure());
        assert!(diagram.figure().svg().contains("partition"));
        for step in 0..=diagram.last_step() {
            assert_sound(&diagram.until(step).figure());
        }
    }
}

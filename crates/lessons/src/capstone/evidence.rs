//! Which events are lost or doubled: the evidence for the account.
//!
//! The log and the master data keep whole records, so there the account compares records: each
//! that is missing, and each that is there too often, has a name. A view keeps counts, and a count
//! does not say which page views it counts. So a count that is off is traced back to the records
//! that made it so: those of its page and hour that the views took since the last look at which the
//! count was right. If the count is off by as many as there are such records, each of them is
//! known to be lost or doubled. If it is off by fewer, they are the suspects.
use super::arrivals::SITES;
use super::truth::{Said, Truth};
use polars::prelude::{DataFrame, PolarsResult, df};
use std::collections::{BTreeMap, HashSet};

/// Counts of page views, or differences of them, by page and hour (epoch seconds).
pub(super) type Cells = BTreeMap<(u32, i64), i64>;

/// What is wrong with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was acknowledged, and is missing.
    Lost,
    /// It is there, or counted, more often than it should be.
    Doubled,
}

/// An event that the account names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedEvent {
    /// Where it was found: the log, the master data, or the answers.
    pub place: &'static str,
    /// The hour of the week after which it was found; `None` at the end of the week.
    pub hour: Option<i64>,
    /// What is wrong with it.
    pub fate: Fate,
    /// Whether it is known to be the one; if not, it is one of several suspects.
    pub is_sure: bool,
    /// The event, in words.
    pub event: String,
}

/// Returns a row for each event: `place`, `after hour` (null at the end of the week), `fate`,
/// `sure` and `event`.
pub(super) fn frame(events: &[NamedEvent]) -> PolarsResult<DataFrame> {
    let fate = |event: &NamedEvent| match event.fate {
        Fate::Lost => "lost",
        Fate::Doubled => "doubled",
    };
    df!(
        "place" => events.iter().map(|event| event.place).collect::<Vec<_>>(),
        "after hour" => events.iter().map(|event| event.hour).collect::<Vec<_>>(),
        "fate" => events.iter().map(fate).collect::<Vec<_>>(),
        "sure" => events.iter().map(|event| event.is_sure).collect::<Vec<_>>(),
        "event" => events.iter().map(|event| event.event.as_str()).collect::<Vec<_>>(),
    )
}

/// The counts that are off, since when they are, and the events of the worst look.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    /// By cell that is off: the offsets that the answers held when it was right for the last time.
    off_since: BTreeMap<(u32, i64), Vec<u64>>,
    /// The offsets that the answers held at the last look.
    seen: Vec<u64>,
    /// Page views off at the worst look.
    worst: i64,
    /// The events of the worst look.
    pub events: Vec<NamedEvent>,
}

impl Evidence {
    /// Takes the cells that are off at a look, and the offsets that the answers hold.
    pub fn note(
        &mut self,
        truth: &Truth,
        logs: &[Vec<u32>; SITES as usize],
        hour: i64,
        off: Cells,
        seen: &[u64],
    ) {
        let before = std::mem::replace(&mut self.seen, seen.to_vec());
        self.off_since.retain(|cell, _| off.contains_key(cell));
        for cell in off.keys() {
            let since = self.off_since.entry(*cell);
            since.or_insert_with(|| before.clone());
        }
        let all: i64 = off.values().map(|n| n.abs()).sum();
        if all <= self.worst {
            return;
        }
        self.worst = all;
        self.events = off
            .into_iter()
            .flat_map(|(cell, apart)| self.suspects(truth, logs, hour, cell, apart))
            .collect();
    }

    /// The events that can have made a cell wrong by `apart` page views.
    fn suspects(
        &self,
        truth: &Truth,
        logs: &[Vec<u32>; SITES as usize],
        hour: i64,
        cell: (u32, i64),
        apart: i64,
    ) -> Vec<NamedEvent> {
        let since = &self.off_since[&cell];
        let in_cell = |line: u32| match truth.said[line as usize] {
            Said::View { page, secs, .. } => (page, secs - secs.rem_euclid(3_600)) == cell,
            _ => false,
        };
        // The records of the cell that were taken since it was right; and which of them are copies.
        let (mut firsts, mut copies) = (Vec::new(), Vec::new());
        for (site, log) in logs.iter().enumerate() {
            let from = since.get(site).copied().unwrap_or(0) as usize;
            let to = self.seen.get(site).copied().unwrap_or(0) as usize;
            let mut came: HashSet<u32> = HashSet::new();
            for (offset, &line) in log[..to.min(log.len())].iter().enumerate() {
                let again = in_cell(line) && !came.insert(line);
                if offset >= from && in_cell(line) {
                    if again {
                        copies.push(line)
                    } else {
                        firsts.push(line)
                    };
                }
            }
        }
        let (fate, lines) = match apart {
            1.. => (Fate::Lost, firsts),
            // A copy that was not dropped is the simplest reason for a count too many.
            _ if !copies.is_empty() => (Fate::Doubled, copies),
            _ => (Fate::Doubled, firsts),
        };
        let is_sure = lines.len() as i64 == apart.abs();
        let named = |line: u32| NamedEvent {
            place: "answers",
            hour: Some(hour),
            fate,
            is_sure,
            event: truth.describe(line),
        };
        lines.into_iter().map(named).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda::datum::PersonId;

    /// A page with three page views in one hour, and a log that has the first one twice.
    fn scene() -> (Truth, [Vec<u32>; SITES as usize]) {
        let person = PersonId::UserId(7);
        let mut truth = Truth::new(vec![person.clone()], vec!["mysite.com/".to_owned()]);
        let lines = [60, 70, 80].map(|secs| {
            let page = truth.page("mysite.com/");
            let person = truth.person(&person);
            truth.line(secs.to_string(), Said::View { page, secs, person })
        });
        (
            truth,
            [vec![lines[0], lines[1], lines[0], lines[2]], vec![]],
        )
    }

    /// Rule: a count that lacks as many as were taken since it was right names each of them.
    #[test]
    fn what_is_lost_since_the_last_right_look_is_named() {
        let (truth, logs) = scene();
        let mut evidence = Evidence::default();
        evidence.note(&truth, &logs, 1, Cells::new(), &[1, 0]);
        evidence.note(&truth, &logs, 2, Cells::from([((0, 0), 1)]), &[3, 0]);
        let [event] = &evidence.events[..] else {
            panic!("{:?}", evidence.events)
        };
        assert_eq!((event.fate, event.is_sure), (Fate::Lost, true));
        assert_eq!(
            event.event,
            "mysite.com/ by user 7, Thu 01 Jan 00:01:10 UTC"
        );
    }

    /// Rule: where more records can be the reason than the count is off by, none is sure.
    #[test]
    fn suspects_are_not_called_lost() {
        let (truth, logs) = scene();
        let mut evidence = Evidence::default();
        evidence.note(&truth, &logs, 2, Cells::from([((0, 0), 1)]), &[4, 0]);
        assert_eq!(evidence.events.len(), 3);
        assert!(evidence.events.iter().all(|event| !event.is_sure));
    }

    /// Rule: a count too many is a copy, if one was taken.
    #[test]
    fn a_copy_that_was_not_dropped_is_named() {
        let (truth, logs) = scene();
        let mut evidence = Evidence::default();
        evidence.note(&truth, &logs, 2, Cells::from([((0, 0), -1)]), &[4, 0]);
        let [event] = &evidence.events[..] else {
            panic!("{:?}", evidence.events)
        };
        assert_eq!((event.fate, event.is_sure), (Fate::Doubled, true));
        assert!(event.event.contains("00:01:00"));
    }
}

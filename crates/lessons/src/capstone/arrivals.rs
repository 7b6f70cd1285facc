//! The data on its way: most of it at once, some late, some twice, some cut short.
use super::error::Result;
use super::truth::{Said, Truth};
use super::week::{BEGIN, HOURS, Week};
use dataset::drawn;
use dataset::random::Random;
use lambda::datum::{DataUnit, PersonId};
use lambda::speed::{partition_of, record_key};

/// Of so many, one comes hours late: a phone that was off.
const LATE: u64 = 60;
/// Of so many, one is sent again: the client did not hear that it was taken.
const AGAIN: u64 = 50;
/// Of so many, one comes cut short first: the line broke.
const BROKEN: u64 = 400;
/// Of so many, one is sent again to the other site: the client's own did not answer in time.
const ELSEWHERE: u64 = 150;

/// The sites, and the partitions of the log, which are theirs.
pub const SITES: u32 = 2;

/// A line that comes to a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentLine {
    /// Epoch seconds.
    pub at: i64,
    pub site: u32,
    /// The line's number in the truth.
    pub line: u32,
}

/// Everything that comes in both weeks, in the order in which it comes, and what it
/// says.
pub fn arrivals(week: &Week) -> Result<(Truth, Vec<SentLine>)> {
    let drawn = drawn(&week.spec()?, week.views)?;
    let mut persons: Vec<PersonId> = Vec::new();
    for datum in drawn.iter().map(|drawn| &drawn.datum) {
        match &datum.dataunit {
            DataUnit::PageView(view) => persons.push(view.person.clone()),
            DataUnit::Equiv(equiv) => persons.extend([equiv.id1.clone(), equiv.id2.clone()]),
            _ => {}
        }
    }
    let pages = drawn.iter().filter_map(|drawn| drawn.page.clone());
    let mut truth = Truth::new(persons, pages.collect());
    let mut random = Random::new(&[week.seed, 0xA881]);
    let mut elsewhere = Random::new(&[week.seed, 0xE15E]);
    let mut found = Vec::with_capacity(drawn.len());
    let last = BEGIN + HOURS * 3_600 - 1;
    for drawn in &drawn {
        let datum = &drawn.datum;
        let secs = datum.pedigree.true_as_of_secs;
        let said = match (&datum.dataunit, &drawn.page) {
            (DataUnit::PageView(view), Some(page)) => Said::View {
                page: truth.page(page),
                secs,
                person: truth.person(&view.person),
            },
            (DataUnit::Equiv(equiv), _) => {
                Said::Equiv(truth.person(&equiv.id1), truth.person(&equiv.id2))
            }
            _ => Said::Property,
        };
        let site = partition_of(&record_key(&datum.dataunit), SITES);
        let text = serde_json::to_string(datum).expect("a datum is JSON");
        let mut at = secs + random.below(20) as i64;
        if random.one_in(LATE) {
            at += 7_200 + random.below(28 * 3_600) as i64;
        }
        let mut come_to = |site: u32, at: i64, line: u32| {
            let at = at.min(last);
            found.push(SentLine { at, site, line });
        };
        let mut come = |at: i64, line: u32| come_to(site, at, line);
        if random.one_in(BROKEN) {
            let part = text.len() * 3 / 4;
            come(at, truth.line(text[..part].to_owned(), Said::Broken));
        }
        let line = truth.line(text, said);
        come(at, line);
        if random.one_in(AGAIN) {
            come(at + 1 + random.below(7_200) as i64, line);
        }
        // A site drops the copies of its own log. This one is in the log of the other site.
        if elsewhere.one_in(ELSEWHERE) {
            let later = at + 1 + elsewhere.below(7_200) as i64;
            come_to((site + 1) % SITES, later, line);
        }
    }
    found.sort_by_key(|arrival| arrival.at);
    Ok((truth, found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn some_come_late_some_twice_and_some_cut_short() {
        let week = Week::drawn(3, 4_000);
        let (truth, arrivals) = arrivals(&week).unwrap();
        assert!(arrivals.is_sorted_by_key(|arrival| arrival.at));
        let mut times: HashMap<u32, u64> = HashMap::new();
        for arrival in &arrivals {
            *times.entry(arrival.line).or_default() += 1;
        }
        assert_eq!(times.len(), truth.lines.len(), "every line comes");
        let mut places: HashMap<u32, [bool; 2]> = HashMap::new();
        for arrival in &arrivals {
            places.entry(arrival.line).or_default()[arrival.site as usize] = true;
        }
        let both = places.values().filter(|sites| **sites == [true; 2]).count();
        assert!(both > 10, "{both} lines come to both sites");
        assert!(times.values().filter(|times| **times > 1).count() > 50);
        let views = |said: &&Said| matches!(said, Said::View { .. });
        assert_eq!(truth.said.iter().filter(views).count(), 4_000);
        assert!(truth.said.contains(&Said::Broken));
        let late = |arrival: &&SentLine| match truth.said[arrival.line as usize] {
            Said::View { secs, .. } => arrival.at - secs > 3_600,
            _ => false,
        };
        assert!(arrivals.iter().filter(late).count() > 30);
    }
}

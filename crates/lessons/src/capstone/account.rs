//! The account: lost, doubled, read from the log, the master data and the views.
//!
//! Records are compared by identity: a record of the log beside each acknowledged line, a record of
//! the master data beside each of the log. Counts of views are compared cell by cell, and traced
//! back to events ([`evidence`](super::evidence)). No line is a difference of two sums.
use super::arrivals::SITES;
use super::deployment::Code;
use super::evidence::{Cells, Evidence, Fate, NamedEvent, frame};
use super::reading::{History, Reading};
use super::truth::{Said, Truth};
use lambda::speed::event::{Fact, read};
use notebook::table::{Grid, Head, TableCell, counted, grouped};
use notebook::{Render, Rich};
use polars::prelude::{DataFrame, PolarsResult};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// An event this much older than its arrival, in seconds, is late.
const LATE: i64 = 3_600;

/// What is found while the week runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Audit {
    pub crashes: u64,
    pub batches: u64,
    /// Lines of each site's log by number, in their order.
    logs: [Vec<u32>; SITES as usize],
    /// Records in the log that nobody sent.
    foreign: u64,
    late: u64,
    views: u64,
    unreadable: u64,
    worst: (i64, i64),
    /// Steps by how their answers were.
    steps: u64,
    refused: u64,
    wrong_by_bug: u64,
    unexplained: u64,
    sites_apart: u64,
    twice: u64,
    evidence: Evidence,
    /// Page views that the last answer lacks, and that it counts too often, beside the truth.
    pub closing: (i64, i64),
}

impl Audit {
    /// Takes the cells in which an answer is not what the layers claim to hold.
    pub fn note_off(&mut self, truth: &Truth, hour: i64, off: Cells, seen: &[u64]) {
        self.evidence.note(truth, &self.logs, hour, off, seen);
    }

    pub fn log(&self, site: u32) -> &[u32] {
        &self.logs[site as usize]
    }

    /// Takes what a site's log holds beyond what was read before.
    pub fn read(&mut self, truth: &Truth, site: u32, records: &[(i64, String)]) {
        for (came, line) in records {
            match read(line.as_bytes()) {
                Ok(Fact::View(event)) => {
                    self.views += 1;
                    self.late += u64::from(came - event.secs > LATE);
                }
                Ok(_) => {}
                Err(_) => self.unreadable += 1,
            }
            match truth.number(line) {
                Some(number) => self.logs[site as usize].push(number),
                // It takes its place, so that offsets stay what they are.
                None => {
                    self.foreign += 1;
                    self.logs[site as usize].push(0);
                }
            }
        }
    }

    pub fn take(&mut self, reading: &Reading) {
        self.steps += 1;
        let Some(merged) = reading.merged else {
            self.refused += 1;
            return;
        };
        let wrong = reading.is_wrong();
        if wrong && reading.code != Code::Right {
            self.wrong_by_bug += 1;
            return;
        }
        self.unexplained += u64::from(wrong);
        self.twice = self.twice.max(reading.twice as u64);
        self.worst.0 = self.worst.0.max(reading.lost);
        self.worst.1 = self.worst.1.max(reading.doubled);
        let apart = |views: i64| reading.whole && views != merged.page_views;
        let sites = reading.sites.iter();
        self.sites_apart += u64::from(sites.map(|site| site.page_views).any(apart));
    }
}

/// Of some records: how many are missing, and how many are there too often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LostAndDoubled {
    pub lost: u64,
    pub doubled: u64,
}

/// What became of everything that was sent in the two weeks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub seed: u64,
    /// Different lines that were acknowledged.
    pub sent: u64,
    /// Records in the log: with all that came twice.
    pub accepted: u64,
    /// Of which page views.
    pub views: u64,
    /// Records in the log that repeat a page view which came before, at either site.
    pub duplicates: u64,
    /// Of which repeat a page view of the other site's log.
    pub at_both_sites: u64,
    /// Page views that an answer held twice, at worst, because copies came to both sites: until
    /// the next batch run.
    pub twice: u64,
    /// Records in the log that cannot be read.
    pub unreadable: u64,
    /// Page views that came more than an hour after they happened.
    pub late: u64,
    pub batches: u64,
    pub crashes: u64,
    /// Hours in which the sites did not reach each other.
    pub cut_hours: u64,
    pub roll_backs: u64,
    /// Looks at the answers; of them those that were refused, and those that were wrong
    /// while a batch with a bug was served.
    pub looks: u64,
    pub refused: u64,
    pub wrong_by_bug: u64,
    /// Looks that were wrong and had no reason to be.
    pub unexplained: u64,
    /// Looks at which the sites' counters said something else than the merged answer.
    pub sites_apart: u64,
    /// Acknowledged and not in the log; in the log and never sent.
    pub log: LostAndDoubled,
    /// Before the last cut, and not in the master data; there more often than it came.
    pub master: LostAndDoubled,
    /// Page views missing from an answer, or counted too often, at worst.
    pub answers: LostAndDoubled,
    /// The same of the closing answer, beside the truth.
    pub closing: LostAndDoubled,
    /// Whether the closing answers are the truth: page views, uniques, visits, bounces.
    pub closes: bool,
    /// The events that are lost or doubled: all of the log's and the master data's, and those of
    /// the worst answer with sound code.
    pub named: Vec<NamedEvent>,
}

impl Account {
    pub(super) fn of(
        history: &History,
        truth: &Truth,
        taken: &[u32],
        audit: &Audit,
        master: &[String],
    ) -> Self {
        let sent: HashSet<u32> = taken.iter().copied().collect();
        let logged: HashSet<u32> = audit.logs.iter().flatten().copied().collect();
        let mut copies: HashMap<&str, i64> = HashMap::new();
        for line in audit.logs.iter().flatten() {
            *copies.entry(&truth.lines[*line as usize]).or_default() += 1;
        }
        for line in master {
            *copies.entry(line).or_default() -= 1;
        }
        let sum = |sign: i64| copies.values().map(|n| (n * sign).max(0)).sum::<i64>() as u64;
        // Events with their names.
        let named = |place, fate| {
            move |event: String| NamedEvent {
                place,
                hour: None,
                fate,
                is_sure: true,
                event,
            }
        };
        let mut events: Vec<NamedEvent> = Vec::new();
        let mut missing: Vec<u32> = sent.difference(&logged).copied().collect();
        missing.sort_unstable();
        let missing = missing.into_iter().map(|line| truth.describe(line));
        events.extend(missing.map(named("log", Fate::Lost)));
        let mut lines: Vec<(&&str, &i64)> = copies.iter().filter(|(_, n)| **n != 0).collect();
        lines.sort_unstable();
        for (line, n) in lines {
            let event = truth.number(line).map(|line| truth.describe(line));
            let event = event.unwrap_or_else(|| format!("a record that was never sent: {line}"));
            let fate = if *n > 0 { Fate::Lost } else { Fate::Doubled };
            events.push(named("master data", fate)(event));
        }
        events.extend(audit.evidence.events.iter().cloned());
        // Copies: records that repeat one of the same log, or of the other.
        let is_view = |line: &u32| matches!(truth.said[*line as usize], Said::View { .. });
        let mut all: HashSet<u32> = HashSet::new();
        let records = audit.logs.iter().flatten().copied().filter(is_view);
        let duplicates = records.filter(|line| !all.insert(*line)).count();
        let of_site = |log: &Vec<u32>| -> HashSet<u32> { log.iter().copied().collect() };
        let sites: Vec<HashSet<u32>> = audit.logs.iter().map(of_site).collect();
        let holding = |line: &u32| sites.iter().filter(|site| site.contains(line)).count();
        let at_both_sites = all.iter().filter(|line| holding(line) > 1).count();
        let last = history.readings.last();
        let closing = last.and_then(|last| Some((last, last.merged?)));
        let closes = closing.is_some_and(|(last, _)| !last.is_wrong() && last.known == last.truth);
        // Without a closing answer every page view is missing from it.
        let (closing_lost, closing_doubled) = match closing {
            Some(_) => audit.closing,
            None => (all.len() as i64, 0),
        };
        let marks = || history.marks().map(|(_, mark)| mark);
        let step = history.week.step as u64;
        Self {
            seed: history.week.seed,
            sent: sent.len() as u64,
            accepted: audit.logs.iter().map(|log| log.len() as u64).sum(),
            views: audit.views,
            duplicates: duplicates as u64,
            at_both_sites: at_both_sites as u64,
            twice: audit.twice,
            unreadable: audit.unreadable,
            late: audit.late,
            batches: audit.batches,
            crashes: audit.crashes,
            cut_hours: step * history.readings.iter().filter(|r| !r.whole).count() as u64,
            roll_backs: marks()
                .filter(|mark| matches!(mark, super::Mark::RolledBack(_)))
                .count() as u64,
            looks: audit.steps,
            refused: audit.refused,
            wrong_by_bug: audit.wrong_by_bug,
            unexplained: audit.unexplained,
            sites_apart: audit.sites_apart,
            log: LostAndDoubled {
                lost: sent.difference(&logged).count() as u64,
                doubled: audit.foreign,
            },
            master: LostAndDoubled {
                lost: sum(1),
                doubled: sum(-1),
            },
            answers: LostAndDoubled {
                lost: audit.worst.0 as u64,
                doubled: audit.worst.1 as u64,
            },
            closing: LostAndDoubled {
                lost: closing_lost as u64,
                doubled: closing_doubled as u64,
            },
            closes,
            named: events,
        }
    }

    fn each(&self) -> [(&'static str, LostAndDoubled); 4] {
        [
            ("log", self.log),
            ("master data", self.master),
            ("answers, at worst", self.answers),
            ("closing answer", self.closing),
        ]
    }

    /// Events lost, wherever most are.
    pub fn lost(&self) -> u64 {
        let lost = self.each().map(|(_, difference)| difference.lost);
        lost.into_iter().max().unwrap_or(0)
    }

    /// Events counted or kept too often, wherever most are.
    pub fn doubled(&self) -> u64 {
        let doubled = self.each().map(|(_, difference)| difference.doubled);
        doubled.into_iter().max().unwrap_or(0)
    }

    /// Returns the events that are lost or doubled, a row for each: `place`, `after hour` (null at
    /// the end of the week), `fate`, whether the account is `sure` of it, and `event`.
    ///
    /// # Errors
    /// None that depends on the events.
    pub fn events(&self) -> PolarsResult<DataFrame> {
        frame(&self.named)
    }

    /// Nothing lost, nothing doubled, nothing without a reason, and the closing answers
    /// are the truth.
    pub fn is_clean(&self) -> bool {
        (
            self.lost(),
            self.doubled(),
            self.unexplained,
            self.sites_apart,
        ) == (0, 0, 0, 0)
            && self.closes
    }

    /// Returns the rows: a name, a value, and what the value is read from.
    fn rows(&self) -> Vec<[String; 3]> {
        let n = |number: u64| grouped(number as i64);
        let [log, master, answers, closing] = self.each().map(|(_, difference)| {
            let LostAndDoubled { lost, doubled } = difference;
            format!("lost {}, doubled {}", n(lost), n(doubled))
        });
        let cut = counted(self.cut_hours as usize, "hour", "hours");
        let closes = if self.closes { "yes" } else { "no" }.to_owned();
        let rows: [(&str, String, &str); 24] = [
            ("seed", self.seed.to_string(), "the week that was drawn"),
            // What came.
            (
                "events sent",
                n(self.sent),
                "different lines that a site acknowledged",
            ),
            (
                "records in the log",
                n(self.accepted),
                "all records of both sites, with copies",
            ),
            (
                "page views among them",
                n(self.views),
                "records that are read as page views",
            ),
            (
                "copies among these",
                n(self.duplicates),
                "page views whose identity came before, at either site",
            ),
            (
                "copies at the other site",
                n(self.at_both_sites),
                "identities that are in the logs of both sites",
            ),
            (
                "unreadable, reported",
                n(self.unreadable),
                "records that are no datum",
            ),
            (
                "page views over an hour late",
                n(self.late),
                "the site's clock beside the time in the record",
            ),
            // What happened.
            (
                "batch runs",
                n(self.batches),
                "runs whose views were published",
            ),
            (
                "batches rolled back",
                n(self.roll_backs),
                "batches taken back after they were served",
            ),
            (
                "processes killed",
                n(self.crashes),
                "processes that ended before they answered an order",
            ),
            (
                "network cut",
                cut,
                "looks at which the sites did not reach each other",
            ),
            // How the answers were.
            (
                "looks at the answers",
                n(self.looks),
                "one after each step, and one at the end",
            ),
            (
                "refused to answer",
                n(self.refused),
                "looks at which batch and realtime views did not meet",
            ),
            (
                "wrong by the bad deployment",
                n(self.wrong_by_bug),
                "answers that are not what the layers claim; bug served",
            ),
            (
                "wrong without a reason",
                n(self.unexplained),
                "answers that are not what the layers claim; code right",
            ),
            (
                "copies counted, at worst",
                n(self.twice),
                "page views that one answer held for both sites",
            ),
            (
                "sites apart, network whole",
                n(self.sites_apart),
                "looks at which a site's counter is not the merged answer",
            ),
            // What is lost and doubled.
            ("log", log, "each acknowledged line, looked for in the log"),
            (
                "master data",
                master,
                "each record of the log, looked for in the master data",
            ),
            (
                "answers, at worst",
                answers,
                "by page and hour: counts beside the claim; code right",
            ),
            (
                "closing answer",
                closing,
                "by page and hour: counts beside the truth, at the end",
            ),
            (
                "closing answers are the truth",
                closes,
                "page views, unique visitors, visits and bounces",
            ),
            (
                "in all",
                format!("lost {}, doubled {}", n(self.lost()), n(self.doubled())),
                "the largest of the four places",
            ),
        ];
        rows.map(|(name, value, from)| [name.to_owned(), value, from.to_owned()])
            .into()
    }

    fn grid(&self) -> Grid {
        let cells = |row: [String; 3]| row.map(TableCell::Value).into();
        Grid {
            caption: "Account of the week".to_owned(),
            heads: vec![
                Head::text("what"),
                Head::text("how much"),
                Head::text("read from"),
            ],
            rows: self.rows().into_iter().map(cells).collect(),
            ..Grid::default()
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.grid().to_text())
    }
}

impl Render for Account {
    fn render(&self) -> Rich {
        self.grid().render()
    }
}

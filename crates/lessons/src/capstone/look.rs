//! A look: the answers of an hour, with the truth laid beside them.
use super::arrivals::SITES;
use super::deployment::Code;
use super::error::Result;
use super::figures::Figures;
use super::order::{Answers, LinkState, NodeReply, Order};
use super::reading::Reading;
use super::run::Simulation;
use super::truth::DetailedFigures;

impl Simulation<'_> {
    /// Looks at the log and the answers, and lays the truth beside them.
    pub(super) fn look(&mut self, hour: i64, arrived: u64) -> Result<()> {
        for site in 0..SITES {
            let from = self.audit.log(site).len() as u64;
            if let NodeReply::Records(records) = self.tell(&Order::Log { site, from })? {
                self.audit.read(&self.truth, site, &records);
            }
        }
        let NodeReply::Answered {
            merged,
            sites,
            waiting,
            oldest,
        } = self.tell(&Order::Ask)?
        else {
            unreachable!("a query is answered")
        };
        let merged = merged.ok().map(|answers| *answers);
        let truth = self.true_tally();
        let known = match &merged {
            Some(answers) => self.known_tally(answers),
            None => truth.clone(),
        };
        let (mut lost, mut doubled) = (0, 0);
        if let Some(answers) = &merged {
            (lost, doubled) = difference(&known, answers);
        }
        let batch = self.codes.keys().next_back().copied().unwrap_or(0);
        let reading = Reading {
            hour,
            arrived,
            waiting,
            stale: oldest.map_or(0, |came| (self.secs - came) / 3_600),
            batch,
            code: self.codes.get(&batch).copied().unwrap_or_default(),
            truth: truth.figures,
            known: known.figures,
            serving: merged.as_ref().map_or(0, |answers| answers.serving),
            merged: merged.map(|answers| figures(&answers)),
            lost,
            doubled,
            sites,
            whole: self.link == LinkState::Whole,
            marks: std::mem::take(&mut self.marks),
        };
        if reading.is_wrong() && reading.code != Code::Right {
            self.wrong_since.get_or_insert(hour - self.week.step);
        }
        self.audit.take(&reading);
        self.history.readings.push(reading);
        Ok(())
    }

    /// By all that was acknowledged, and all that is known of who is who.
    fn true_tally(&self) -> DetailedFigures {
        let who = self.truth.who(self.taken.iter().copied());
        let lines = self.taken.iter().map(|line| (*line, true));
        self.truth.tally(lines, |_, person| who[person as usize])
    }

    /// By what the layers claim to hold: before the cut by who is who, after it by
    /// identifier.
    fn known_tally(&self, answers: &Answers) -> DetailedFigures {
        let sites = || (0..SITES).zip(answers.seen.iter().zip(&answers.cut));
        let covered = sites().flat_map(|(site, (_, cut))| &self.audit.log(site)[..*cut as usize]);
        let who = self.truth.who(covered.copied());
        let held = sites().flat_map(|(site, (seen, cut))| {
            let lines = self.audit.log(site)[..*seen as usize].iter().enumerate();
            lines.map(move |(offset, line)| (*line, (offset as u64) < *cut))
        });
        self.truth.tally(held, |covered, person| match covered {
            true => who[person as usize],
            false => person,
        })
    }
}

fn figures(answers: &Answers) -> Figures {
    let views = answers.cells.iter().flatten().map(|(_, count)| count);
    Figures {
        page_views: views.sum(),
        uniques: answers.uniques,
        visits: answers.visits,
        bounces: answers.bounces,
    }
}

/// Page views that are missing and that are too many, cell by cell: one that is lost
/// here does not make up for one that is doubled there.
fn difference(known: &DetailedFigures, answers: &Answers) -> (i64, i64) {
    let mut apart = known.cells.clone();
    for (page, cells) in (0..).zip(&answers.cells) {
        for (hour, count) in cells {
            *apart.entry((page, *hour)).or_default() -= count;
        }
    }
    let sum = |sign: i64| apart.values().map(|n| (n * sign).max(0)).sum();
    (sum(1), sum(-1))
}

//! A look: the answers of an hour, with the truth laid beside them.
use super::arrivals::SITES;
use super::deployment::Code;
use super::error::Result;
use super::evidence::Cells;
use super::figures::Figures;
use super::order::{Answers, LinkState, NodeReply, Order};
use super::reading::{LogOffsets, Reading};
use super::run::Simulation;
use super::truth::{DetailedFigures, Said};
use lambda::speed::IdentityResolution;

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
        let (known, twice) = match &merged {
            Some(answers) => self.known_tally(answers),
            None => (truth.clone(), 0),
        };
        let (mut lost, mut doubled) = (0, 0);
        if let Some(answers) = &merged {
            let off = off_cells(&known, answers);
            (lost, doubled) = sums(&off);
            self.audit.note_off(&self.truth, hour, off, &answers.seen);
            self.audit.closing = sums(&off_cells(&truth, answers));
        }
        let offsets = (0..SITES).map(|site| {
            let of = |offsets: &Vec<u64>| offsets.get(site as usize).copied();
            LogOffsets {
                end: self.audit.log(site).len() as u64,
                position: merged.as_ref().and_then(|answers| of(&answers.seen)),
                cut: merged.as_ref().and_then(|answers| of(&answers.cut)),
            }
        });
        let offsets = offsets.collect();
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
            twice,
            lost,
            doubled,
            sites,
            offsets,
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
        let lines = self.truth.once(self.taken.iter().copied());
        let lines = lines.map(|line| (line, true));
        self.truth.tally(lines, |_, person| who[person as usize])
    }

    /// By what the layers claim to hold: before the cut each event once, after it each event once
    /// for each site. Persons are those of the equivs of before the cut, on both sides of it. Only a
    /// consumer that commits its offset apart takes an identifier for a person after the cut.
    /// Returns also how many page views that counts twice, because copies came to both sites.
    fn known_tally(&self, answers: &Answers) -> (DetailedFigures, i64) {
        let sites = || (0..SITES).zip(answers.seen.iter().zip(&answers.cut));
        let covered = sites().flat_map(|(site, (_, cut))| &self.audit.log(site)[..*cut as usize]);
        let who = self.truth.who(covered.clone().copied());
        let before: Vec<u32> = self.truth.once(covered.copied()).collect();
        let mut is_held = vec![false; self.truth.said.len()];
        for line in &before {
            is_held[*line as usize] = true;
        }
        let mut held: Vec<(u32, bool)> = before.iter().map(|line| (*line, true)).collect();
        let mut twice = 0;
        for (site, (seen, cut)) in sites() {
            let log = &self.audit.log(site)[..*seen as usize];
            let mut came = vec![false; self.truth.said.len()];
            for (offset, &line) in (0..).zip(log) {
                let again = std::mem::replace(&mut came[line as usize], true);
                if again || offset < *cut {
                    continue;
                }
                let is_view = matches!(self.truth.said[line as usize], Said::View { .. });
                let is_copy = std::mem::replace(&mut is_held[line as usize], true);
                twice += i64::from(is_view && is_copy);
                held.push((line, false));
            }
        }
        let by_person = self.week.consumer.resolution() == IdentityResolution::AtCut;
        let tally = self.truth.tally(held.into_iter(), |covered, person| {
            if covered || by_person {
                who[person as usize]
            } else {
                person
            }
        });
        (tally, twice)
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

/// Returns the cells that are not right: above 0 the page views that are missing, below 0 those
/// that are too many. One that is lost here does not make up for one that is doubled there.
fn off_cells(known: &DetailedFigures, answers: &Answers) -> Cells {
    let mut apart = known.cells.clone();
    for (page, cells) in (0..).zip(&answers.cells) {
        for (hour, count) in cells {
            *apart.entry((page, *hour)).or_default() -= count;
        }
    }
    apart.retain(|_, apart| *apart != 0);
    apart
}

/// Returns how many page views are missing in some cells, and how many are too many.
fn sums(off: &Cells) -> (i64, i64) {
    let sum = |sign: i64| off.values().map(|n| (n * sign).max(0)).sum();
    (sum(1), sum(-1))
}

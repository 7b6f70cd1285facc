//! The week in memory, with one part that a reader wrote.
//!
//! The process at site 0 reads both partitions, keeps two sets of realtime views, and answers from
//! the batch that is served and one of the sets. What an answer should be is known of the log: the
//! page views before the cut of the batch once each, and those after it that the window of their
//! partition lets pass. An answer has lost page views if it has fewer than there are different ones,
//! and doubled some if it has more than the window lets pass.
use super::part::OwnPart;
use super::scene::{BatchRun, Moment, WINDOW, WeekScene};
use crate::capstone::week::{BEGIN, HOURS};
use crate::crdt::by_hand::ReplicaCounts;
use crate::microbatch::by_hand::Stored;
use crate::speed_layer::{Arrival, view_of};
use lambda::batch::bounces;
use lambda::speed::Window;
use polars::prelude::{Column, DataFrame, PolarsError, PolarsResult, df};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// How the answers of a week were.
#[derive(Clone, Debug, Default)]
pub(super) struct PartRun {
    /// Page views (or visits) that an answer lacked, and that it had too many, at worst.
    pub lost: u64,
    /// See `lost`.
    pub doubled: u64,
    /// Answers that were refused although nothing was missing.
    pub refused: u64,
    /// Counts that a site sent although the other had them.
    pub needless: u64,
    /// The first hour with a wrong answer.
    pub first: Option<i64>,
    /// Looks at the answers.
    pub looks: u64,
    /// Crashes that happened while there was something to do.
    pub crashes: u64,
    /// What happened, hour by hour, if it was asked for.
    pub told: Vec<(i64, String)>,
}

impl PartRun {
    pub fn is_clean(&self) -> bool {
        (self.lost, self.doubled, self.refused, self.needless) == (0, 0, 0, 0)
    }
}

/// The rows of a set of realtime views.
#[derive(Clone, Debug)]
enum Rows {
    Ours(BTreeMap<String, i64>),
    View(DataFrame),
    Stored(BTreeMap<String, Stored>),
}

/// A set of realtime views: since which place of the order it holds events, and its rows.
#[derive(Clone, Debug)]
struct RowSet {
    start: usize,
    rows: Rows,
}

/// A run on its way.
struct Running<'a> {
    part: OwnPart,
    scene: &'a WeekScene,
    tells: bool,
    result: PartRun,
    /// By partition: the views in the log, and whether the window lets each pass.
    logs: [Vec<usize>; 2],
    is_new: [Vec<bool>; 2],
    windows: [Window; 2],
    /// What the process at site 0 can read, in its order: partition and offset.
    order: Vec<(usize, usize)>,
    /// By partition: how many records of it are in `order`.
    visible: [usize; 2],
    /// How much of `order` is processed.
    position: usize,
    /// By place of the order: whether the dedupe window let it pass.
    passed: Vec<bool>,
    sets: [RowSet; 2],
    asked: usize,
    /// The cut of the served batch, as a place of the order.
    cut: usize,
    /// The runs that have ended, and the one that works: (began, ended, ok).
    runs: Vec<(i64, i64, bool)>,
    began: Option<usize>,
    /// The micro-batch that was begun: its number and its end.
    batch: (i64, Option<usize>),
    /// By site: the counts that it knows, and the right ones.
    known: [ReplicaCounts; 2],
    right: [[u64; 2]; 2],
}

/// Runs a scene up to an hour.
pub(super) fn run(
    part: OwnPart,
    scene: &WeekScene,
    until: i64,
    tells: bool,
) -> PolarsResult<PartRun> {
    let empty = match part {
        OwnPart::Updater(_) => Rows::View(view_of(&BTreeMap::new())?),
        OwnPart::State(_) => Rows::Stored(BTreeMap::new()),
        _ => Rows::Ours(BTreeMap::new()),
    };
    let set = RowSet {
        start: 0,
        rows: empty,
    };
    let mut running = Running {
        part,
        scene,
        tells,
        result: PartRun::default(),
        logs: Default::default(),
        is_new: Default::default(),
        windows: [Window::of(WINDOW), Window::of(WINDOW)],
        order: Vec::new(),
        visible: [0; 2],
        position: 0,
        passed: Vec::new(),
        sets: [set.clone(), set],
        asked: 0,
        cut: 0,
        runs: Vec::new(),
        began: None,
        batch: (0, None),
        known: Default::default(),
        right: [[0; 2]; 2],
    };
    let mut sent = scene.sent.iter().peekable();
    if let OwnPart::Bounces(_) = part {
        // Before the first page view comes, the table is empty.
        running.bounces(0, &[])?;
    }
    for hour in 0..until {
        for batch in &scene.runs {
            running.batch_run(batch, hour)?;
        }
        while let Some(one) = sent.next_if(|one| one.hour <= hour) {
            running.take(hour, one.site, one.view);
        }
        running.reach(hour);
        let crash = scene.crashes.iter().find(|(at, _)| *at == hour);
        let is_up = running.consume(hour, crash.map(|(_, moment)| *moment))?;
        running.meet(hour);
        if is_up {
            running.look(hour)?;
        }
    }
    Ok(running.result)
}

impl Running<'_> {
    fn tell(&mut self, hour: i64, what: impl FnOnce(&Self) -> String) {
        if self.tells {
            let what = what(self);
            self.result.told.push((hour, what));
        }
    }

    fn is_cut(&self, hour: i64) -> bool {
        self.scene
            .cut
            .as_ref()
            .is_some_and(|cut| cut.contains(&hour))
    }

    fn view(&self, (partition, offset): (usize, usize)) -> &Arrival {
        &self.scene.views[self.logs[partition][offset]]
    }

    fn wrong(&mut self, hour: i64, lost: u64, doubled: u64) {
        if lost + doubled > 0 {
            self.result.first.get_or_insert(hour);
        }
        self.result.lost = self.result.lost.max(lost);
        self.result.doubled = self.result.doubled.max(doubled);
    }

    /// A site takes a page view.
    fn take(&mut self, hour: i64, site: usize, view: usize) {
        let again = self.logs[site].contains(&view);
        let elsewhere = self.logs[1 - site].contains(&view);
        self.tell(hour, |this| {
            let Arrival {
                url, person, secs, ..
            } = &this.scene.views[view];
            let offset = this.logs[site].len();
            let how = match (again, elsewhere) {
                (true, _) => ", sent again",
                (_, true) => ", sent again to this site",
                _ => "",
            };
            let minute = (secs - BEGIN).rem_euclid(86_400) / 60;
            let time = format!("{:02}:{:02}", minute / 60, minute % 60);
            format!("{url} by {person} at {time}{how}: partition {site}, offset {offset}")
        });
        self.logs[site].push(view);
        let is_new = self.windows[site].is_new(self.scene.identities[view]);
        self.is_new[site].push(is_new);
        // The site counts it, in its own place.
        if is_new {
            *self.known[site].entry(site as u32).or_insert(0) += 1;
            self.right[site][site] += 1;
        }
    }

    /// What the process can read grows, but for the far site while the network is cut.
    fn reach(&mut self, hour: i64) {
        if let Some(cut) = &self.scene.cut {
            let (cut, heals) = (cut.start == hour, cut.end == hour);
            if cut {
                self.tell(hour, |_| "the network between the sites is cut".to_owned());
            }
            if heals {
                self.tell(hour, |_| "the network has healed".to_owned());
            }
        }
        for partition in [0, 1] {
            if partition == 1 && self.is_cut(hour) {
                continue;
            }
            let from = self.visible[partition];
            let to = self.logs[partition].len();
            self.order
                .extend((from..to).map(|offset| (partition, offset)));
            self.visible[partition] = to;
        }
    }

    /// A batch run begins or ends.
    fn batch_run(&mut self, batch: &BatchRun, hour: i64) -> PolarsResult<()> {
        let now = self.order.len();
        if batch.begins == hour {
            self.tell(hour, |_| {
                format!("a batch run begins, with {now} records in reach")
            });
            self.began = Some(now);
            // The set that is to be asked after it is cleared now.
            let (set, from) = self.expiry(now, now, true)?;
            self.clear(set, from)?;
        }
        if batch.ends == hour
            && let Some(began) = self.began.take()
        {
            let how = if batch.is_ok { "is served" } else { "fails" };
            self.tell(hour, |_| format!("the batch run {how}"));
            let (set, from) = self.expiry(began, now, batch.is_ok)?;
            self.runs.push((began as i64, now as i64, batch.is_ok));
            self.clear(set, from)?;
            self.asked = set;
            if batch.is_ok {
                self.cut = began;
                if let OwnPart::Bounces(_) = self.part {
                    let held = self.before_cut();
                    self.bounces(hour, &held)?;
                }
            }
        }
        Ok(())
    }

    /// The set that is asked after the runs so far and one more, and from where it holds events.
    fn expiry(&self, began: usize, ended: usize, is_ok: bool) -> PolarsResult<(usize, usize)> {
        let OwnPart::Expiry(sets_asked) = self.part else {
            let spare = 1 - self.asked;
            return Ok(match is_ok {
                true => (spare, began),
                false => (self.asked, self.sets[self.asked].start),
            });
        };
        let mut runs = self.runs.clone();
        runs.push((began as i64, ended as i64, is_ok));
        let runs = df!(
            "began" => runs.iter().map(|run| run.0).collect::<Vec<_>>(),
            "ended" => runs.iter().map(|run| run.1).collect::<Vec<_>>(),
            "ok" => runs.iter().map(|run| run.2).collect::<Vec<_>>(),
        )?;
        let states = sets_asked(&runs)?;
        let last = runs.height() - 1;
        let (set, from) = (states.column("set")?.str()?, states.column("from")?.i64()?);
        let (Some(set), Some(from)) = (set.get(last), from.get(last)) else {
            return Err(missing("the answer has a row for each run"));
        };
        let set = match set {
            "a" => 0,
            "b" => 1,
            _ => return Err(missing("a set is \"a\" or \"b\"")),
        };
        Ok((set, from.max(0) as usize))
    }

    /// A set holds the events from a place on. What it held before is gone; what it never held does
    /// not come back.
    fn clear(&mut self, set: usize, from: usize) -> PolarsResult<()> {
        if from <= self.sets[set].start {
            return Ok(());
        }
        let rows = match self.part {
            OwnPart::Updater(_) => Rows::View(view_of(&BTreeMap::new())?),
            OwnPart::State(_) => Rows::Stored(BTreeMap::new()),
            _ => Rows::Ours(BTreeMap::new()),
        };
        self.sets[set] = RowSet { start: from, rows };
        // Only a function that asks for it has events of before now added again.
        let again: Vec<usize> = (from..self.position)
            .filter(|place| self.passed[*place])
            .collect();
        if let Rows::Ours(rows) = &mut self.sets[set].rows {
            for place in again {
                let (partition, offset) = self.order[place];
                let view = self.logs[partition][offset];
                *rows.entry(self.scene.views[view].url.clone()).or_insert(0) += 1;
            }
        }
        Ok(())
    }

    /// The process reads what it has not processed. Returns whether it is up at the end of the hour.
    fn consume(&mut self, hour: i64, crash: Option<Moment>) -> PolarsResult<bool> {
        // A micro-batch that was begun comes first, with the same records.
        let begun = match self.part {
            OwnPart::State(_) => self.batch.1,
            _ => None,
        };
        let end = begun.unwrap_or(self.order.len());
        if end == self.position {
            return Ok(true);
        }
        if begun.is_some() {
            self.tell(hour, |this| {
                format!("micro-batch {} comes again", this.batch.0)
            });
        }
        if let Some(moment) = crash {
            self.result.crashes += 1;
            self.tell(hour, |_| {
                match moment {
                    Moment::Reading => "the process restarts while it reads, and reads some again",
                    Moment::BetweenRows => "the process is killed after it has written some rows",
                    Moment::BeforeCommit => {
                        "the process is killed after all rows, before its position"
                    }
                }
                .to_owned()
            });
        }
        if !self.step(hour, end, crash)? {
            return Ok(false);
        }
        // What came since the micro-batch was begun is the next one.
        match begun.is_some() && self.order.len() > end {
            true => self.step(hour, self.order.len(), None),
            false => Ok(true),
        }
    }

    /// Processes the records up to a place of the order.
    fn step(&mut self, hour: i64, end: usize, crash: Option<Moment>) -> PolarsResult<bool> {
        let Some(passed) = self.dedupe(hour, end)? else {
            return Ok(false);
        };
        let places = self.position..end;
        if let OwnPart::State(_) = self.part {
            if self.batch.1.is_none() {
                self.batch.0 += 1;
            }
            // The plan is stored before the batch runs.
            self.batch.1 = Some(end);
        }
        for set in [0, 1] {
            let new = places.clone().zip(&passed);
            let new = new.filter(|(place, passed)| **passed && *place >= self.sets[set].start);
            let new: Vec<(usize, usize)> = new.map(|(place, _)| self.order[place]).collect();
            let after = self.updated(&self.sets[set].rows, &new, crash)?;
            match (crash, self.part) {
                // Our own part writes rows and position in one atomic write.
                (
                    Some(Moment::BetweenRows | Moment::BeforeCommit),
                    OwnPart::Updater(_) | OwnPart::State(_),
                ) => {
                    let is_first = set == 0;
                    let half = crash == Some(Moment::BetweenRows);
                    self.sets[set].rows = match (half, is_first) {
                        (false, _) => after,
                        (true, true) => first_rows(&self.sets[set].rows, after)?,
                        (true, false) => continue,
                    };
                }
                (Some(Moment::BetweenRows | Moment::BeforeCommit), _) => {}
                _ => self.sets[set].rows = after,
            }
        }
        if let Some(Moment::BetweenRows | Moment::BeforeCommit) = crash {
            return Ok(false);
        }
        self.passed.truncate(self.position);
        self.passed.extend(passed);
        self.position = end;
        self.batch.1 = None;
        Ok(true)
    }

    /// Whether each record from the position to a place is new; `None` if the reader's window refuses.
    fn dedupe(&mut self, hour: i64, end: usize) -> PolarsResult<Option<Vec<bool>>> {
        let OwnPart::Dedupe(new_views) = self.part else {
            let records = &self.order[self.position..end];
            let is_new = |(partition, offset): &(usize, usize)| self.is_new[*partition][*offset];
            return Ok(Some(records.iter().map(is_new).collect()));
        };
        let is_short = self
            .scene
            .short_log
            .as_ref()
            .is_some_and(|hours| hours.contains(&hour));
        if is_short {
            self.tell(hour, |_| {
                "the log keeps one record before the position, and no more".to_owned()
            });
        }
        let records = self.order[self.position..end].to_vec();
        let mut new: [Vec<bool>; 2] = Default::default();
        let mut starts = [0; 2];
        for partition in [0, 1] {
            let mut offsets = records.iter().filter(|record| record.0 == partition);
            let Some((_, from)) = offsets.next() else {
                continue;
            };
            let to = from + 1 + offsets.count();
            // The log keeps just the window; in some hours it keeps too little.
            let first = from.saturating_sub(if is_short { 1 } else { WINDOW });
            let kept: Vec<Arrival> = { self.logs[partition][first..to].iter() }
                .map(|view| self.scene.views[*view].clone())
                .collect();
            starts[partition] = *from;
            match new_views(&kept, first, *from, WINDOW) {
                Ok(found) if found.len() == to - from => new[partition] = found,
                Ok(_) => {
                    return Err(missing(
                        "the answer has a value for each record from `from` on",
                    ));
                }
                Err(_) => {
                    if first <= from.saturating_sub(WINDOW) {
                        self.result.refused += 1;
                        self.result.first.get_or_insert(hour);
                        self.tell(hour, |_| {
                            "the reader refuses, although nothing is missing".to_owned()
                        });
                    }
                    // The reader tries again in the next hour.
                    return Ok(None);
                }
            }
        }
        let of =
            |(partition, offset): &(usize, usize)| new[*partition][offset - starts[*partition]];
        Ok(Some(records.iter().map(of).collect()))
    }

    /// The rows of a set after some new page views.
    fn updated(
        &self,
        rows: &Rows,
        new: &[(usize, usize)],
        crash: Option<Moment>,
    ) -> PolarsResult<Rows> {
        let by_url = || {
            let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
            for record in new {
                *counts.entry(&self.view(*record).url).or_insert(0) += 1;
            }
            counts
        };
        Ok(match (self.part, rows) {
            (OwnPart::Updater(update), Rows::View(view)) => {
                let mut read = new.to_vec();
                if crash == Some(Moment::Reading) {
                    // Half of them are read, then the reader begins again.
                    read = [&new[..new.len().div_ceil(2)], new].concat();
                }
                let events = df!(
                    "partition" => read.iter().map(|record| record.0 as i64).collect::<Vec<_>>(),
                    "offset" => read.iter().map(|record| record.1 as i64).collect::<Vec<_>>(),
                    "url" => read.iter().map(|record| self.view(*record).url.as_str()).collect::<Vec<_>>(),
                )?;
                Rows::View(update(view, &events)?)
            }
            (OwnPart::State(update), Rows::Stored(state)) => {
                let mut state = state.clone();
                for (url, add) in by_url() {
                    let stored = state.entry(url.to_owned()).or_default();
                    *stored = update(*stored, self.batch.0, add);
                }
                Rows::Stored(state)
            }
            (_, Rows::Ours(counts)) => {
                let mut counts = counts.clone();
                for (url, add) in by_url() {
                    *counts.entry(url.to_owned()).or_insert(0) += add;
                }
                Rows::Ours(counts)
            }
            _ => return Err(missing("a set has the rows of its part")),
        })
    }

    /// The sites exchange counts, if they reach each other.
    fn meet(&mut self, hour: i64) {
        let OwnPart::Merge(merge) = self.part else {
            return;
        };
        if !self.is_cut(hour) {
            // Site 0 sends what it knows; site 1 merges it and replies. The reply comes twice.
            let (merged, reply) = merge(&self.known[1], &self.known[0]);
            let has = |(id, count): &(&u32, &u64)| self.known[0].get(id) >= Some(count);
            self.result.needless += reply.iter().filter(has).count() as u64;
            if self.result.needless > 0 {
                self.result.first.get_or_insert(hour);
            }
            self.known[1] = merged;
            for _ in 0..2 {
                self.known[0] = merge(&self.known[0], &reply).0;
            }
            let all = [self.right[0][0], self.right[1][1]];
            self.right = [all, all];
        }
        for site in [0, 1] {
            // A merge that adds comes to the largest number soon.
            let counts = self.known[site].values();
            let answer = counts.fold(0u64, |sum, count| sum.saturating_add(*count));
            let right: u64 = self.right[site].iter().sum();
            if answer != right {
                self.tell(hour, |_| {
                    format!("site {site} answers {answer} page views; {right} is right")
                });
            }
            self.wrong(
                hour,
                right.saturating_sub(answer),
                answer.saturating_sub(right),
            );
        }
    }

    /// The views before the cut of the served batch, each once.
    fn before_cut(&self) -> Vec<usize> {
        let mut seen = HashSet::new();
        let before = self.order[..self.cut].iter();
        let before = before.map(|(partition, offset)| self.logs[*partition][*offset]);
        before.filter(|view| seen.insert(*view)).collect()
    }

    /// Looks at the answers of the hour.
    fn look(&mut self, hour: i64) -> PolarsResult<()> {
        self.result.looks += 1;
        if let OwnPart::Merge(_) | OwnPart::Bounces(_) = self.part {
            return Ok(());
        }
        // What is right: at least each page view once, at most those that the windows let pass.
        let (mut least, mut most) = (BTreeMap::new(), BTreeMap::new());
        let batch = self.before_cut();
        let mut held: HashSet<usize> = batch.iter().copied().collect();
        let mut serving: BTreeMap<&str, i64> = BTreeMap::new();
        for view in batch {
            let url = self.scene.views[view].url.as_str();
            for counts in [&mut least, &mut most, &mut serving] {
                *counts.entry(url).or_insert(0) += 1;
            }
        }
        for (partition, offset) in self.order[..self.position].iter().skip(self.cut) {
            let view = self.logs[*partition][*offset];
            let url = self.scene.views[view].url.as_str();
            if held.insert(view) {
                *least.entry(url).or_insert(0) += 1;
            }
            if self.is_new[*partition][*offset] {
                *most.entry(url).or_insert(0) += 1;
            }
        }
        let realtime: BTreeMap<String, i64> = match &self.sets[self.asked].rows {
            Rows::Ours(rows) => rows.clone(),
            Rows::Stored(rows) => rows
                .iter()
                .map(|(url, row)| (url.clone(), row.count))
                .collect(),
            Rows::View(view) => {
                let (urls, counts) = (view.column("url")?.str()?, view.column("count")?.i64()?);
                let rows = urls.iter().zip(counts.iter());
                rows.filter_map(|(url, count)| Some((url?.to_owned(), count?)))
                    .collect()
            }
        };
        let urls: BTreeSet<&str> = { realtime.keys().map(String::as_str) }
            .chain(most.keys().copied())
            .chain(least.keys().copied())
            .collect();
        let (mut lost, mut doubled, mut said) = (0, 0, Vec::new());
        for url in urls {
            let of = |counts: &BTreeMap<&str, i64>| counts.get(url).copied().unwrap_or(0);
            let answer = of(&serving) + realtime.get(url).copied().unwrap_or(0);
            let (least, most) = (of(&least), of(&most).max(of(&least)));
            lost += (least - answer).max(0) as u64;
            doubled += (answer - most).max(0) as u64;
            if answer < least || answer > most {
                said.push(format!("{url} is answered with {answer}; {most} is right"));
            }
        }
        for what in said {
            self.tell(hour, |_| what);
        }
        self.wrong(hour, lost, doubled);
        Ok(())
    }

    /// Compares the reader's visits and bounces of some views with ours.
    fn bounces(&mut self, hour: i64, held: &[usize]) -> PolarsResult<()> {
        let OwnPart::Bounces(visits_and_bounces) = self.part else {
            return Ok(());
        };
        let views = || held.iter().map(|view| &self.scene.views[*view]);
        let user = |view: &Arrival| view.person.strip_prefix("user ")?.parse::<i64>().ok();
        let cookie = |view: &Arrival| view.person.strip_prefix("cookie ").map(str::to_owned);
        let table = df!(
            "url" => views().map(|view| view.url.as_str()).collect::<Vec<_>>(),
            "true_as_of_secs" => views().map(|view| view.secs).collect::<Vec<_>>(),
            "cookie" => views().map(cookie).collect::<Vec<_>>(),
            "user_id" => views().map(user).collect::<Vec<_>>(),
        )?;
        let (theirs, right) = (
            counts(&visits_and_bounces(&table)?)?,
            counts(&bounces(&table)?)?,
        );
        let domains: BTreeSet<&String> = theirs.keys().chain(right.keys()).collect();
        let (mut lost, mut doubled, mut said) = (0, 0, Vec::new());
        for domain in domains {
            let of = |counts: &BTreeMap<String, (i64, i64)>| {
                counts.get(domain).copied().unwrap_or_default()
            };
            let ((visits, bounces), (right_visits, right_bounces)) = (of(&theirs), of(&right));
            if (visits, bounces) == (right_visits, right_bounces) {
                continue;
            }
            // Bounces that are off while visits are right are visits of another kind.
            let apart = match visits - right_visits {
                0 => bounces - right_bounces,
                apart => apart,
            };
            lost += (-apart).max(0) as u64;
            doubled += apart.max(0) as u64;
            said.push(format!(
                "{domain} has {visits} visits and {bounces} bounces by the reader; right are \
                 {right_visits} and {right_bounces}"
            ));
        }
        for what in said {
            self.tell(hour, |_| what);
        }
        self.wrong(hour, lost, doubled);
        Ok(())
    }
}

/// Visits and bounces by domain.
fn counts(frame: &DataFrame) -> PolarsResult<BTreeMap<String, (i64, i64)>> {
    let number = |name: &str| -> PolarsResult<Column> {
        frame.column(name)?.cast(&polars::prelude::DataType::Int64)
    };
    let (visits, bounces) = (number("visits")?, number("bounces")?);
    let rows = { frame.column("domain")?.str()?.iter() }
        .zip(visits.i64()?.iter())
        .zip(bounces.i64()?.iter());
    let row = |((domain, visits), bounces): ((Option<&str>, _), Option<i64>)| {
        Some((domain?.to_owned(), (visits?, bounces?)))
    };
    Ok(rows.filter_map(row).collect())
}

/// The rows that a crash leaves: the first half of those that changed are written.
fn first_rows(before: &Rows, after: Rows) -> PolarsResult<Rows> {
    Ok(match (before, after) {
        (Rows::Stored(before), Rows::Stored(after)) => {
            let changed: Vec<String> = { after.iter() }
                .filter(|(url, stored)| before.get(*url) != Some(stored))
                .map(|(url, _)| url.clone())
                .collect();
            let mut rows = before.clone();
            for url in &changed[..changed.len().div_ceil(2)] {
                rows.insert(url.clone(), after[url]);
            }
            Rows::Stored(rows)
        }
        (Rows::View(before), Rows::View(after)) => {
            let (before, after) = (
                crate::speed_layer::rows_of(before)?,
                crate::speed_layer::rows_of(&after)?,
            );
            let changed: Vec<&String> = { after.iter() }
                .filter(|(url, row)| before.get(*url) != Some(row))
                .map(|(url, _)| url)
                .collect();
            let mut rows = before.clone();
            for url in &changed[..changed.len().div_ceil(2)] {
                rows.insert((*url).clone(), after[*url]);
            }
            Rows::View(view_of(&rows)?)
        }
        (_, after) => after,
    })
}

fn missing(what: &'static str) -> PolarsError {
    PolarsError::ComputeError(what.into())
}

/// Hours of a whole run.
pub(super) const ALL: i64 = HOURS;

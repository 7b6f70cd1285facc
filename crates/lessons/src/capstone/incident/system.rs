//! The layers of an incident, in memory, with page views in place of counts: so a view can be asked
//! which page views it holds.
use super::cause::Remedy;
use super::plan::{EVERY, IncidentFault, IncidentPlan, TAKES};
use super::signs::HourSigns;
use crate::capstone::week::BEGIN;
use dataset::random::Random;
use std::collections::BTreeMap;
use std::ops::Range;

/// Of so many page views, one is sent again within the hour: a client that got no answer.
const AGAIN: u64 = 40;
/// Versions of the batch views that are kept for a roll back, beside the one that is served.
const KEPT: usize = 2;
pub(super) const PAGES: [&str; 4] = [
    "mysite.com/",
    "mysite.com/blog",
    "mysite.com/about",
    "mysite.com/shop",
];

/// A page view, as it happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageEvent {
    pub page: usize,
    /// Epoch seconds.
    pub secs: i64,
    /// Whether the person is known by a cookie.
    pub by_cookie: bool,
    pub person: u64,
}

impl PageEvent {
    pub fn describe(&self) -> String {
        let who = if self.by_cookie { "cookie" } else { "user" };
        let time = chrono::DateTime::from_timestamp(self.secs, 0).unwrap_or_default();
        let time = time.format("%a %H:%M:%S");
        format!("{} by {who} {}, {time} UTC", PAGES[self.page], self.person)
    }
}

/// A record of the log.
#[derive(Clone, Copy, Debug)]
struct LogEntry {
    event: usize,
    /// The hour of the week in which the site accepted it.
    hour: i64,
    /// When the site accepted it, in epoch seconds, by a clock that is right.
    accepted: i64,
    /// Its time by the clock of the site, in epoch seconds.
    stamp: i64,
    /// Whether it repeats a record before it.
    is_copy: bool,
}

/// A batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServedBatch {
    pub batch: u64,
    pub version: u64,
    /// Whether its code leaves out cookies.
    is_bad: bool,
    /// By partition: the records that the run read.
    pub read: [u64; 2],
    /// The cut that it published.
    pub cut: [u64; 2],
}

/// What is served, and what the speed layer has read.
#[derive(Clone, Debug)]
struct State {
    served: ServedBatch,
    /// By partition: the offsets that the speed layer has processed.
    passed: [Vec<Range<u64>>; 2],
    /// Corrections of times: site, first hour, seconds to add.
    corrections: Vec<(usize, i64, i64)>,
}

/// The answers, event by event: the hours (epoch seconds) under which each is counted.
pub(super) type CountedHours = Vec<Vec<i64>>;

/// A week up to the hour of the incident.
#[derive(Clone, Debug)]
pub(super) struct IncidentSystem {
    pub events: Vec<PageEvent>,
    logs: [Vec<LogEntry>; 2],
    state: State,
    /// The batches that were served, the last one at the end.
    batches: Vec<ServedBatch>,
    /// The first offset that the speed layer missed, or begins at.
    pub missed: u64,
    pub signs: Vec<HourSigns>,
}

impl IncidentSystem {
    /// Runs a plan.
    pub fn run(plan: &IncidentPlan) -> Self {
        let mut random = Random::new(&[plan.seed, 0xE7E7]);
        let none = ServedBatch {
            batch: 0,
            version: 1,
            is_bad: false,
            read: [0; 2],
            cut: [0; 2],
        };
        let mut system = Self {
            events: Vec::new(),
            logs: Default::default(),
            state: State {
                served: none,
                passed: Default::default(),
                corrections: Vec::new(),
            },
            batches: vec![none],
            missed: 0,
            signs: Vec::new(),
        };
        let mut position = [0u64; 2];
        let mut running: Option<ServedBatch> = None;
        for hour in 0..plan.now {
            // A batch run begins, and takes what can be reached.
            let is_cut = plan.cut.contains(&hour);
            if hour > 0 && hour % EVERY == 0 {
                let batch = (hour / EVERY) as u64;
                let far = if is_cut { position[1] } else { system.end(1) };
                let read = [system.end(0), far];
                let stale = matches!(plan.fault, IncidentFault::Stale { batch: of } if of == batch);
                running = Some(ServedBatch {
                    batch,
                    version: plan.version(batch),
                    is_bad: plan.is_bad(batch),
                    read,
                    cut: if stale { system.state.served.cut } else { read },
                });
            }
            // A batch run ends.
            if hour % EVERY == TAKES
                && let Some(batch) = running.take_if(|batch| batch.batch != plan.failed)
            {
                system.state.served = batch;
                system.batches.push(batch);
            }
            // Records are accepted.
            let begun = [system.end(0), system.end(1)];
            system.accept(plan, hour, &mut random);
            // The speed layer reads what it can.
            let mut processed = [0; 2];
            for partition in [0, 1] {
                let end = match (partition, is_cut) {
                    (1, true) => position[1],
                    _ => system.end(partition),
                };
                let (paused, pause) = &plan.pause;
                let mut is_down = *paused == partition && pause.contains(&hour);
                match &plan.fault {
                    IncidentFault::Lost { partition: p, from }
                        if *p == partition && hour >= *from =>
                    {
                        is_down = true;
                    }
                    IncidentFault::Skip { partition: p, down } if *p == partition => {
                        is_down |= down.contains(&hour);
                        if hour == down.end {
                            // It goes on at the end of the log.
                            system.missed = position[partition];
                            position[partition] = begun[partition];
                        }
                    }
                    _ => {}
                }
                if !is_down && end > position[partition] {
                    system.state.passed[partition].push(position[partition]..end);
                    processed[partition] = end - position[partition];
                    position[partition] = end;
                }
            }
            let signs = system.look(hour, begun, processed, position);
            system.signs.push(signs);
        }
        if let IncidentFault::Lost { partition, .. } = plan.fault {
            system.missed = position[partition];
        }
        if let IncidentFault::Lost { partition, .. } | IncidentFault::Skip { partition, .. } =
            plan.fault
        {
            // What the served batch holds need not be read again.
            system.missed = system.missed.max(system.state.served.cut[partition]);
        }
        system
    }

    fn end(&self, partition: usize) -> u64 {
        self.logs[partition].len() as u64
    }

    /// Both sites accept the page views of an hour.
    fn accept(&mut self, plan: &IncidentPlan, hour: i64, random: &mut Random) {
        // Few at night, more by day.
        let day = (hour % 24 - 14).abs();
        for site in [0, 1] {
            let clock = match plan.fault {
                IncidentFault::Clock {
                    site: off,
                    from,
                    seconds,
                } if off == site && hour >= from => seconds,
                _ => 0,
            };
            for _ in 0..(6 + random.below(16 - day as u64)) {
                let secs = BEGIN + hour * 3_600 + random.below(3_600) as i64;
                let by_cookie = random.below(10) < 4;
                self.events.push(PageEvent {
                    page: random.below(PAGES.len() as u64) as usize,
                    secs,
                    by_cookie,
                    person: random.below(50),
                });
                let record = LogEntry {
                    event: self.events.len() - 1,
                    hour,
                    accepted: secs + random.below(20) as i64,
                    stamp: secs + clock,
                    is_copy: false,
                };
                self.logs[site].push(record);
                if random.one_in(AGAIN) {
                    self.logs[site].push(LogEntry {
                        is_copy: true,
                        ..record
                    });
                }
            }
        }
    }

    /// What the answers hold in a state: each event with the hours under which it is counted.
    fn counted(&self, state: &State) -> CountedHours {
        let mut counted = vec![Vec::new(); self.events.len()];
        let served = &state.served;
        for (partition, log) in self.logs.iter().enumerate() {
            let mut is_passed = vec![false; log.len()];
            for offset in state.passed[partition].iter().cloned().flatten() {
                is_passed[offset as usize] = true;
            }
            for (offset, record) in log.iter().enumerate() {
                if record.is_copy {
                    continue;
                }
                let place = offset as u64;
                let event = &self.events[record.event];
                let in_batch =
                    place < served.read[partition] && !(served.is_bad && event.by_cookie);
                let in_speed = place >= served.cut[partition] && is_passed[offset];
                let added = state.corrections.iter();
                let added =
                    added.filter(|(site, from, _)| *site == partition && record.hour >= *from);
                let secs = record.stamp + added.map(|(_, _, seconds)| seconds).sum::<i64>();
                let hour = secs - secs.rem_euclid(3_600);
                for _ in 0..usize::from(in_batch) + usize::from(in_speed) {
                    counted[record.event].push(hour);
                }
            }
        }
        counted
    }

    /// The signs of an hour that has ended.
    fn look(
        &self,
        hour: i64,
        begun: [u64; 2],
        processed: [u64; 2],
        position: [u64; 2],
    ) -> HourSigns {
        let served = self.state.served;
        let ends = [self.end(0), self.end(1)];
        let ahead = [0, 1].map(|site: usize| {
            let came = &self.logs[site][begun[site] as usize..];
            let mut off: Vec<i64> = came
                .iter()
                .map(|record| record.stamp - record.accepted)
                .collect();
            off.sort_unstable();
            off.get(off.len() / 2).copied().unwrap_or(0)
        });
        let (mut users, mut cookies) = (0, 0);
        for (partition, log) in self.logs.iter().enumerate() {
            let in_batch = log[..served.read[partition] as usize].iter();
            for record in in_batch.filter(|record| !record.is_copy) {
                match self.events[record.event].by_cookie {
                    true => cookies += i64::from(!served.is_bad),
                    false => users += 1,
                }
            }
        }
        // Every hour looks, so nothing is collected here; `counted` says which page views these are.
        let mut answered = users + cookies;
        for (partition, log) in self.logs.iter().enumerate() {
            for passed in &self.state.passed[partition] {
                let after = passed.start.max(served.cut[partition])..passed.end;
                let after = after.filter(|offset| !log[*offset as usize].is_copy);
                answered += after.count() as i64;
            }
        }
        HourSigns {
            hour,
            accepted: [ends[0] - begun[0], ends[1] - begun[1]],
            processed,
            end: ends,
            position,
            ahead,
            batch: served.batch,
            version: served.version,
            cut: served.cut,
            read: served.read,
            users,
            cookies,
            answered,
        }
    }

    /// The answers as they are.
    pub fn answers(&self) -> CountedHours {
        self.counted(&self.state)
    }

    /// The batch to which a roll back leads.
    pub fn last_good(&self) -> u64 {
        let good = self.batches.iter().rev().find(|batch| !batch.is_bad);
        good.map_or(0, |batch| batch.batch)
    }

    /// The records that the served batch has read.
    pub fn read(&self) -> [u64; 2] {
        self.state.served.read
    }

    /// Makes a repair. Returns what the answers hold then, and the number of records that had to
    /// be read again.
    ///
    /// # Errors
    /// Why it cannot be made.
    pub fn repaired(&self, repair: Remedy) -> Result<(CountedHours, u64), String> {
        let mut state = self.state.clone();
        let cost = match repair {
            Remedy::Nothing => 0,
            Remedy::CorrectClock {
                site,
                from,
                seconds,
            } => {
                let log = self.logs.get(site);
                let log = log.ok_or_else(|| format!("there is no site {site}; take 0 or 1"))?;
                state.corrections.push((site, from, seconds));
                log.iter().filter(|record| record.hour >= from).count() as u64
            }
            Remedy::Rewind { partition, offset } => {
                let log = self.logs.get(partition);
                let log =
                    log.ok_or_else(|| format!("there is no partition {partition}; take 0 or 1"))?;
                let end = log.len() as u64;
                if offset > end {
                    return Err(format!(
                        "partition {partition} ends at offset {end}, before {offset}"
                    ));
                }
                let passed = &mut state.passed[partition];
                for range in passed.iter_mut() {
                    range.end = range.end.min(offset);
                }
                passed.retain(|range| !range.is_empty());
                passed.push(offset..end);
                end - offset
            }
            Remedy::RollBack { batch } => {
                let kept = self.batches.iter().rev().take(KEPT + 1);
                let Some(found) = kept.clone().find(|kept| kept.batch == batch) else {
                    let kept: Vec<String> = kept.map(|kept| kept.batch.to_string()).collect();
                    let kept = kept.join(", ");
                    return Err(format!("batch {batch} is not kept; these are: {kept}"));
                };
                let again = state.served.cut.iter().zip(&found.cut);
                let cost = again.map(|(now, then)| now.saturating_sub(*then)).sum();
                state.served = *found;
                cost
            }
            Remedy::Publish { cut } => {
                for (partition, cut) in cut.iter().enumerate() {
                    let end = self.end(partition);
                    if *cut > end {
                        return Err(format!(
                            "partition {partition} ends at offset {end}, before {cut}"
                        ));
                    }
                }
                let again = state.served.cut.iter().zip(&cut);
                let cost = again.map(|(now, then)| now.saturating_sub(*then)).sum();
                state.served.cut = cut;
                cost
            }
        };
        Ok((self.counted(&state), cost))
    }
}

/// Sorts the events of some answers by what is wrong with them.
pub(super) fn wrongs(
    events: &[PageEvent],
    counted: &CountedHours,
) -> BTreeMap<&'static str, Vec<usize>> {
    let mut wrongs: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
    for (number, (event, hours)) in events.iter().zip(counted).enumerate() {
        let right = event.secs - event.secs.rem_euclid(3_600);
        let wrong = match hours.len() {
            0 => "lost",
            1 if hours[0] == right => continue,
            1 => "under a wrong hour",
            _ => "doubled",
        };
        wrongs.entry(wrong).or_default().push(number);
    }
    wrongs
}

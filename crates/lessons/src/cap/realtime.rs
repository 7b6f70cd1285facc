//! Counters of a realtime view under a partition, corrected by the next batch run.
//!
//! Two sites count page views. Each site has its own copy of the master data set, and its own
//! batch runs over that copy. A page view is a fact; the copies exchange facts, and the merge of
//! two copies is their union, as of a G-set. So the partition cuts the master data set as well:
//! a batch run that begins inside it sees the facts of its own site, and of the other site only
//! those that had come before.
//!
//! A query at a site adds to the batch view what the realtime view counts of the facts that the
//! batch run has not seen. Which facts these are is a *cut*: for each site, up to which minute its
//! facts are in the batch view. A realtime view that expires by the clock instead takes the facts
//! of the other site for seen.
use super::CapError;
use crate::crdt::wrong::LwwCounter;
use crate::crdt::{ClockKind, Crdt, GCounter, ReplicaId, Stamp};
use dataset::random::Random;
use notebook::plot::{Lines, lines};
use polars::prelude::{DataFrame, PolarsResult, df};
use std::ops::Range;

/// An hour of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hour {
    /// How many minutes.
    pub minutes: u64,
    /// Page views a minute, at both sites together.
    pub views_a_minute: u64,
    /// The minutes in which the sites do not reach each other.
    pub partition: Range<u64>,
    /// A batch run begins so often, in minutes, and reads the facts that its site has then.
    pub batch_every: u64,
    /// The time until the view of a run is served, in minutes.
    pub batch_takes: u64,
    /// The way of a message from site to site, in ms.
    pub way_ms: u64,
}

impl Hour {
    /// A partition of 15 minutes, and a run every 20 minutes that takes 10.
    pub const LESSON: Hour = Hour {
        minutes: 60,
        views_a_minute: 100,
        partition: 12..27,
        batch_every: 20,
        batch_takes: 10,
        way_ms: 100,
    };
}

/// What the first site answers at the end of a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minute {
    /// The minute.
    pub minute: u64,
    /// Page views so far, at both sites.
    pub truth: u64,
    /// The answer with G-counters, expired by the cut of the batch run.
    pub counters: u64,
    /// The answer with G-counters, expired by the clock.
    pub by_the_clock: u64,
    /// The answer with numbers whose last write wins, expired by the cut where that can be: a
    /// number does not know whose page views are in it, so it expires by the clock.
    pub numbers: u64,
}

/// The realtime view of one site: a cell for each minute.
#[derive(Clone, Default)]
struct Cells {
    counters: Vec<GCounter>,
    numbers: Vec<LwwCounter>,
}

/// A batch run at the first site.
struct BatchRun {
    served: u64,
    /// The minute at which it began.
    began: u64,
    /// The cut: facts of the first site and of the second before these minutes are in it.
    cut: [u64; 2],
    count: u64,
}

const MINUTE_MS: u64 = 60_000;

/// Runs the hour.
///
/// ```
/// use lambda_workbook::cap::realtime::{Hour, run};
/// let minutes = run(&Hour::LESSON, 7)?;
/// // Once the network is whole, counters that expire by the cut know all.
/// assert!(minutes[28..].iter().all(|minute| minute.counters == minute.truth));
/// # Ok::<(), lambda_workbook::cap::CapError>(())
/// ```
///
/// # Errors
/// None in practice: a few page views do not overflow.
pub fn run(hour: &Hour, seed: u64) -> Result<Vec<Minute>, CapError> {
    let mut random = Random::new(&[seed, 4]);
    let mut sites = [Cells::default(), Cells::default()];
    // The facts of each site, by minute.
    let mut facts: [Vec<u64>; 2] = [Vec::new(), Vec::new()];
    let mut runs: Vec<BatchRun> = Vec::new();
    let mut minutes = Vec::new();
    for minute in 0..hour.minutes {
        for site in &mut sites {
            site.counters.push(GCounter::default());
            site.numbers.push(LwwCounter::default());
        }
        let (cut, now) = (hour.partition.contains(&minute), minute as usize);
        // When the network heals, the sites exchange what they hold. Cells of numbers keep the
        // larger stamp.
        if !cut && minute > 0 && hour.partition.contains(&(minute - 1)) {
            exchange(&mut sites, 0..now)?;
        }
        // A run that begins now sees the facts that its site has.
        if minute > 0 && minute.is_multiple_of(hour.batch_every.max(1)) {
            let other = match cut {
                true => hour.partition.start,
                false => minute,
            };
            let seen = [minute, other];
            let of = |site: usize| facts[site][..seen[site] as usize].iter().sum::<u64>();
            runs.push(BatchRun {
                served: minute + hour.batch_takes,
                began: minute,
                cut: seen,
                count: of(0) + of(1),
            });
        }
        count_a_minute(hour, now, cut, &mut random, &mut sites, &mut facts)?;
        minutes.push(answered(minute, &facts, &runs, &sites[0]));
    }
    Ok(minutes)
}

/// Counts the page views of a minute at both sites, and replicates each a message's way later.
fn count_a_minute(
    hour: &Hour,
    now: usize,
    cut: bool,
    random: &mut Random,
    sites: &mut [Cells; 2],
    facts: &mut [Vec<u64>; 2],
) -> Result<(), CapError> {
    let mut views: Vec<(u64, usize)> = (0..hour.views_a_minute)
        .map(|_| (random.below(MINUTE_MS), random.below(2) as usize))
        .collect();
    views.sort_unstable();
    let mut came = [0u64, 0];
    // States under way: when they arrive, from which site, and what they are.
    let mut under_way: Vec<(u64, usize, GCounter, LwwCounter)> = Vec::new();
    let mut last = 0;
    for (ms, site) in views {
        deliver(&mut under_way, ms, now, sites)?;
        let replica = ReplicaId(site as u32);
        // Two page views in one millisecond have two stamps.
        last = (now as u64 * MINUTE_MS + ms).max(last + 1);
        let stamp = Stamp {
            time: last,
            replica,
            clock: ClockKind::Wall,
        };
        sites[site].counters[now].add(replica, 1)?;
        sites[site].numbers[now].add(stamp, 1)?;
        came[site] += 1;
        if !cut {
            let (counter, number) = (&sites[site].counters[now], &sites[site].numbers[now]);
            under_way.push((ms + hour.way_ms, site, counter.clone(), number.clone()));
        }
    }
    deliver(&mut under_way, u64::MAX, now, sites)?;
    for (site, came) in came.into_iter().enumerate() {
        facts[site].push(came);
    }
    Ok(())
}

/// Delivers what arrives until `ms`.
fn deliver(
    under_way: &mut Vec<(u64, usize, GCounter, LwwCounter)>,
    ms: u64,
    now: usize,
    sites: &mut [Cells; 2],
) -> Result<(), CapError> {
    let arrived = under_way.partition_point(|sent| sent.0 <= ms);
    for (_, from, counter, number) in under_way.drain(..arrived) {
        sites[1 - from].counters[now].merge(&counter)?;
        sites[1 - from].numbers[now].merge(&number)?;
    }
    Ok(())
}

/// Merges the cells of some minutes, both ways.
fn exchange(sites: &mut [Cells; 2], minutes: Range<usize>) -> Result<(), CapError> {
    for minute in minutes {
        let both = sites[0].counters[minute].merged(&sites[1].counters[minute])?;
        let last = sites[0].numbers[minute].merged(&sites[1].numbers[minute])?;
        for site in sites.iter_mut() {
            (site.counters[minute], site.numbers[minute]) = (both.clone(), last.clone());
        }
    }
    Ok(())
}

/// The batch view, and the realtime view of what is not in it.
fn answered(minute: u64, facts: &[Vec<u64>; 2], runs: &[BatchRun], cells: &Cells) -> Minute {
    let served = runs.iter().rfind(|run| run.served <= minute);
    let (count, began, cut) = served.map_or((0, 0, [0, 0]), |run| (run.count, run.began, run.cut));
    let place = |minute: u64| minute as usize;
    let of_site = |site: usize| -> u64 {
        let cells = &cells.counters[place(cut[site])..];
        cells
            .iter()
            .map(|cell| cell.count(ReplicaId(site as u32)))
            .sum()
    };
    let numbers = cells.numbers[place(began)..].iter().map(Crdt::value);
    let counters = cells.counters[place(began)..].iter().map(Crdt::value);
    Minute {
        minute,
        truth: facts.iter().flatten().sum(),
        counters: count + of_site(0) + of_site(1),
        by_the_clock: count + counters.sum::<u128>() as u64,
        numbers: count + numbers.sum::<u128>() as u64,
    }
}

/// Names of the three realtime views, and what each misses.
type View = (&'static str, fn(&Minute) -> u64);

const VIEWS: [View; 3] = [
    ("G-counters, expired by the cut", |minute| {
        minute.truth - minute.counters
    }),
    ("G-counters, expired by the clock", |minute| {
        minute.truth - minute.by_the_clock
    }),
    ("numbers, the last write wins", |minute| {
        minute.truth - minute.numbers
    }),
];

/// Returns the page views that are missing from each answer, minute by minute.
///
/// # Errors
/// None in practice: the columns have one length.
pub fn missing(minutes: &[Minute]) -> PolarsResult<DataFrame> {
    let all = || {
        VIEWS
            .iter()
            .flat_map(|view| minutes.iter().map(move |minute| (minute, view)))
    };
    df!(
        "minute" => all().map(|(minute, _)| minute.minute).collect::<Vec<_>>(),
        "missing" => all().map(|(minute, view)| view.1(minute)).collect::<Vec<_>>(),
        "realtime view" => all().map(|(_, view)| view.0).collect::<Vec<_>>(),
    )
}

/// Draws what is missing, with the partition as a band and a mark where a batch view is served.
///
/// # Errors
/// None in practice: the columns have one length.
pub fn chart(hour: &Hour, minutes: &[Minute]) -> PolarsResult<Lines> {
    let frame = missing(minutes)?;
    let (from, until) = (hour.partition.start as f64, hour.partition.end as f64);
    let mut chart =
        lines(&frame, "minute", "missing")
            .by("realtime view")
            .band(from, until, "sites cut off");
    let every = hour.batch_every.max(1);
    for began in (1..)
        .map(|n| n * every)
        .take_while(|began| *began < hour.minutes)
    {
        let served = began + hour.batch_takes;
        chart = chart.mark(served as f64, format!("run of {began} served"));
    }
    Ok(chart.title("Page views missing from the answer of the first site"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(minutes: &[Minute], range: Range<usize>, of: fn(&Minute) -> u64) -> usize {
        minutes[range]
            .iter()
            .filter(|minute| of(minute) > 0)
            .count()
    }

    #[test]
    fn the_next_batch_mends_what_was_lost() {
        let minutes = run(&Hour::LESSON, 7).unwrap();
        let [cut, clock, numbers] = VIEWS.map(|view| view.1);
        // Before the partition counters are right, and numbers lose concurrent page views.
        assert_eq!(
            (wrong(&minutes, 0..12, cut), wrong(&minutes, 0..12, clock)),
            (0, 0)
        );
        assert!(wrong(&minutes, 0..12, numbers) > 0);
        // In the partition all miss the other site.
        assert!(
            VIEWS
                .iter()
                .all(|view| wrong(&minutes, 13..27, view.1) == 14)
        );
        // After it, counters that expire by the cut know all.
        assert_eq!(wrong(&minutes, 27..60, cut), 0);
        // The run that began in the partition has not seen the other site's facts of it. Where it
        // stands for them all the same, they are missing until the next run is served.
        assert_eq!(wrong(&minutes, 27..30, clock), 0);
        assert_eq!(wrong(&minutes, 30..50, clock), 20);
        assert_eq!(wrong(&minutes, 50..60, clock), 0);
        // What numbers have lost in minutes 12 to 27 is missing until that run as well.
        assert_eq!(wrong(&minutes, 27..50, numbers), 23);
        let lost = numbers(&minutes[49]);
        assert!(numbers(&minutes[50]) < lost / 5, "{lost}");
    }

    #[test]
    fn a_run_inside_the_partition_does_not_see_the_other_site() {
        let minutes = run(&Hour::LESSON, 7).unwrap();
        // Served at 30 from the facts of minute 20: of the other site, those before minute 12.
        let missing = minutes[30].truth - minutes[30].by_the_clock;
        // 8 minutes of half of 100 page views, within four standard deviations of 14.
        assert!(
            (400i64 - 57..=400 + 57).contains(&(missing as i64)),
            "{missing}"
        );
    }

    #[test]
    fn the_picture_has_the_partition_and_the_runs() {
        let hour = Hour::LESSON;
        let minutes = run(&hour, 7).unwrap();
        let figure = chart(&hour, &minutes).unwrap().figure().unwrap();
        show::picture::assert_sound(&figure);
        assert!(
            figure.svg().contains("sites cut off") && figure.svg().contains("run of 20 served")
        );
    }
}

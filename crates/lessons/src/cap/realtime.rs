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
use notebook::plot::{Figure, Lines, WIDTH, lines};
use plotters::style::Color;
use polars::prelude::{DataFrame, PolarsResult, df};
use show::picture::canvas::{AFTER, BEFORE, BELOW, ON, draw};
use show::picture::scale::Scale;
use show::picture::style::{INK, kind, wrong};
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

    /// Returns up to which minute a run of the first site that begins at a minute has the facts of
    /// the other one: in the partition those of before it.
    pub(crate) fn read_of_other(&self, began: u64) -> u64 {
        match self.partition.contains(&began) {
            true => self.partition.start,
            false => began,
        }
    }
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
            let seen = [minute, hour.read_of_other(minute)];
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
fn missing(minutes: &[Minute], views: &[View]) -> PolarsResult<DataFrame> {
    let all = || {
        views
            .iter()
            .flat_map(|view| minutes.iter().map(move |minute| (minute, view)))
    };
    df!(
        "minute" => all().map(|(minute, _)| minute.minute).collect::<Vec<_>>(),
        "missing" => all().map(|(minute, view)| view.1(minute)).collect::<Vec<_>>(),
        "realtime view" => all().map(|(_, view)| view.0).collect::<Vec<_>>(),
    )
}

/// Draws what is missing in two panels, first with the expiry by the cut and then with the others,
/// because the lines lie on each other for half an hour. The partition is a band, and there is a
/// mark where a batch view is served.
///
/// # Errors
/// None in practice: the columns have one length.
pub fn chart(hour: &Hour, minutes: &[Minute]) -> PolarsResult<Figure> {
    let (cut, others) = (&VIEWS[..1], &VIEWS[1..]);
    let first = panel(hour, &missing(minutes, cut)?);
    let first = first.title(format!(
        "Page views missing from the answer of the first site: {}",
        cut[0].0
    ));
    let others = panel(hour, &missing(minutes, others)?).title("The same, expired by the clock");
    Ok(first.figure()?.above(&others.figure()?))
}

/// A panel of [`chart`], without a title.
fn panel(hour: &Hour, frame: &DataFrame) -> Lines {
    let (from, until) = (hour.partition.start as f64, hour.partition.end as f64);
    let mut chart =
        lines(frame, "minute", "missing")
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
    chart
}

/// Draws what happens when: the partition, each batch run of the first site with the time until its
/// view is served, and up to which minute it has read the facts of each site.
pub fn plan(hour: &Hour) -> Figure {
    const LEFT: i32 = 128;
    const ROW: i32 = 52;
    let title = "What the first site's batch runs read, and when they are served";
    let every = hour.batch_every.max(1);
    let begins = (1..).map(|n| n * every);
    let runs: Vec<u64> = begins.take_while(|began| *began < hour.minutes).collect();
    let along = Scale {
        from: 0.0,
        to: hour.minutes.max(1) as f64,
        pixel_from: LEFT,
        pixel_to: WIDTH as i32 - 20,
    };
    let x = |minute: u64| along.at(minute as f64);
    let top = 56;
    let bottom = top + ROW * runs.len() as i32 + 8;
    let mut text = format!(
        "minutes {} to {}: the sites are cut off\n",
        hour.partition.start, hour.partition.end
    );
    let svg = draw((WIDTH, (bottom + 50) as u32), |canvas| {
        canvas.title(title, (8, 16));
        let (from, until) = (x(hour.partition.start), x(hour.partition.end));
        canvas.fill((from, top - 18), (until, bottom), wrong().mix(0.14));
        canvas.label("sites cut off", ((from + until) / 2, top - 15), BELOW);
        for (row, began) in (0..).zip(&runs) {
            let y = top + ROW * row + 10;
            canvas.strong(&format!("run of {began}"), (8, y + 10), AFTER);
            // What it reads of each site, and the time until it is served.
            for (lane, (name, seen)) in
                (0..).zip([("own", *began), ("other", hour.read_of_other(*began))])
            {
                let y = y + 20 * lane;
                canvas.label(name, (LEFT - 8, y + 8), BEFORE);
                canvas.fill((x(0), y), (x(seen), y + 16), kind(lane as usize).mix(0.25));
                canvas.label(&format!("read to {seen}"), (x(0) + 6, y + 8), AFTER);
            }
            let served = *began + hour.batch_takes;
            canvas.outline((x(*began), y), (x(served), y + 16), INK.mix(0.8));
            canvas.label("works", ((x(*began) + x(served)) / 2, y + 8), ON);
            canvas.label(
                &format!("served at {served}"),
                (x(served) + 6, y + 8),
                AFTER,
            );
        }
        canvas.path(
            vec![(LEFT, bottom), (x(hour.minutes), bottom)],
            INK.mix(0.6),
            1,
        );
        for minute in (0..=hour.minutes).step_by(10) {
            canvas.path(
                vec![(x(minute), bottom), (x(minute), bottom + 5)],
                INK.mix(0.6),
                1,
            );
            canvas.label(&minute.to_string(), (x(minute), bottom + 8), BELOW);
        }
        canvas.strong(
            "minute",
            ((LEFT + WIDTH as i32 - 20) / 2, bottom + 26),
            BELOW,
        );
    });
    for began in &runs {
        text += &format!(
            "run of {began}: reads its own site to minute {began}, the other to {}; served at {}\n",
            hour.read_of_other(*began),
            began + hour.batch_takes
        );
    }
    Figure::new(svg, title, &text)
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
        let figure = chart(&hour, &minutes).unwrap();
        show::picture::assert_sound(&figure);
        let plan = plan(&hour);
        show::picture::assert_sound(&plan);
        assert!(plan.svg().contains("read to 12") && plan.svg().contains("served at 50"));
        assert!(
            figure.svg().contains("sites cut off") && figure.svg().contains("run of 20 served")
        );
    }
}

//! A trial: some days of traffic, and the one thing that goes wrong on them.
use crate::systems::traffic::Traffic;
use lambda::datum::{DataUnit, Datum};
use lambda::faults::{CrashPoint, Crashes};
use std::ops::Range;

pub(super) const HOUR: i64 = 3_600;

/// What goes wrong. This names what the experiment compares; its one crash is a plan of
/// [`lambda::faults`], see [`Scenario::crashes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    LateCopies,
    LateEquivs,
    Crash,
    Bug,
    LostStore,
}

impl Fault {
    /// All of them, the days without one first.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::LateCopies,
        Self::LateEquivs,
        Self::Crash,
        Self::Bug,
        Self::LostStore,
    ];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::LateCopies => "late copies",
            Self::LateEquivs => "late equivs",
            Self::Crash => "crash",
            Self::Bug => "bug",
            Self::LostStore => "lost store",
        }
    }
}

/// Days of traffic with a fault. Hours are counted from 0, from the first midnight on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    pub fault: Fault,
    /// The traffic, late copies and late equivs included.
    pub traffic: Traffic,
    /// The hours in which the code with the bug runs, if that is the fault.
    pub bug: Range<i64>,
    /// The hour in whose middle the store of answers is lost, if that is the fault.
    pub lost: i64,
    /// Number of page views and equivs between two crashes, if those are the fault.
    pub crash_every: u64,
    /// Seconds between two commits of the offset of a stream program: a divisor of 3,600.
    pub commit_every: i64,
    /// Seconds between two commits of a lakehouse: a divisor of 3,600.
    pub lake_every: i64,
    /// Hours between two batch runs of Lambda, and between two backups of one store.
    pub batch_every: i64,
    /// For how many seconds the stream programs remember an event, so that a copy is recognised.
    pub remembered: i64,
    /// Whether visits and bounces are asked for too.
    pub visits: bool,
}

/// Number of crashes, if those are the fault.
const CRASHES: u64 = 13;

impl Scenario {
    /// One day, as chapter 9 has it: the bug runs from nine to thirteen o'clock, and the store
    /// is lost at half past three in the afternoon.
    pub fn day(fault: Fault) -> Self {
        Self {
            fault,
            traffic: with(fault, Traffic::SMALL),
            bug: 9..13,
            lost: 15,
            crash_every: 400,
            commit_every: HOUR,
            lake_every: HOUR,
            batch_every: 6,
            remembered: HOUR,
            visits: false,
        }
    }

    /// Four days: the bug runs for the second and the third of them, and the store is lost on
    /// the third, at half past three in the afternoon.
    pub fn four_days(fault: Fault) -> Self {
        Self {
            traffic: with(fault, Traffic::FOUR_DAYS),
            bug: 24..72,
            lost: 63,
            crash_every: 700,
            commit_every: 600,
            visits: true,
            ..Self::day(fault)
        }
    }

    /// The second at which [`standing`](super::standing) asks in chapter 12: ten minutes to two in
    /// the afternoon of the second day.
    pub const ASKED: i64 = 37 * HOUR + 50 * 60;

    /// Returns the number of hours.
    pub fn hours(&self) -> i64 {
        self.traffic.secs() / HOUR
    }

    /// Whether the code that runs in an hour has the bug.
    pub(super) fn buggy(&self, hour: i64) -> bool {
        self.fault == Fault::Bug && self.bug.contains(&hour)
    }

    /// Whether the bug is found at the beginning of an hour.
    pub(super) fn finds_bug(&self, hour: i64) -> bool {
        self.fault == Fault::Bug && hour == self.bug.end
    }

    /// Whether the store of answers is lost in the middle of an hour.
    pub(super) fn loses(&self, hour: i64) -> bool {
        self.fault == Fault::LostStore && hour == self.lost
    }

    /// Returns the crashes. A step is an arrival, numbered from 0; the process crashes when a
    /// part of it has taken effect, and before it is acknowledged.
    pub fn crashes(&self) -> Crashes<u64> {
        let crashes = if self.fault == Fault::Crash {
            CRASHES
        } else {
            0
        };
        Crashes::at((0..crashes).map(|n| CrashPoint::after(200 + self.crash_every * n)))
    }
}

/// The traffic with what comes late in it.
fn with(fault: Fault, traffic: Traffic) -> Traffic {
    match fault {
        Fault::LateCopies => Traffic {
            copies_late_by: 6 * HOUR,
            ..traffic
        },
        Fault::LateEquivs => Traffic {
            equivs_late_by: 5 * HOUR,
            ..traffic
        },
        _ => traffic,
    }
}

/// What the code with the bug makes of a page view: it is of page 0.
pub(super) fn misread(datum: &Datum) -> Datum {
    let mut datum = datum.clone();
    if let DataUnit::PageView(view) = &mut datum.dataunit {
        view.page.url = "http://mysite.com/page/0".to_owned();
    }
    datum
}

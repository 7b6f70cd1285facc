//! What the designs with a program of their own did in a dated run, for readers who have not built
//! these programs. A test runs them again where they are built, and compares every count.
use super::outcome::{Design, Outcome, Standing, WrongAnswers};
use super::scenario::{Fault, Scenario};
use super::system::{Kept, Recovery};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The day of the run, and the machine.
pub const TAKEN: &str = "2026-11-30, a virtual machine with 2 cores";

/// Runs of [`Scenario::four_days`].
const RUNS: &str = include_str!("recorded.json");

/// An outcome as it is stored.
#[derive(Deserialize, Serialize)]
struct Run {
    design: String,
    fault: String,
    /// For each hour: wrong page views, uniques, bounces, and answers asked for.
    hours: Vec<[i64; 4]>,
    /// What was done, records and bytes that were read for it, and microseconds.
    recovery: Option<(String, i64, i64, u64)>,
    raw_bytes: i64,
    all_bytes: i64,
}

/// Returns the recorded outcome of a trial; `None` if it was not recorded.
pub(super) fn recorded(trial: &Scenario, design: Design) -> Option<Outcome> {
    if *trial != Scenario::four_days(trial.fault) {
        return None;
    }
    let runs: Vec<Run> = serde_json::from_str(RUNS).expect("the record is a part of the program");
    let is_it = |run: &Run| run.design == design.name() && run.fault == trial.fault.name();
    let run = runs.into_iter().find(is_it)?;
    let hour = |[page_views, uniques, bounces, asked]: [i64; 4]| WrongAnswers {
        page_views,
        uniques,
        bounces,
        asked,
    };
    Some(Outcome {
        fault: trial.fault,
        design,
        hours: run.hours.into_iter().map(hour).collect(),
        recovery: run.recovery.map(|(how, records, bytes, micros)| Recovery {
            how: HOWS.into_iter().find(|known| *known == how).unwrap_or("?"),
            records,
            bytes,
            took: Duration::from_micros(micros),
        }),
        kept: Kept {
            raw_bytes: run.raw_bytes,
            all_bytes: run.all_bytes,
        },
        recorded: true,
    })
}

/// How these designs answered at [`Scenario::ASKED`]: seconds behind, rows read, bytes of raw data, bytes
/// of all data, and microseconds.
const STANDINGS: [(Design, i64, i64, i64, i64, u64); 2] = [
    (Design::Lakehouse, 3_036, 1_300, 155_610, 786_432, 48_592),
    (Design::Maintained, 12, 14, 629_000, 14_077_952, 11),
];

/// Returns the recorded standing of a design; `None` if another was asked for.
pub(super) fn recorded_standing(trial: &Scenario, design: Design, now: i64) -> Option<Standing> {
    if *trial != Scenario::four_days(Fault::None) || now != Scenario::ASKED {
        return None;
    }
    let found = STANDINGS.into_iter().find(|(of, ..)| *of == design);
    found.map(
        |(design, behind, rows, raw_bytes, all_bytes, micros)| Standing {
            design,
            behind,
            rows,
            kept: Kept {
                raw_bytes,
                all_bytes,
            },
            latency: Duration::from_micros(micros),
        },
    )
}

/// What these designs do after a fault, as they say it.
const HOWS: [&str; 3] = [
    "restore a version, clean again",
    "clean all raw rows again",
    "replay the log",
];

/// Returns the record of some outcomes, to be stored.
///
/// # Panics
/// Never: counts are plain data.
pub fn record_of(outcomes: &[Outcome]) -> String {
    let run = |outcome: &Outcome| Run {
        design: outcome.design.name().to_owned(),
        fault: outcome.fault.name().to_owned(),
        hours: outcome
            .hours
            .iter()
            .map(|hour| [hour.page_views, hour.uniques, hour.bounces, hour.asked])
            .collect(),
        recovery: outcome.recovery.map(|recovery| {
            let micros = recovery.took.as_micros() as u64;
            (
                recovery.how.to_owned(),
                recovery.records,
                recovery.bytes,
                micros,
            )
        }),
        raw_bytes: outcome.kept.raw_bytes,
        all_bytes: outcome.kept.all_bytes,
    };
    let runs: Vec<Run> = outcomes.iter().map(run).collect();
    serde_json::to_string(&runs).expect("plain data")
}

/// Whether the programs are built that designs of chapter 12 need.
pub fn is_built(design: Design) -> bool {
    match design {
        Design::Lakehouse => super::program::place(super::lakehouse::PROGRAM).is_file(),
        Design::Maintained => super::program::place(super::maintained::PROGRAM).is_file(),
        _ => true,
    }
}

#[cfg(test)]
#[path = "recorded_tests.rs"]
mod tests;

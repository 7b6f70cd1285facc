//! Thousands of seeds at once.
use super::{CapError, Config, ReplicaProtocol, ReplicaType, simulation};
use polars::prelude::{DataFrame, PolarsResult, df};
use rayon::prelude::*;
use std::ops::Range;

/// Means over runs of one configuration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SweepSummary {
    /// What was run.
    pub config: Config,
    /// How many runs.
    pub runs: usize,
    /// The share of requests that were answered.
    pub availability: f64,
    /// The share of reads that were stale, of all answered.
    pub stale: f64,
    /// The share of writes that were lost, of all acknowledged.
    pub lost: f64,
    /// The share of writes whose outcome is unknown, of all writes that were not refused.
    pub unknown: f64,
    /// Page views that are counted more than once, of all acknowledged.
    pub doubled: f64,
    /// Ms from a question to its answer, of the answered: the median, and the 99th of a hundred.
    pub latency_ms: (u64, u64),
    /// Ms from the end until all replicas held one state, of the runs where they did: the
    /// median, and the 99th of a hundred.
    pub converged_ms: (u64, u64),
    /// Runs in which they did not within a minute.
    pub apart: usize,
}

/// Runs a configuration with every seed, on all cores.
///
/// ```
/// use lambda_workbook::cap::{Config, ReplicaProtocol, ReplicaType, sweep};
/// let number = sweep(&Config::new(3, ReplicaProtocol::Gossip, ReplicaType::Number)?, 0..20)?;
/// assert!(number.availability == 1.0 && number.lost > 0.0);
/// # Ok::<(), lambda_workbook::cap::CapError>(())
/// ```
///
/// # Errors
/// A configuration that cannot be.
pub fn sweep(config: &Config, seeds: Range<u64>) -> Result<SweepSummary, CapError> {
    struct Run {
        asked: usize,
        answered: f64,
        reads: usize,
        stale: usize,
        acknowledged: usize,
        lost: usize,
        unknown: usize,
        doubled: usize,
        latency: Vec<u64>,
        converged: Option<u64>,
    }
    let one = |seed| {
        let outcome = simulation::run(config, seed)?;
        let answered = outcome
            .answers
            .iter()
            .filter(|answer| answer.reply.is_answer());
        Ok(Run {
            asked: outcome.answers.len(),
            answered: outcome.availability() * outcome.answers.len() as f64,
            reads: outcome.reads,
            stale: outcome.stale_reads,
            acknowledged: outcome.acknowledged,
            lost: outcome.lost_writes,
            unknown: outcome.unknown,
            doubled: outcome.doubled,
            latency: answered
                .map(|answer| answer.answered_ms - answer.asked_ms)
                .collect(),
            converged: outcome.converged_ms,
        })
    };
    let runs = seeds.into_par_iter().map(one);
    let runs: Vec<Run> = runs.collect::<Result<_, CapError>>()?;
    let of = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let sum = |count: &dyn Fn(&Run) -> f64| runs.iter().map(count).sum::<f64>();
    let acknowledged = sum(&|run| run.acknowledged as f64);
    let unknown = sum(&|run| run.unknown as f64);
    let converged: Vec<u64> = runs.iter().filter_map(|run| run.converged).collect();
    let latency = runs
        .iter()
        .flat_map(|run| run.latency.iter().copied())
        .collect();
    Ok(SweepSummary {
        config: *config,
        runs: runs.len(),
        availability: of(sum(&|run| run.answered), sum(&|run| run.asked as f64)),
        stale: of(sum(&|run| run.stale as f64), sum(&|run| run.reads as f64)),
        lost: of(sum(&|run| run.lost as f64), acknowledged),
        unknown: of(unknown, acknowledged + unknown),
        doubled: of(sum(&|run| run.doubled as f64), acknowledged),
        latency_ms: percentiles(latency),
        apart: runs.len() - converged.len(),
        converged_ms: percentiles(converged),
    })
}

/// Returns the median, and the 99th of a hundred.
fn percentiles(mut values: Vec<u64>) -> (u64, u64) {
    values.sort_unstable();
    let last = values.len().saturating_sub(1);
    let rank = |percent: usize| values.get((values.len() * percent / 100).min(last));
    (
        rank(50).copied().unwrap_or(0),
        rank(99).copied().unwrap_or(0),
    )
}

/// Sweeps both protocols with each of the types that are compared.
///
/// # Errors
/// A configuration that cannot be.
pub fn grid(
    replicas: usize,
    seeds: Range<u64>,
    change: impl Fn(Config) -> Result<Config, CapError>,
) -> Result<Vec<SweepSummary>, CapError> {
    let mut summaries = Vec::new();
    for protocol in ReplicaProtocol::ALL {
        for data in ReplicaType::COMPARED {
            let config = change(Config::new(replicas, protocol, data)?)?;
            summaries.push(sweep(&config, seeds.clone())?);
        }
    }
    Ok(summaries)
}

fn percent(share: f64) -> f64 {
    (share * 10_000.0).round() / 100.0
}

/// Returns summaries as a table; shares are in percent.
///
/// # Errors
/// None in practice: the columns have one length.
pub fn table(summaries: &[SweepSummary]) -> PolarsResult<DataFrame> {
    let share = |share: &dyn Fn(&SweepSummary) -> f64| -> Vec<f64> {
        summaries
            .iter()
            .map(|summary| percent(share(summary)))
            .collect()
    };
    let number = |count: &dyn Fn(&SweepSummary) -> u64| -> Vec<u64> {
        summaries.iter().map(count).collect()
    };
    let words = |of: &dyn Fn(&Config) -> String| -> Vec<String> {
        summaries
            .iter()
            .map(|summary| of(&summary.config))
            .collect()
    };
    df!(
        "protocol" => words(&|config| config.protocol.to_string()),
        "type" => words(&|config| config.data.to_string()),
        "R" => number(&|summary| summary.config.r as u64),
        "W" => number(&|summary| summary.config.w as u64),
        "no answer %" => share(&|summary| 1.0 - summary.availability),
        "stale reads %" => share(&|summary| summary.stale),
        "lost writes %" => share(&|summary| summary.lost),
        "p50 ms" => number(&|summary| summary.latency_ms.0),
        "p99 ms" => number(&|summary| summary.latency_ms.1),
    )
}

/// Returns what each store costs, for a picture: `store`, `cost`, `%`.
///
/// # Errors
/// None in practice: the columns have one length.
pub fn costs(summaries: &[SweepSummary]) -> PolarsResult<DataFrame> {
    let (mut store, mut cost, mut percents) = (vec![], vec![], vec![]);
    for summary in summaries {
        let shares = [
            ("no answer", 1.0 - summary.availability),
            ("stale reads", summary.stale),
            ("lost writes", summary.lost),
        ];
        for (what, share) in shares {
            store.push(format!(
                "{}, {}",
                summary.config.protocol, summary.config.data
            ));
            cost.push(what);
            percents.push((share * 1_000.0).round() / 10.0);
        }
    }
    df!("store" => store, "cost" => cost, "%" => percents)
}

/// Counts page views with quorums while the network is cut, by three kinds of clients: `client`,
/// `unknown %`, `counted again %`, `lost writes %`. The first never asks again, the second asks
/// again when an outcome is unknown, and so does the third, whose page views have names. Counted
/// again is what is counted beyond once, in percent of what was acknowledged.
///
/// # Errors
/// A configuration that cannot be.
pub fn retries(seeds: Range<u64>) -> PolarsResult<DataFrame> {
    let clients = [
        ("never asks again", ReplicaType::Counter, false),
        ("asks again if unknown", ReplicaType::Counter, true),
        ("asks again, with a name", ReplicaType::Facts, true),
    ];
    let (mut names, mut unknown, mut doubled, mut lost) = (vec![], vec![], vec![], vec![]);
    for (name, data, retry) in clients {
        let mut config = Config::new(3, ReplicaProtocol::Quorum, data)?;
        config.retry_unknown = retry;
        let summary = sweep(&config, seeds.clone())?;
        names.push(name);
        unknown.push(percent(summary.unknown));
        doubled.push(percent(summary.doubled));
        lost.push(percent(summary.lost));
    }
    df!("client" => names, "unknown %" => unknown, "counted again %" => doubled, "lost writes %" => lost)
}

/// Counts page views in stores of which a replica loses its disk: `store`, `W`, `disk`,
/// `lost writes %`, `no answer %`. The replica was cut off when its disk was lost.
///
/// # Errors
/// A configuration that cannot be.
pub fn lost_disks(seeds: Range<u64>) -> PolarsResult<DataFrame> {
    let (mut store, mut w, mut disk, mut lost, mut unanswered) =
        (vec![], vec![], vec![], vec![], vec![]);
    for protocol in [ReplicaProtocol::Gossip, ReplicaProtocol::Quorum] {
        for is_lost in [false, true] {
            let mut config = Config::new(3, protocol, ReplicaType::Counter)?.losing_a_disk();
            if let Some(crash) = &mut config.crash {
                crash.disk_lost = is_lost;
            }
            let summary = sweep(&config, seeds.clone())?;
            store.push(format!("{protocol}, G-counter"));
            w.push(config.w as u64);
            disk.push(if is_lost { "lost" } else { "kept" });
            lost.push(percent(summary.lost));
            unanswered.push(percent(1.0 - summary.availability));
        }
    }
    df!("store" => store, "W" => w, "disk" => disk, "lost writes %" => lost, "no answer %" => unanswered)
}

#[cfg(test)]
mod tests {
    use super::super::{ReplicaState, Request};
    use super::*;
    use ReplicaProtocol::{Gossip, Quorum};
    use ReplicaType::{Counter, Facts, Number, Register};

    fn of(protocol: ReplicaProtocol, data: ReplicaType) -> Config {
        Config::new(3, protocol, data).unwrap()
    }

    fn swept(protocol: ReplicaProtocol, data: ReplicaType) -> SweepSummary {
        sweep(&of(protocol, data), 0..100).unwrap()
    }

    #[test]
    fn quorums_that_overlap_are_never_stale_whatever_they_hold_and_not_always_there() {
        for data in ReplicaType::COMPARED {
            let cp = swept(Quorum, data);
            assert_eq!((cp.stale, cp.apart), (0.0, 0), "{data}");
            assert!((0.5..0.99).contains(&cp.availability), "{cp:?}");
        }
    }

    #[test]
    fn a_number_loses_page_views_with_quorums_too_and_a_counter_with_neither() {
        let (quorum, gossip) = (swept(Quorum, Number), swept(Gossip, Number));
        assert!(quorum.lost > 0.01, "{quorum:?}");
        assert!(gossip.lost > quorum.lost, "{gossip:?}");
        for protocol in ReplicaProtocol::ALL {
            assert_eq!(swept(protocol, Counter).lost, 0.0, "{protocol}");
        }
    }

    #[test]
    fn quorums_wait_on_a_healthy_network_and_gossip_does_not() {
        let healthy = |protocol| {
            let config = of(protocol, Counter).partitioned_for(0);
            sweep(&config, 0..20).unwrap().latency_ms
        };
        assert_eq!(healthy(Gossip), (0, 0));
        let (median, slow) = healthy(Quorum);
        // A way there and back takes 2 to 40 ms, and a read takes two of them.
        assert!(
            (10..50).contains(&median) && slow > median,
            "{median} {slow}"
        );
    }

    #[test]
    fn gossip_always_answers_and_is_stale() {
        for data in ReplicaType::COMPARED {
            let ap = swept(Gossip, data);
            assert_eq!((ap.availability, ap.apart), (1.0, 0), "{data}");
            assert!(ap.stale > 0.05, "{ap:?}");
        }
    }

    #[test]
    fn quorums_that_need_not_overlap_are_stale() {
        let loose = of(Quorum, Register).quorums(1, 1).unwrap();
        assert!(!loose.overlaps());
        let loose = sweep(&loose, 0..100).unwrap();
        assert!(loose.stale > 0.05, "{loose:?}");
    }

    #[test]
    fn an_unknown_increment_that_is_made_again_counts_twice_unless_it_has_a_name() {
        let with = |data, retry| {
            let mut config = of(Quorum, data);
            config.retry_unknown = retry;
            sweep(&config, 0..50).unwrap()
        };
        let (never, again, named) = (with(Counter, false), with(Counter, true), with(Facts, true));
        assert!(never.unknown > 0.01 && never.doubled == 0.0, "{never:?}");
        assert!(again.doubled > 0.01, "{again:?}");
        assert_eq!((named.doubled, named.lost), (0.0, 0.0));
    }

    #[test]
    fn with_one_copy_a_lost_disk_loses_acknowledged_writes_and_with_two_it_does_not() {
        let lost = |protocol| {
            let config = of(protocol, Counter).losing_a_disk();
            sweep(&config, 0..50).unwrap().lost
        };
        assert!(lost(Gossip) > 0.01);
        assert_eq!(lost(Quorum), 0.0);
        // A crash that keeps the disk loses nothing.
        let mut kept = of(Gossip, Counter).losing_a_disk();
        kept.crash.as_mut().unwrap().disk_lost = false;
        assert_eq!(sweep(&kept, 0..50).unwrap().lost, 0.0);
    }

    #[test]
    fn counters_survive_any_network_that_is_sometimes_whole() {
        let mut config = of(Gossip, Counter);
        (
            config.network.loss_per_mille,
            config.network.twice_per_mille,
        ) = (500, 500);
        let crdt = sweep(&config, 0..50).unwrap();
        assert_eq!((crdt.lost, crdt.doubled, crdt.apart), (0.0, 0.0, 0));
    }

    #[test]
    fn without_repair_replicas_stay_apart() {
        let mut config = of(Gossip, Counter);
        (config.read_repair, config.anti_entropy_ms) = (false, 0);
        assert!(sweep(&config, 0..50).unwrap().apart > 0);
    }

    #[test]
    fn the_same_seed_gives_the_same_run() {
        for protocol in ReplicaProtocol::ALL {
            for data in ReplicaType::COMPARED {
                let run = || simulation::run(&of(protocol, data), 99).unwrap();
                assert_eq!(run(), run());
            }
        }
    }

    #[test]
    fn clients_ask_as_often_while_the_network_is_cut() {
        let outcome = simulation::run(&of(Quorum, Counter), 5).unwrap();
        let asked = |from: u64| {
            let within = |ms: u64| (from..from + 2_000).contains(&ms);
            outcome
                .answers
                .iter()
                .filter(|answer| within(answer.asked_ms))
                .count() as f64
        };
        let (before, during) = (asked(2_000), asked(4_000));
        assert!(
            (0.8..1.25).contains(&(during / before)),
            "{before} {during}"
        );
    }

    #[test]
    fn what_cannot_be_simulated_is_said() {
        let text = |error: CapError| error.to_string();
        let none = Config::new(0, Gossip, Counter).unwrap_err();
        assert!(text(none).contains("no replicas"));
        let asked = of(Quorum, Counter).quorums(2, 4).unwrap_err();
        assert_eq!(text(asked), "W = 4 copies of N = 3: choose W from 1 to 3");
        assert!(of(Quorum, Counter).quorums(0, 2).is_err());
        let start = ReplicaState::empty(Counter);
        let asked = simulation::script(&of(Gossip, Counter), 0, start, &[(0, 3, Request::Read)]);
        assert!(text(asked.unwrap_err()).contains("no replica 3 among 3"));
        let mut config = of(Gossip, Counter);
        config.network.loss_per_mille = 1_001;
        assert!(config.check().is_err());
    }

    #[test]
    fn one_replica_is_never_wrong() {
        for protocol in ReplicaProtocol::ALL {
            for data in ReplicaType::COMPARED {
                let config = Config::new(1, protocol, data).unwrap();
                let outcome = simulation::run(&config, 5).unwrap();
                let (stale, lost) = (outcome.stale_reads, outcome.lost_writes);
                assert_eq!((outcome.availability(), stale, lost), (1.0, 0, 0));
            }
        }
    }
}

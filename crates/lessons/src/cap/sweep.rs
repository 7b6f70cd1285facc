//! Thousands of seeds at once.
use super::{CapError, Config, simulation};
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
    /// Requests that were answered, of all.
    pub availability: f64,
    /// Reads that missed an acknowledged page view, of all answered.
    pub stale: f64,
    /// Acknowledged page views that were lost, of all acknowledged.
    pub lost: f64,
    /// Ms from the end until all replicas held one state, of the runs where they
    /// did; the median, and the 99th of a hundred.
    pub converged_ms: (u64, u64),
    /// Runs in which they did not within a minute.
    pub apart: usize,
}

/// Runs a configuration with every seed, on all cores.
///
/// ```
/// use lambda_workbook::cap::{Config, Form, sweep};
/// let ap = sweep(&Config::new(3, Form::LastWrite)?, 0..20)?;
/// assert!(ap.availability == 1.0 && ap.lost > 0.0);
/// # Ok::<(), lambda_workbook::cap::CapError>(())
/// ```
pub fn sweep(config: &Config, seeds: Range<u64>) -> Result<SweepSummary, CapError> {
    struct Run {
        asked: usize,
        answered: f64,
        reads: usize,
        stale: usize,
        acknowledged: u64,
        lost: u64,
        converged: Option<u64>,
    }
    let one = |seed| {
        let outcome = simulation::run(config, seed)?;
        Ok(Run {
            asked: outcome.answers.len(),
            answered: outcome.availability() * outcome.answers.len() as f64,
            reads: outcome.reads,
            stale: outcome.stale_reads,
            acknowledged: outcome.acknowledged,
            lost: outcome.lost_writes,
            converged: outcome.converged_ms,
        })
    };
    let runs: Vec<Run> = seeds
        .into_par_iter()
        .map(one)
        .collect::<Result<_, CapError>>()?;
    let of = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let sum = |count: &dyn Fn(&Run) -> f64| runs.iter().map(count).sum::<f64>();
    let mut converged: Vec<u64> = runs.iter().filter_map(|run| run.converged).collect();
    converged.sort_unstable();
    let rank = |percent: usize| {
        converged.get((converged.len() * percent / 100).min(converged.len().saturating_sub(1)))
    };
    Ok(SweepSummary {
        config: *config,
        runs: runs.len(),
        availability: of(sum(&|run| run.answered), sum(&|run| run.asked as f64)),
        stale: of(sum(&|run| run.stale as f64), sum(&|run| run.reads as f64)),
        lost: of(
            sum(&|run| run.lost as f64),
            sum(&|run| run.acknowledged as f64),
        ),
        converged_ms: (
            rank(50).copied().unwrap_or(0),
            rank(99).copied().unwrap_or(0),
        ),
        apart: runs.len() - converged.len(),
    })
}

/// Summaries as a table; shares are in percent.
pub fn table(summaries: &[SweepSummary]) -> PolarsResult<DataFrame> {
    let percent = |share: &dyn Fn(&SweepSummary) -> f64| -> Vec<f64> {
        summaries
            .iter()
            .map(|summary| (share(summary) * 10_000.0).round() / 100.0)
            .collect()
    };
    let number = |count: &dyn Fn(&SweepSummary) -> u64| -> Vec<u64> {
        summaries.iter().map(count).collect()
    };
    df!(
        "store" => summaries.iter().map(|summary| summary.config.form.to_string()).collect::<Vec<_>>(),
        "N" => number(&|summary| summary.config.replicas as u64),
        "R" => number(&|summary| summary.config.r as u64),
        "W" => number(&|summary| summary.config.w as u64),
        "answered %" => percent(&|summary| summary.availability),
        "stale reads %" => percent(&|summary| summary.stale),
        "lost views %" => percent(&|summary| summary.lost),
        "met after ms" => number(&|summary| summary.converged_ms.0),
        "99 % after ms" => number(&|summary| summary.converged_ms.1),
        "never met" => number(&|summary| summary.apart as u64),
    )
}

/// What each store's clients paid, for a picture: `store`, `paid`, `%`.
pub fn costs(summaries: &[SweepSummary]) -> PolarsResult<DataFrame> {
    let (mut store, mut paid, mut percent) = (vec![], vec![], vec![]);
    for summary in summaries {
        let shares = [
            ("no answer", 1.0 - summary.availability),
            ("stale reads", summary.stale),
            ("lost views", summary.lost),
        ];
        for (what, share) in shares {
            store.push(summary.config.form.to_string());
            paid.push(what);
            percent.push((share * 1_000.0).round() / 10.0);
        }
    }
    df!("store" => store, "paid" => paid, "%" => percent)
}

#[cfg(test)]
mod tests {
    use super::super::{Form, ReplicaState, Reply, Request};
    use super::*;

    fn of(form: Form) -> Config {
        Config::new(3, form).unwrap()
    }

    #[test]
    fn quorums_that_meet_are_never_stale_and_not_always_there() {
        let cp = sweep(&of(Form::Quorum), 0..200).unwrap();
        assert_eq!((cp.stale, cp.lost, cp.apart), (0.0, 0.0, 0));
        assert!((0.5..0.99).contains(&cp.availability), "{cp:?}");
    }

    #[test]
    fn quorums_that_need_not_meet_are_stale() {
        let loose = of(Form::Quorum).quorums(1, 1).unwrap();
        assert!(!loose.overlaps());
        let loose = sweep(&loose, 0..200).unwrap();
        assert!(loose.stale > 0.05, "{loose:?}");
    }

    #[test]
    fn the_last_write_loses_views_and_crdts_lose_none() {
        let last = sweep(&of(Form::LastWrite), 0..200).unwrap();
        let crdt = sweep(&of(Form::Crdt), 0..200).unwrap();
        assert!((last.availability, crdt.availability) == (1.0, 1.0));
        assert!(last.lost > 0.1, "{last:?}");
        assert_eq!((crdt.lost, crdt.apart), (0.0, 0));
        assert!(crdt.stale > 0.05, "{crdt:?}");
    }

    #[test]
    fn crdts_survive_any_network_that_is_sometimes_whole() {
        let mut config = of(Form::Crdt);
        (
            config.network.loss_per_mille,
            config.network.twice_per_mille,
        ) = (500, 500);
        let crdt = sweep(&config, 0..100).unwrap();
        assert_eq!((crdt.lost, crdt.apart), (0.0, 0));
    }

    #[test]
    fn without_repair_replicas_stay_apart() {
        let mut config = of(Form::Crdt);
        (config.read_repair, config.anti_entropy_ms) = (false, 0);
        assert!(sweep(&config, 0..50).unwrap().apart > 0);
    }

    #[test]
    fn the_same_seed_gives_the_same_run() {
        for form in Form::ALL {
            let run = || simulation::run(&of(form), 99).unwrap();
            assert_eq!(run(), run());
        }
    }

    #[test]
    fn what_cannot_be_simulated_is_said() {
        let text = |error: CapError| error.to_string();
        assert!(text(Config::new(0, Form::Crdt).unwrap_err()).contains("no replicas"));
        let asked = of(Form::Quorum).quorums(2, 4).unwrap_err();
        assert_eq!(text(asked), "W = 4 copies of N = 3: choose W from 1 to 3");
        assert!(of(Form::Quorum).quorums(0, 2).is_err());
        let start = ReplicaState::count(Form::Crdt);
        let asked = simulation::script(&of(Form::Crdt), 0, start, &[(0, 3, Request::Read)]);
        assert!(text(asked.unwrap_err()).contains("no replica 3 among 3"));
        let mut config = of(Form::Crdt);
        config.network.loss_per_mille = 1_001;
        assert!(config.check().is_err());
    }

    #[test]
    fn one_replica_is_never_wrong() {
        for form in Form::ALL {
            let config = Config::new(1, form).unwrap();
            let outcome = simulation::run(&config, 5).unwrap();
            assert_eq!(
                (
                    outcome.availability(),
                    outcome.stale_reads,
                    outcome.lost_writes
                ),
                (1.0, 0, 0)
            );
            assert!(
                outcome
                    .answers
                    .iter()
                    .all(|answer| answer.reply != Reply::NoAnswer)
            );
        }
    }
}

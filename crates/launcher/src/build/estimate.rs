//! How far a build is and how long it still takes, from what compiling each crate
//! cost on the machine where the table was made.
//!
//! Counting crates would mislead: polars-core takes as long as two hundred small
//! ones. The table holds the crates that cost most; every other crate counts with
//! the mean of the rest. Only the shares matter, for the pace is measured here.
use std::collections::HashMap;
use std::time::Duration;

/// `crate seconds`, one a line, from `cargo build --timings`; `*` is the mean of all
/// others. To renew it after a change of dependencies: `crates/launcher/costs.py`.
const COSTS: &str = include_str!("../../costs.txt");

/// How much of the expected work a machine does in one second before anything is
/// measured: two cores of the table's machine.
const FIRST_PACE: f64 = 1.6;
/// Work after which the measured pace alone counts.
const TRUSTED: f64 = 40.0;

/// The expected work of a build, and what of it is done.
pub struct Estimate {
    costs: HashMap<&'static str, f64>,
    mean: f64,
    /// Work of all crates that were to be compiled, and of those that are.
    total: f64,
    done: f64,
    /// The part of `done` that this run compiled: what was there already took no time.
    compiled: f64,
    waiting: HashMap<String, u32>,
}

impl Estimate {
    /// The work of compiling `crates`; a crate that occurs in two versions is named
    /// twice.
    pub fn new(crates: impl IntoIterator<Item = String>) -> Estimate {
        let mut costs: HashMap<&str, f64> = HashMap::new();
        for line in COSTS.lines() {
            if let Some((name, cost)) = line.split_once(' ')
                && let Ok(cost) = cost.parse()
            {
                costs.insert(name, cost);
            }
        }
        let mean = costs.get("*").copied().unwrap_or(1.0);
        let mut estimate = Estimate {
            costs,
            mean,
            total: 0.0,
            done: 0.0,
            compiled: 0.0,
            waiting: HashMap::new(),
        };
        for name in crates {
            estimate.total += estimate.cost(&name);
            *estimate.waiting.entry(name).or_default() += 1;
        }
        estimate
    }

    fn cost(&self, name: &str) -> f64 {
        self.costs.get(name).copied().unwrap_or(self.mean)
    }

    /// Notes that a crate is done; `fresh` when it was compiled by an earlier run.
    pub fn done(&mut self, name: &str, fresh: bool) {
        // A crate may have several targets; the first one counts.
        match self.waiting.get_mut(name) {
            Some(count) if *count > 0 => *count -= 1,
            _ => return,
        }
        let cost = self.cost(name);
        self.done += cost;
        if !fresh {
            self.compiled += cost;
        }
    }

    /// The share of the work that is done, in percent; 100 only when all is.
    pub fn percent(&self) -> u8 {
        if self.total <= 0.0 || self.done >= self.total {
            return 100;
        }
        ((self.done / self.total) * 100.0).min(99.0) as u8
    }

    /// The seconds that the rest takes at the pace so far, after `elapsed`.
    pub fn seconds_left(&self, elapsed: Duration) -> u64 {
        let elapsed = elapsed.as_secs_f64().max(0.1);
        // Until enough is measured, the expected pace has a part in it.
        let trust = (self.compiled / TRUSTED).min(1.0);
        let pace = trust * (self.compiled / elapsed) + (1.0 - trust) * FIRST_PACE;
        ((self.total - self.done).max(0.0) / pace.max(1e-3)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Estimate {
        Estimate::new(names.iter().map(|name| name.to_string()))
    }

    #[test]
    fn a_large_crate_counts_more_than_a_small_one() {
        let mut estimate = of(&["polars-core", "itoa"]);
        estimate.done("itoa", false);
        assert!(estimate.percent() < 20, "{}", estimate.percent());
        estimate.done("polars-core", false);
        assert_eq!(estimate.percent(), 100);
    }

    #[test]
    fn what_an_earlier_run_compiled_is_done_but_says_nothing_about_the_pace() {
        let mut estimate = of(&["polars-core", "polars-ops", "itoa"]);
        let unmeasured = estimate.seconds_left(Duration::from_secs(1));
        estimate.done("polars-core", true);
        let resumed = estimate.seconds_left(Duration::from_secs(1));
        assert!(
            0 < resumed && resumed < unmeasured,
            "{resumed} of {unmeasured}"
        );
    }

    #[test]
    fn a_slow_machine_is_told_a_longer_time() {
        let rest = |elapsed| {
            let mut estimate = of(&["polars-core", "polars-ops", "polars-expr"]);
            estimate.done("polars-core", false);
            estimate.seconds_left(Duration::from_secs(elapsed))
        };
        assert!(rest(600) > 2 * rest(60));
    }

    #[test]
    fn unknown_and_repeated_crates_do_no_harm() {
        let mut estimate = of(&["syn", "syn", "a-new-crate"]);
        for name in ["syn", "syn", "syn", "never-heard-of", "a-new-crate"] {
            assert!(estimate.percent() <= 100);
            estimate.done(name, false);
        }
        assert_eq!(estimate.percent(), 100);
        assert_eq!(estimate.seconds_left(Duration::from_secs(5)), 0);
    }
}

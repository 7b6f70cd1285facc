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

/// How much of the expected work a compiler does in one second, before anything is
/// measured: as on the table's machine.
const FIRST_PACE: f64 = 1.0;
/// Work after which the measured pace alone counts.
const TRUSTED: f64 = 40.0;
/// A crate that takes longer than expected counts as done up to this share.
const ALMOST: f64 = 0.95;

/// The expected work of a build, and what of it is done.
pub struct Estimate {
    costs: HashMap<&'static str, f64>,
    mean: f64,
    /// How many compilers run at once.
    compilers: f64,
    /// Work of all crates that were to be compiled, and of those that are done.
    total: f64,
    done: f64,
    /// What of `done` this run compiled, and for how many seconds of a compiler: what
    /// was there already says nothing about the pace.
    compiled: f64,
    seconds: f64,
    waiting: HashMap<String, u32>,
    /// Crates under way, and when each began, in seconds from the start.
    running: HashMap<String, f64>,
}

impl Estimate {
    /// The work of compiling `crates`, so many at once; a crate that occurs in two
    /// versions is named twice.
    pub fn new(crates: impl IntoIterator<Item = String>, compilers: u64) -> Estimate {
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
            compilers: compilers.max(1) as f64,
            total: 0.0,
            done: 0.0,
            compiled: 0.0,
            seconds: 0.0,
            waiting: HashMap::new(),
            running: HashMap::new(),
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

    /// Notes that a compiler has begun with a crate, `now` after the start.
    pub fn begun(&mut self, name: &str, now: Duration) {
        self.running
            .entry(name.to_string())
            .or_insert(now.as_secs_f64());
    }

    /// Notes that a crate is done; `fresh` when it was compiled by an earlier run.
    pub fn done(&mut self, name: &str, fresh: bool, now: Duration) {
        let begun = self.running.remove(name);
        // A crate may have several targets; the first one counts.
        match self.waiting.get_mut(name) {
            Some(count) if *count > 0 => *count -= 1,
            _ => return,
        }
        let cost = self.cost(name);
        self.done += cost;
        if let Some(begun) = begun
            && !fresh
        {
            self.compiled += cost;
            self.seconds += now.as_secs_f64() - begun;
        }
    }

    /// Expected work that one compiler does in a second. Until enough is measured,
    /// the table's machine has a part in it.
    fn pace(&self) -> f64 {
        let trust = (self.compiled / TRUSTED).min(1.0);
        let measured = self.compiled / self.seconds.max(0.1);
        (trust * measured + (1.0 - trust) * FIRST_PACE).max(1e-3)
    }

    /// Work that is done, with the part of the crates under way.
    fn so_far(&self, now: Duration) -> f64 {
        let pace = self.pace();
        let parts = self.running.iter().map(|(name, begun)| {
            let cost = self.cost(name);
            ((now.as_secs_f64() - begun) * pace).clamp(0.0, ALMOST * cost)
        });
        (self.done + parts.sum::<f64>()).min(self.total)
    }

    /// The share of the work that is done, in percent; 100 only when all is.
    pub fn percent(&self, now: Duration) -> u8 {
        if self.done >= self.total {
            return 100;
        }
        ((self.so_far(now) / self.total) * 100.0).min(99.0) as u8
    }

    /// The seconds that the rest takes at the pace so far.
    pub fn seconds_left(&self, now: Duration) -> u64 {
        ((self.total - self.so_far(now)) / (self.pace() * self.compilers)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Estimate {
        Estimate::new(names.iter().map(|name| name.to_string()), 2)
    }

    const START: Duration = Duration::ZERO;

    #[test]
    fn a_large_crate_counts_more_than_a_small_one() {
        let mut estimate = of(&["polars-core", "itoa"]);
        estimate.done("itoa", false, START);
        assert!(estimate.percent(START) < 20, "{}", estimate.percent(START));
        estimate.done("polars-core", false, START);
        assert_eq!(estimate.percent(START), 100);
    }

    #[test]
    fn a_crate_under_way_moves_the_bar_but_never_to_its_end() {
        let mut estimate = of(&["polars-core", "itoa"]);
        estimate.begun("polars-core", START);
        let at = |seconds| estimate.percent(Duration::from_secs(seconds));
        assert!(0 < at(5) && at(5) < at(20), "{} {}", at(5), at(20));
        assert!(at(100_000) < 100);
        let left = estimate.seconds_left(Duration::from_secs(100_000));
        assert!(left < estimate.seconds_left(START));
    }

    #[test]
    fn what_an_earlier_run_compiled_is_done_but_says_nothing_about_the_pace() {
        let mut estimate = of(&["polars-core", "polars-ops", "itoa"]);
        let unmeasured = estimate.seconds_left(START);
        estimate.done("polars-core", true, START);
        let resumed = estimate.seconds_left(START);
        assert!(
            0 < resumed && resumed < unmeasured,
            "{resumed} of {unmeasured}"
        );
    }

    #[test]
    fn a_slow_machine_is_told_a_longer_time() {
        let rest = |seconds| {
            let now = Duration::from_secs(seconds);
            let mut estimate = of(&["polars-core", "polars-ops", "polars-expr"]);
            estimate.begun("polars-core", START);
            estimate.done("polars-core", false, now);
            estimate.seconds_left(now)
        };
        assert!(rest(600) > 2 * rest(60));
    }

    #[test]
    fn unknown_and_repeated_crates_do_no_harm() {
        let mut estimate = of(&["syn", "syn", "a-new-crate"]);
        for name in ["syn", "syn", "syn", "never-heard-of", "a-new-crate"] {
            assert!(estimate.percent(START) <= 100);
            estimate.begun(name, START);
            estimate.done(name, false, START);
        }
        assert_eq!(estimate.percent(START), 100);
        assert_eq!(estimate.seconds_left(START), 0);
    }
}

//! Says what a long step is doing and how far it is: a bar on a terminal, plain
//! lines anywhere else.
use crate::build::state::State;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Where progress goes: standard error, so that standard output stays for answers.
/// Copies write to the same place, so that two steps can run at once.
#[derive(Clone)]
pub struct Progress {
    terminal: bool,
    bars: MultiProgress,
}

impl Progress {
    pub fn on_stderr() -> Progress {
        Progress {
            terminal: std::io::stderr().is_terminal(),
            bars: MultiProgress::new(),
        }
    }

    /// One line that stays.
    pub fn say(&self, line: &str) {
        self.bars.suspend(|| eprintln!("{line}"));
    }

    /// Starts a long step. `total` 0: its length is not known yet.
    pub fn start(&self, what: &str, total: u64) -> Task {
        let bar = if self.terminal {
            let bar = self.bars.add(ProgressBar::new_spinner());
            bar.set_message(what.to_string());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        } else {
            eprintln!("{what} ...");
            ProgressBar::hidden()
        };
        let task = Task {
            what: what.to_string(),
            progress: self.clone(),
            bar,
            started: Instant::now(),
            told: AtomicU64::new(0),
            total: AtomicU64::new(0),
        };
        task.set_total(total);
        task
    }
}

/// A long step under way. Dropped without [`Task::done`], it leaves no "done" line.
pub struct Task {
    what: String,
    progress: Progress,
    bar: ProgressBar,
    started: Instant,
    /// The last tenth that a plain line told of.
    told: AtomicU64,
    total: AtomicU64,
}

impl Task {
    pub fn set_total(&self, total: u64) {
        if total == self.total.swap(total, Relaxed) || total == 0 {
            return;
        }
        self.bar.set_length(total);
        self.bar.set_style(
            ProgressStyle::with_template("{spinner} [{bar:24}] {msg} {elapsed}")
                .expect("a constant template")
                .progress_chars("=> "),
        );
    }

    /// `done` of the total; `now` names what is in hand.
    pub fn at(&self, done: u64, now: &str) {
        self.bar.set_position(done);
        self.bar.set_message(if now.is_empty() {
            self.what.clone()
        } else {
            format!("{}: {now}", self.what)
        });
        let total = self.total.load(Relaxed);
        if self.progress.terminal || total == 0 {
            return;
        }
        // A log wants a line now and then, not one an item: every fifth of the way.
        let fifth = done * 5 / total;
        if fifth > self.told.load(Relaxed) && done < total {
            self.told.store(fifth, Relaxed);
            eprintln!("  {done} of {total}");
        }
    }

    /// Shows how far the build is: a bar on a terminal, elsewhere a line now and then.
    pub fn show(&self, state: &State) {
        let line = state.line();
        if self.progress.terminal {
            self.set_total(100);
            self.bar.set_position(state.percent.into());
            self.bar.set_message(line);
            return;
        }
        let tenth = u64::from(state.percent) / 10 + 1;
        if tenth > self.told.swap(tenth.max(self.told.load(Relaxed)), Relaxed) {
            eprintln!("  {line}");
        }
    }

    pub fn done(self, result: &str) {
        self.bar.finish_and_clear();
        let seconds = self.started.elapsed().as_secs_f64();
        let result = if result.is_empty() {
            String::new()
        } else {
            format!(": {result}")
        };
        self.progress
            .say(&format!("{}{result} ({seconds:.1} s)", self.what));
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if !self.bar.is_finished() {
            self.bar.finish_and_clear();
        }
    }
}

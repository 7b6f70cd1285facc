//! Says what a long step is doing and how far it is: a bar on a terminal, plain
//! lines anywhere else.
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Where progress goes: standard error, so that standard output stays for answers.
pub struct Progress {
    terminal: bool,
}

impl Progress {
    pub fn on_stderr() -> Progress {
        Progress {
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// One line that stays.
    pub fn say(&self, line: &str) {
        eprintln!("{line}");
    }

    /// Starts a long step. `total` 0: its length is not known yet.
    pub fn start(&self, what: &str, total: u64) -> Task {
        let bar = if self.terminal {
            let bar = ProgressBar::new_spinner().with_message(what.to_string());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        } else {
            eprintln!("{what} ...");
            ProgressBar::hidden()
        };
        let task = Task {
            what: what.to_string(),
            terminal: self.terminal,
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
    terminal: bool,
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
            ProgressStyle::with_template("{spinner} {msg} [{bar:24}] {pos}/{len} {elapsed}")
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
        if self.terminal || total == 0 {
            return;
        }
        // A log wants a line now and then, not one an item: every fifth of the way.
        let fifth = done * 5 / total;
        if fifth > self.told.load(Relaxed) && done < total {
            self.told.store(fifth, Relaxed);
            eprintln!("  {done} of {total}");
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
        eprintln!("{}{result} ({seconds:.1} s)", self.what);
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if !self.bar.is_finished() {
            self.bar.finish_and_clear();
        }
    }
}

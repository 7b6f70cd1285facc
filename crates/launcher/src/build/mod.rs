//! Builds the kernel in the background, while the reader reads.
//!
//! One thread: fetch the sources, compile, make the lesson's data; then, with the
//! notebooks running already, the completer. [`state`] is what others see of it,
//! [`estimate`] how long it still takes, [`room`] the memory and disk it needs.
//!
//! Cargo itself decides what is out of date: a changed source file, another
//! compiler, other features. So the build is asked for at every start, and takes
//! half a second when there is nothing to do.
pub mod estimate;
pub mod room;
pub mod state;

use crate::lock::{self, Held};
use crate::process::{Failed, Stream, give_way, run_logged};
use crate::progress::{Progress, Task};
use crate::project::Project;
use crate::{stop, toolchain};
use anyhow::{Context, Result};
use estimate::Estimate;
use serde_json::Value;
use state::{Completion, Failure, Kernel, Phase, State};
use std::any::Any;
use std::ffi::OsStr;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

/// A kernel that was built elsewhere: nothing is compiled then. For a course that
/// hands out a machine image, and for tests.
pub const KERNEL: &str = "LAMBDA_WORKBOOK_KERNEL";

/// A cell that is run after a failed build makes this file in `.lab`: try again.
pub const RETRY: &str = "build.retry";

/// How often the state file is written at most.
const EVERY: Duration = Duration::from_millis(500);
/// How long a build may take without a word on the terminal.
const QUIET: Duration = Duration::from_secs(2);

/// The build under way.
pub struct Build {
    thread: JoinHandle<Result<()>>,
}

impl Build {
    /// Starts the build. With `retry`, a failed one waits for a reader who asks to
    /// try again, until the program ends.
    ///
    /// # Errors
    /// When the lock or the state cannot be written.
    pub fn start(project: &Project, progress: &Progress, retry: bool) -> Result<Build> {
        // By this lock, what waits for the kernel sees that it is being built.
        let lock = lock::build(project)?;
        let kernel = State::read(project).and_then(|state| state.kernel);
        let state = State::starting(kernel);
        state.write(project)?;
        let mut job = Job {
            project: project.clone(),
            progress: progress.clone(),
            state,
            started: Instant::now(),
            busy: false,
            task: None,
            written: Instant::now(),
            _lock: lock,
        };
        let thread = std::thread::Builder::new()
            .name("build".into())
            .spawn(move || job.run(retry))?;
        Ok(Build { thread })
    }

    /// Waits for the end of the build, whatever that is.
    ///
    /// # Errors
    /// The failure of the build.
    pub fn join(self) -> Result<()> {
        self.thread
            .join()
            .unwrap_or_else(|_| Err(anyhow::anyhow!("the build thread panicked")))
    }
}

/// The error for a panic in the thread that builds.
fn defect(panic: &(dyn Any + Send)) -> anyhow::Error {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    anyhow::anyhow!(
        "the build stopped on a defect of `cargo lab` itself: {}; please report it",
        text.unwrap_or("no further words")
    )
}

struct Job {
    project: Project,
    progress: Progress,
    state: State,
    started: Instant,
    /// Whether there was anything to download or compile.
    busy: bool,
    /// The line on the terminal, once there is something to show.
    task: Option<Task>,
    written: Instant,
    _lock: Held,
}

impl Job {
    fn run(&mut self, retry: bool) -> Result<()> {
        loop {
            self.started = Instant::now();
            self.busy = false;
            // A defect of this program must not leave cells waiting without a word.
            let attempt = catch_unwind(AssertUnwindSafe(|| self.attempt()))
                .unwrap_or_else(|panic| Err(defect(panic.as_ref())));
            let task = self.task.take();
            let error = match attempt {
                Ok(()) => {
                    if let Some(task) = task {
                        task.done("");
                    }
                    self.completer();
                    return Ok(());
                }
                Err(error) => error,
            };
            drop(task);
            if stop::wanted() {
                return Ok(());
            }
            self.state.failure = Some(failure(&error));
            self.enter(Phase::Failed, "");
            if !retry {
                return Err(error);
            }
            let then = match self.state.kernel {
                Some(_) => {
                    "Notebooks run on the last build that succeeded. To build again, end this and run `cargo lab`."
                }
                None => {
                    "The notebooks can be read meanwhile. To try again, run a cell, or end this and run `cargo lab`."
                }
            };
            self.progress.say(&format!("{error:#}\n\n{then}"));
            let asked = self.project.lab().join(RETRY);
            let _ = std::fs::remove_file(&asked);
            while !asked.exists() {
                if stop::wanted() {
                    return Ok(());
                }
                std::thread::sleep(EVERY);
                // On a full disk it could not be written at first.
                if State::read(&self.project).as_ref() != Some(&self.state) {
                    let _ = self.state.write(&self.project);
                }
            }
            self.state = State::starting(self.state.kernel.take());
        }
    }

    /// One try at a kernel that runs, with the lesson's data.
    fn attempt(&mut self) -> Result<()> {
        let program = match std::env::var_os(KERNEL) {
            Some(program) => PathBuf::from(program),
            None => {
                let kernel = self.compile()?;
                let program = kernel.program.clone();
                self.state.kernel = Some(kernel);
                program
            }
        };
        self.enter(Phase::Data, "making the lesson's data");
        let mut prepare = Command::new(program);
        prepare
            .arg("prepare")
            .env("LAMBDA_WORKBOOK_ROOT", &self.project.root);
        let what = "making the lesson's data";
        run_logged(&self.project, what, "data", &mut prepare, |_, _| {})?;
        self.state.percent = 100;
        self.state.seconds_left = None;
        self.enter(Phase::Ready, "");
        Ok(())
    }

    /// Where cargo writes: the environment and cargo's own configuration can move it.
    fn target_folder(&self) -> PathBuf {
        let mut metadata = self.cargo(["metadata", "--no-deps", "--offline", "--format-version=1"]);
        let told = metadata.stderr(Stdio::null()).output().ok();
        let told = told.and_then(|told| serde_json::from_slice::<Value>(&told.stdout).ok());
        let folder = told.and_then(|told| told["target_directory"].as_str().map(PathBuf::from));
        folder.unwrap_or_else(|| self.project.root.join("target"))
    }

    fn compile(&mut self) -> Result<Kernel> {
        // What is needed, before anything is begun.
        let built = self.state.kernel.as_ref();
        let built = built.is_some_and(|kernel| kernel.program.is_file());
        let target = self.target_folder();
        if let Some(what) = room::too_little_disk(&self.project, &target, built) {
            return Err(NoRoom(what).into());
        }
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
        let jobs = room::jobs(room::available_mb(), cores);
        if let Some(notice) = &jobs.notice
            && !built
        {
            self.progress.say(notice);
            self.state.notice = Some(notice.clone());
        }

        // Everything that this and any later command needs, tests included.
        self.enter(Phase::Downloading, "checking the dependencies");
        let rustc = toolchain::rustc_version().context("rustc does not run")?;
        let host = toolchain::host().context("rustc does not say what it compiles for")?;
        let mut fetched = 0;
        let mut fetch = self.cargo(["fetch", "--locked", "--target", &host]);
        let downloads = self.logged(
            "downloading the dependencies",
            "fetch",
            &mut fetch,
            |job, _, line| {
                if line.trim_start().starts_with("Downloaded ") {
                    fetched += 1;
                    job.state.now = format!("downloading, {fetched} crates so far");
                    job.busy = true;
                    job.publish();
                }
            },
        );
        // What is needed now may be here all the same; the build will tell.
        let offline = downloads.is_err();

        // Compile, with lower priority than the reader's page.
        self.enter(Phase::Compiling, "starting");
        let at_once = jobs.limit.unwrap_or(cores);
        let mut estimate = Estimate::new(self.crates(), at_once);
        let started = Instant::now();
        let mut program = None;
        let mut build = self.cargo(["build", "--locked", "--offline", "--package", "workbook"]);
        build.arg("--message-format=json-render-diagnostics");
        if let Some(limit) = jobs.limit {
            build.args(["--jobs", &limit.to_string()]);
        }
        give_way(&mut build, 10);
        let mut take = |job: &mut Job, stream: Stream, line: &str| {
            let now = started.elapsed();
            if let Some(rest) = line.trim_start().strip_prefix("Compiling ") {
                let name = rest.split(' ').next().unwrap_or_default();
                estimate.begun(name, now);
                job.state.now = name.to_string();
                job.busy = true;
            } else if stream == Stream::Out
                && let Some(artifact) = Artifact::parse(line)
            {
                estimate.done(&artifact.package, artifact.fresh, now);
                program = artifact.kernel.or(program.take());
            }
            if job.busy {
                job.state.percent = estimate.percent(now);
                job.state.seconds_left = Some(estimate.seconds_left(now));
            }
            job.publish();
        };
        let what = "compiling the kernel";
        let mut compiled = self.logged(what, "build", &mut build, &mut take);
        if let Err(error) = &compiled
            && cut_off_link(error)
        {
            // A compiler that was killed can leave half of its own cache behind.
            let _ = std::fs::remove_dir_all(target.join("debug/incremental"));
            compiled = self.logged(what, "build", &mut build, &mut take);
        }
        if offline && compiled.is_err() {
            stop::check()?;
            downloads?;
        }
        compiled?;
        let program = program.context("cargo named no program `workbook`")?;
        // Cargo leaves the library's time alone when a touched source compiled to
        // the same; the kernel compares times.
        let library = program.with_file_name("liblambda_workbook.so");
        if let Ok(file) = File::options().append(true).open(library) {
            let _ = file.set_modified(SystemTime::now());
        }
        Ok(Kernel { program, rustc })
    }

    /// What makes Tab completion complete: its program, and the standard library's
    /// source. Notebooks run without either, so a failure here is only noted.
    fn completer(&mut self) {
        if std::env::var_os(KERNEL).is_some()
            || !self.project.root.join("crates/completer").is_dir()
        {
            self.state.completion = Completion::Ready;
            let _ = self.state.write(&self.project);
            return;
        }
        self.state.completion = Completion::Compiling;
        let _ = self.state.write(&self.project);
        // With a build only: a start with nothing to do asks nothing of the network.
        if self.busy && toolchain::std_source().is_none() {
            let mut add = Command::new("rustup");
            add.args(["component", "add", "rust-src"]);
            let what = "adding the standard library's source";
            let _ = run_logged(&self.project, what, "rust-src", &mut add, |_, _| {});
        }
        let task = self.progress.start("Building the Tab completion", 0);
        // Both named: alone, the completer would get other features of shared crates, and
        // rust-analyzer would be compiled twice.
        // With them comes the program behind `speed::open("kafka://...")`.
        let packages = [
            "--package",
            "workbook",
            "--package",
            "completer",
            "--package",
            "connect",
        ];
        let mut build = self.cargo(
            ["build", "--locked", "--offline"]
                .into_iter()
                .chain(packages),
        );
        give_way(&mut build, 15);
        let what = "compiling the Tab completion";
        let done = run_logged(&self.project, what, "completer", &mut build, |_, _| {});
        self.state.completion = match done {
            Ok(()) => {
                task.done("");
                Completion::Ready
            }
            Err(error) => {
                if !stop::wanted() {
                    self.progress.say(&format!(
                        "{error:#}\nNotebooks run; Tab completes the words of the cell only."
                    ));
                }
                Completion::Failed
            }
        };
        let _ = self.state.write(&self.project);
    }

    /// The reader's cargo, in the project, as if the reader had called it.
    fn cargo(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(toolchain::cargo());
        command.args(args).current_dir(&self.project.root);
        // What `cargo lab` set for this program alone.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_")
                || text.starts_with("CARGO_MANIFEST_")
                || text.starts_with("CARGO_BIN_")
                || text == "LD_LIBRARY_PATH"
            {
                command.env_remove(&name);
            }
        }
        command
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_TERM_PROGRESS_WHEN", "never")
            .env_remove("CARGO_TERM_QUIET");
        command
    }

    /// Runs a command of the build into a log of its own, `each` line through this job.
    fn logged(
        &mut self,
        what: &str,
        log: &str,
        command: &mut Command,
        mut each: impl FnMut(&mut Job, Stream, &str),
    ) -> Result<()> {
        let project = self.project.clone();
        run_logged(&project, what, log, command, |stream, line| {
            each(self, stream, line)
        })
    }

    /// The names of the crates that the kernel is made of, as cargo resolves them.
    fn crates(&self) -> Vec<String> {
        let mut tree = self.cargo(["tree", "--locked", "--offline", "--package", "workbook"]);
        tree.args([
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
        let output = tree
            .output()
            .map(|output| output.stdout)
            .unwrap_or_default();
        let text = String::from_utf8_lossy(&output).into_owned();
        let mut lines: Vec<&str> = text
            .lines()
            .map(|line| line.trim_end_matches(" (*)"))
            .collect();
        lines.sort_unstable();
        lines.dedup();
        let name = |line: &&str| line.split(' ').next().map(str::to_string);
        lines.iter().filter_map(name).collect()
    }

    fn enter(&mut self, phase: Phase, now: &str) {
        self.state.phase = phase;
        self.state.now = now.to_string();
        let _ = self.state.write(&self.project);
        self.written = Instant::now();
    }

    /// Shows the state, now and then.
    fn publish(&mut self) {
        if self.written.elapsed() < EVERY {
            return;
        }
        self.written = Instant::now();
        // A full disk stops the build itself, with a word.
        let _ = self.state.write(&self.project);
        // A build with nothing to do is not worth a line.
        if self.busy && self.started.elapsed() > QUIET {
            let progress = &self.progress;
            let task = self
                .task
                .get_or_insert_with(|| progress.start("Building the kernel", 0));
            task.show(&self.state);
        }
    }
}

/// One message of cargo's about something that it has built.
struct Artifact {
    package: String,
    fresh: bool,
    /// The program of the kernel, where this is it.
    kernel: Option<PathBuf>,
}

impl Artifact {
    fn parse(line: &str) -> Option<Artifact> {
        let message: Value = serde_json::from_str(line).ok()?;
        if message["reason"] != "compiler-artifact"
            || message["target"]["kind"][0] == "custom-build"
        {
            return None;
        }
        Some(Artifact {
            package: package_name(message["package_id"].as_str()?).to_string(),
            fresh: message["fresh"] == true,
            // The package has other programs, too.
            kernel: match message["target"]["name"].as_str() {
                Some("workbook") => message["executable"].as_str().map(PathBuf::from),
                _ => None,
            },
        })
    }
}

/// The name in cargo's package id: `registry+https://...#name@1.0.0` or
/// `path+file:///folder/name#1.0.0`.
fn package_name(id: &str) -> &str {
    let (place, rest) = id.rsplit_once('#').unwrap_or(("", id));
    match rest.split_once('@') {
        Some((name, _)) => name,
        None => Path::new(place)
            .file_name()
            .and_then(OsStr::to_str)
            .unwrap_or(rest),
    }
}

/// Whether linking failed on symbols that are not there.
fn cut_off_link(error: &anyhow::Error) -> bool {
    let text = format!("{error:#}");
    text.contains("linking with") && text.contains("undefined")
}

fn failure(error: &anyhow::Error) -> Failure {
    if let Some(failed) = error.downcast_ref::<Failed>() {
        return Failure {
            what: format!("{} failed ({})", failed.what, failed.ended),
            tail: failed.tail.clone(),
            fix: failed.fix.clone(),
            log: failed.log.clone(),
        };
    }
    Failure {
        what: format!("{error:#}"),
        tail: Vec::new(),
        fix: match error.downcast_ref::<NoRoom>() {
            Some(_) => NoRoom::FIX,
            None => "run `cargo lab` again, which continues where it was",
        }
        .into(),
        log: ".lab/logs".into(),
    }
}

/// Too little disk space for the build.
#[derive(Debug)]
struct NoRoom(String);

impl NoRoom {
    const FIX: &str = "free some space on that disk, or name another one in CARGO_TARGET_DIR; then run `cargo lab` again";
}

impl std::fmt::Display for NoRoom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n  fix: {}", self.0, NoRoom::FIX)
    }
}

impl std::error::Error for NoRoom {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_failure_with_its_words() {
        let words = |panic: fn()| defect(catch_unwind(panic).unwrap_err().as_ref()).to_string();
        let text = words(|| panic!("index {} of {}", 3, 2));
        assert!(text.contains("itself: index 3 of 2;"), "{text}");
        assert!(words(|| panic!("no state")).contains("itself: no state;"));
    }

    #[test]
    fn the_package_of_an_artifact_is_named() {
        let registry = "registry+https://github.com/rust-lang/crates.io-index#polars-core@0.55.2";
        assert_eq!(package_name(registry), "polars-core");
        assert_eq!(
            package_name("path+file:///my%20book/workbook#0.1.0"),
            "workbook"
        );
        let cells = "path+file:///book/cells#lambda_workbook_cells@0.1.0";
        assert_eq!(package_name(cells), "lambda_workbook_cells");
    }

    #[test]
    fn build_scripts_are_no_artifacts() {
        let line = |kind: &str| {
            format!(
                "{{\"reason\":\"compiler-artifact\",\"package_id\":\"r#libc@0.2.1\",\"target\":{{\"kind\":[\"{kind}\"]}},\"fresh\":true,\"executable\":null}}"
            )
        };
        assert!(Artifact::parse(&line("custom-build")).is_none());
        assert!(Artifact::parse(&line("lib")).is_some_and(|artifact| artifact.fresh));
        assert!(Artifact::parse("not json").is_none());
    }
}

//! `workbook check`: judges the reader's exercises as `check!` does in a cell.
//!
//! It takes the function out of the notebook, compiles it and asks it in a process
//! of its own, which is faster than a kernel, and ends what does not end. The cases
//! and the judge are those of the cell; so is the progress.
use crate::Outcome;
use anyhow::{Context, Result, bail};
use grade::compile::{Bench, Compiled};
use grade::extract::{Nothing, extract};
use grade::mark::refusal;
use grade::scan::scan;
use grade::task::Task;
use grade::work::Worker;
use kernel::notebook_file::Notebook;
use kernel::place::Built;
use lambda_workbook::exercises::progress::ProgressStore;
use lambda_workbook::exercises::{
    self, Exercise, Hints, ProgressTable, READERS_SEED, Verdict, judge_by,
};
use lambda_workbook::notebook::Render;
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

#[derive(clap::Args)]
pub struct Args {
    /// Exercises by name, such as 01_1_pacific_days; all of them unless said
    #[arg(value_name = "EXERCISE")]
    exercises: Vec<String>,
    /// Check again whenever a notebook is saved, until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// Seconds for one answer
    #[arg(long, default_value_t = 10.0, value_name = "SECS")]
    timeout: f64,
    /// Open the next hint
    #[arg(long)]
    hint: bool,
    /// Show the solution of what has passed
    #[arg(long)]
    solution: bool,
    /// Give up: show the solution of what has not passed, too
    #[arg(long)]
    give_up: bool,
    /// Forget the progress, and put the stub back: what was written is kept beside it
    #[arg(long)]
    reset: bool,
}

pub fn run(args: Args) -> Result<Outcome> {
    if !(args.timeout > 0.0 && args.timeout <= 3_600.0) {
        bail!("--timeout is a number of seconds, from 0 to 3600");
    }
    let chosen = chosen(&args.exercises)?;
    let built = Built::find()?;
    let progress = ProgressStore::at(&built.root.join(".progress"));
    if args.hint || args.solution || args.give_up || args.reset {
        let [exercise] = chosen[..] else {
            bail!("name one exercise: `workbook check 01_1_pacific_days --hint`");
        };
        return aside(&args, &built.root, &progress, exercise);
    }
    let reader = Reader {
        bench: Bench::new(&built, false)?,
        patience: Duration::from_secs_f64(args.timeout),
        progress,
    };
    let solved = reader.check_all(&chosen)?;
    if args.watch {
        reader.watch(&chosen)?;
    }
    Ok(if solved { Outcome::Done } else { Outcome::No })
}

/// When each notebook was saved.
fn saved(root: &Path, exercises: &[&Exercise]) -> Vec<Option<SystemTime>> {
    let time = |exercise: &&Exercise| {
        fs::metadata(notebook_path(root, exercise))
            .ok()?
            .modified()
            .ok()
    };
    exercises.iter().map(time).collect()
}

fn notebook_path(root: &Path, exercise: &Exercise) -> PathBuf {
    root.join("exercises")
        .join(format!("{}.ipynb", exercise.id))
}

fn chosen(names: &[String]) -> Result<Vec<&'static Exercise>> {
    if names.is_empty() {
        return Ok(exercises::ALL.to_vec());
    }
    let known = || {
        let ids = exercises::ALL.iter().map(|exercise| exercise.id);
        ids.collect::<Vec<_>>().join(", ")
    };
    let find = |name: &String| {
        let stem = Path::new(name.strip_suffix(".ipynb").unwrap_or(name)).file_name();
        let stem = stem.unwrap_or_default().to_string_lossy();
        exercises::find(&stem)
            .with_context(|| format!("there is no exercise {name}; there are: {}", known()))
    };
    names.iter().map(find).collect()
}

/// Hints, solutions, a new start.
fn aside(
    args: &Args,
    root: &Path,
    progress: &ProgressStore,
    exercise: &'static Exercise,
) -> Result<Outcome> {
    if args.hint {
        let open = progress.open_hint(exercise.id, exercise.hints.len())?;
        println!("{}", text(&Hints::opened(exercise, open)));
        return Ok(Outcome::Done);
    }
    let task = Task::of(root, exercise)?;
    if args.reset {
        let path = notebook_path(root, exercise);
        if path.exists() {
            let kept = path.with_extension("before-reset.ipynb");
            fs::rename(&path, &kept).with_context(|| format!("cannot keep {}", path.display()))?;
            println!("{}: what was there is now {}", exercise.id, kept.display());
        }
        task.handout.write(&path)?;
        progress.reset(exercise.id)?;
        println!(
            "{}: the stub is back, and the progress forgotten",
            exercise.id
        );
        return Ok(Outcome::Done);
    }
    let solved = progress
        .records()?
        .get(exercise.id)
        .is_some_and(|record| record.solved);
    if !solved && !args.give_up {
        println!(
            "{} has not passed yet. `--hint` opens a hint, `--give-up` shows the solution.",
            exercise.id
        );
        return Ok(Outcome::No);
    }
    if !solved {
        progress.give_up(exercise.id)?;
    }
    match extract(&task.solution, &task.handout, exercise) {
        Ok(solution) => println!("{}", solution.source),
        Err(nothing) => bail!("the solution of {}: {nothing:?}", exercise.id),
    }
    Ok(Outcome::Done)
}

fn text(shown: &impl Render) -> String {
    shown
        .render()
        .get("text/plain")
        .unwrap_or_default()
        .to_owned()
}

/// Checks the notebooks of one reader.
pub struct Reader {
    pub bench: Bench,
    /// For one answer.
    pub patience: Duration,
    pub progress: ProgressStore,
}

/// How one notebook stands.
#[derive(Clone, Debug)]
pub struct Found {
    /// What a check in a cell would say, if it was reached.
    pub verdict: Option<Verdict>,
    /// What to tell the reader.
    pub text: String,
}

impl Reader {
    /// Checks exercises, prints what is found, and the map; whether all passed.
    fn check_all(&self, exercises: &[&'static Exercise]) -> Result<bool> {
        let mut all = true;
        for exercise in exercises {
            let started = Instant::now();
            let path = notebook_path(&self.bench.root, exercise);
            let found = self.check(&path, exercise)?;
            println!(
                "{}\n({:.1} s)\n",
                found.text,
                started.elapsed().as_secs_f64()
            );
            all &= found.passed();
        }
        println!("{}", text(&ProgressTable::of(self.progress.records())));
        Ok(all)
    }

    /// Checks what is saved, for as long as nobody ends it.
    fn watch(&self, exercises: &[&'static Exercise]) -> Result<Infallible> {
        let saved = || saved(&self.bench.root, exercises);
        let mut seen = saved();
        loop {
            eprintln!("Waiting for a notebook to be saved; Ctrl-C ends.");
            while saved() == seen {
                std::thread::sleep(Duration::from_millis(200));
            }
            let before = std::mem::replace(&mut seen, saved());
            let places = (0..exercises.len()).filter(|&place| before[place] != seen[place]);
            let changed: Vec<_> = places.map(|place| exercises[place]).collect();
            // Half of a notebook may be there: the next save tells.
            if let Err(error) = self.check_all(&changed) {
                eprintln!("{error:#}");
            }
        }
    }

    /// Checks one notebook.
    pub fn check(&self, path: &Path, exercise: &'static Exercise) -> Result<Found> {
        let notebook = Notebook::read(path)
            .context("the handout cannot be read; `cargo workbook release` makes a missing one")?;
        let task = Task::of(&self.bench.root, exercise)?;
        let no_verdict = |why: String| Found {
            verdict: None,
            text: format!(
                "✗ {}: no verdict\n{}: {why}",
                exercise.title,
                path.display()
            ),
        };
        let extracted = match extract(&notebook, &task.handout, exercise) {
            Ok(extracted) => extracted,
            Err(Nothing::Missing(why) | Nothing::Forbidden(why)) => return Ok(no_verdict(why)),
        };
        let folder = tempfile::Builder::new()
            .prefix("lambda-workbook-check-")
            .tempdir()?;
        let program = match self
            .bench
            .compile(exercise, &extracted.source, folder.path())?
        {
            Compiled::Program(program) => program,
            Compiled::Errors(why) | Compiled::Stopped(_, why) => return Ok(no_verdict(why)),
        };
        let mut worker = Worker::new(&self.bench, &program.path, self.patience, Duration::MAX);
        let mut verdict = judge_by(exercise, READERS_SEED, &mut worker);
        if let Err(error) = self.progress.count(&verdict) {
            verdict.note = Some(format!("Progress was not stored: {error}"));
        }
        let mut notes = extracted.notes;
        let refused = match refusal(&program, exercise)? {
            Some(why) => Some(why),
            None => scan(&extracted.source),
        };
        notes.extend(refused.map(|why| format!("for marks, {why}")));
        let notes = notes.iter().map(|note| format!("\nNote: {note}"));
        let text = text(&verdict) + &notes.collect::<String>();
        Ok(Found {
            verdict: Some(verdict),
            text,
        })
    }
}

impl Found {
    pub fn passed(&self) -> bool {
        let status = self.verdict.as_ref().map(|verdict| verdict.status);
        status == Some(exercises::Status::Passed)
    }
}

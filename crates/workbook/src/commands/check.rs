//! `workbook check`: judges the reader's exercises as `check!` does in a cell.
//!
//! It takes the function out of the notebook, compiles it and asks it in a process
//! of its own, which is faster than a kernel, and ends what does not end. The cases
//! and the judge are those of the cell; so is the progress.
use crate::{Outcome, wrong_use};
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
    /// Exercises by name, such as 01_1_pacific_days, or notebooks by path; all exercises unless said
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
    let built = Built::find()?;
    let chosen = chosen(&built.root, &args.exercises).unwrap_or_else(|error| wrong_use(error));
    let progress = ProgressStore::at(&built.root.join(".progress"));
    if args.hint || args.solution || args.give_up || args.reset {
        let [chosen] = &chosen[..] else {
            wrong_use("name one exercise: `workbook check 01_1_pacific_days --hint`");
        };
        if !chosen.is_own {
            wrong_use(format!(
                "--hint, --solution, --give-up and --reset are about the exercise of this project: \
                 name {}, not a copy",
                chosen.exercise.id
            ));
        }
        return aside(&args, &built.root, &progress, chosen.exercise);
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
fn saved(chosen: &[Chosen]) -> Vec<Option<SystemTime>> {
    let time = |chosen: &Chosen| fs::metadata(&chosen.path).ok()?.modified().ok();
    chosen.iter().map(time).collect()
}

/// A notebook to check.
#[derive(Clone, Debug)]
struct Chosen {
    exercise: &'static Exercise,
    path: PathBuf,
    /// Whether it is the one in `exercises/` of this project. Progress is stored of no other.
    is_own: bool,
}

impl Chosen {
    fn own(root: &Path, exercise: &'static Exercise) -> Self {
        Chosen {
            exercise,
            path: notebook_path(root, exercise),
            is_own: true,
        }
    }
}

fn notebook_path(root: &Path, exercise: &Exercise) -> PathBuf {
    root.join("exercises")
        .join(format!("{}.ipynb", exercise.id))
}

/// Returns the notebooks that are named: exercises of the project by name, and other notebooks by
/// path. A file's name says which exercise it is.
fn chosen(root: &Path, names: &[String]) -> Result<Vec<Chosen>> {
    if names.is_empty() {
        let own = exercises::ALL
            .iter()
            .map(|exercise| Chosen::own(root, exercise));
        return Ok(own.collect());
    }
    names.iter().map(|name| choose(root, name)).collect()
}

fn choose(root: &Path, name: &str) -> Result<Chosen> {
    let path = Path::new(name);
    // A name with a folder in it means this file and no other of the same name.
    if path.components().count() > 1 && !path.is_file() {
        bail!("there is no notebook {name}");
    }
    let stem = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = stem.strip_suffix(".ipynb").unwrap_or(&stem);
    let exercise = exercises::find(stem).with_context(|| {
        let ids: Vec<&str> = exercises::ALL.iter().map(|exercise| exercise.id).collect();
        format!("there is no exercise {stem}; there are: {}", ids.join(", "))
    })?;
    let own = Chosen::own(root, exercise);
    if !path.is_file() {
        return Ok(own);
    }
    let real = |path: &Path| fs::canonicalize(path).ok();
    Ok(Chosen {
        is_own: real(path) == real(&own.path),
        path: path.to_owned(),
        ..own
    })
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
    fn check_all(&self, chosen: &[Chosen]) -> Result<bool> {
        let mut passed = 0;
        for chosen in chosen {
            let started = Instant::now();
            let found = self.judged(&chosen.path, chosen.exercise, chosen.is_own)?;
            println!("{}", found.text);
            if !chosen.is_own {
                println!(
                    "Note: {} was checked. It is not the one in exercises/, so no progress is stored.",
                    chosen.path.display()
                );
            }
            println!("({:.1} s)\n", started.elapsed().as_secs_f64());
            passed += usize::from(found.passed());
        }
        // The table is of all checks so far, and must not be read as the result of this one.
        println!("Passed in this check: {passed} of {}.\n", chosen.len());
        println!("{}", text(&ProgressTable::of(self.progress.records())));
        Ok(passed == chosen.len())
    }

    /// Checks what is saved, for as long as nobody ends it.
    fn watch(&self, chosen: &[Chosen]) -> Result<Infallible> {
        let saved = || saved(chosen);
        let mut seen = saved();
        loop {
            eprintln!("Waiting for a notebook to be saved; Ctrl-C ends.");
            while saved() == seen {
                std::thread::sleep(Duration::from_millis(200));
            }
            let before = std::mem::replace(&mut seen, saved());
            let places = (0..chosen.len()).filter(|&place| before[place] != seen[place]);
            let changed: Vec<_> = places.map(|place| chosen[place].clone()).collect();
            // Half of a notebook may be there: the next save tells.
            if let Err(error) = self.check_all(&changed) {
                eprintln!("{error:#}");
            }
        }
    }

    /// Checks one notebook, and stores the progress.
    pub fn check(&self, path: &Path, exercise: &'static Exercise) -> Result<Found> {
        self.judged(path, exercise, true)
    }

    /// Checks one notebook, and stores the progress if it `counts`.
    fn judged(&self, path: &Path, exercise: &'static Exercise, counts: bool) -> Result<Found> {
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
        let mut worker = Worker::new(&self.bench, &program, self.patience, Duration::MAX);
        let mut verdict = judge_by(exercise, READERS_SEED, &mut worker);
        if counts && let Err(error) = self.progress.count(&verdict) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A project with one exercise, and a copy of it elsewhere.
    fn project() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("project");
        let own = notebook_path(&root, &exercises::pacific_days::EXERCISE);
        fs::create_dir_all(own.parent().unwrap()).unwrap();
        fs::write(&own, "{}").unwrap();
        let copy = folder.path().join("01_1_pacific_days.ipynb");
        fs::write(&copy, "{}").unwrap();
        (folder, root, copy)
    }

    fn choose_path(root: &Path, path: &Path) -> Result<Chosen> {
        choose(root, &path.display().to_string())
    }

    #[test]
    fn a_path_means_this_file_and_a_name_the_exercise_of_the_project() {
        let (_folder, root, copy) = project();
        let named = choose(&root, "01_1_pacific_days").unwrap();
        assert!(named.is_own);
        let by_path = choose_path(&root, &named.path).unwrap();
        assert!(by_path.is_own && by_path.path == named.path, "{by_path:?}");
        let elsewhere = choose_path(&root, &copy).unwrap();
        assert_eq!(elsewhere.exercise.id, "01_1_pacific_days");
        assert!(!elsewhere.is_own && elsewhere.path == copy, "{elsewhere:?}");
    }

    #[test]
    fn a_file_that_does_not_exist_is_not_that_of_the_project() {
        let (folder, root, _copy) = project();
        let missing = folder.path().join("nowhere/01_1_pacific_days.ipynb");
        let error = choose_path(&root, &missing).unwrap_err().to_string();
        assert!(error.starts_with("there is no notebook "), "{error}");
        let error = choose(&root, "nonsense").unwrap_err().to_string();
        assert!(
            error.contains("there is no exercise nonsense; there are: 01_1_pacific_days"),
            "{error}"
        );
    }
}

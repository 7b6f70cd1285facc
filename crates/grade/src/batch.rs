//! All submissions: in parallel, and only what is new or has changed.
use super::compile::Bench;
use super::extract::extract;
use super::ledger::{Entry, Ledger};
use super::mark::{GRADER, Graded, Rules, grade};
use super::points::{self, Points};
use super::process::{Grader, Question, Setup};
use super::sandbox::{PROBE, probe};
use super::submissions::Student;
use super::task::Task;
use super::together::Together;
use anyhow::{Context, Result, bail};
use kernel::notebook_file::Notebook;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

/// What one student got.
#[derive(Clone, Debug)]
pub struct StudentGrades {
    pub name: String,
    pub graded: Vec<Graded>,
    /// Whether any of it was graded now, and not before.
    pub fresh: bool,
}

impl StudentGrades {
    /// Returns the points of all exercises, and how many there were to get.
    pub fn total(&self) -> (f64, f64) {
        let sum = |of: fn(&Graded) -> f64| self.graded.iter().map(of).sum();
        (sum(|graded| graded.points), sum(|graded| graded.of))
    }
}

/// Proves the grader before it is used: the sandbox holds, every solution gets all
/// points, and no handout gets any.
pub fn prove(rules: &Rules, tasks: &[Task], points: &Points) -> Result<()> {
    if rules.bench.sandboxed {
        prove_sandbox(rules.bench).context(
            "the sandbox does not hold here, so nothing was graded.\n\
             Grade on Linux 5.13 or later with landlock and seccomp (both are in every current distribution; a container must not forbid them).\n\
             `--unsandboxed` grades without it: only for submissions that you have read",
        )?;
    }
    let together = |notebook: fn(&Task) -> &Notebook| {
        let sources = tasks.iter().filter_map(|task| {
            let found = extract(notebook(task), &task.handout, task.exercise).ok()?;
            Some((task.exercise, found.source))
        });
        Together::compile_trusted(rules.bench, sources.collect())
    };
    let solutions = together(|task| &task.solution);
    let handouts = together(|task| &task.handout);
    for task in tasks {
        let worth = points::of(points, task.exercise);
        let grade = |notebook, together| {
            grade(
                &Rules {
                    together: Some(together),
                    ..*rules
                },
                task.exercise,
                &worth,
                extract(notebook, &task.handout, task.exercise),
            )
        };
        let solution = grade(&task.solution, &solutions);
        let stub = grade(&task.handout, &handouts);
        if solution.verdict != "passed" || solution.points != worth.points {
            bail!(
                "the solution of {} gets `{}`: {}",
                task.exercise.id,
                solution.verdict,
                solution.reason
            );
        }
        if stub.verdict != "unsolved" || (stub.points > 0.0) {
            bail!(
                "the handout of {} gets `{}`, expected `unsolved`: {}",
                task.exercise.id,
                stub.verdict,
                stub.reason
            );
        }
    }
    Ok(())
}

fn prove_sandbox(bench: &Bench) -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("main.rs"), PROBE)?;
    match bench.build(folder.path())? {
        super::compile::Compiled::Program(program) => {
            probe(|spec| bench.start(spec), &bench.worker(&program))
        }
        super::compile::Compiled::Errors(said) => bail!("{said}"),
        super::compile::Compiled::Stopped(_, told) => bail!("{told}"),
    }
}

/// Grades every student, `jobs` at once, each exercise in a process that may die, and
/// hands over each student's grades as they come, to show and to store. Returns them
/// without what only a student's page shows, so that a large class takes little memory.
///
/// # Errors
/// If a grade can be neither read nor stored.
pub fn grade_all(
    class: &Class,
    students: &[Student],
    jobs: usize,
    done: &(dyn Fn(&StudentGrades) -> Result<()> + Sync),
) -> Result<Vec<StudentGrades>> {
    let next = Mutex::new(students.iter().enumerate());
    let all = Mutex::new(Ok(Vec::with_capacity(students.len())));
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, students.len().max(1)) {
            scope.spawn(|| {
                let mut grader = Grader::new(class.exe, class.setup, class.deadline());
                loop {
                    let student = lock(&next).next();
                    let Some((place, student)) = student else {
                        return;
                    };
                    let graded = class.grade(&mut grader, place, student);
                    let graded = graded.and_then(|mut graded| {
                        done(&graded)?;
                        for graded in &mut graded.graded {
                            graded.shown = String::new();
                            graded.source = String::new();
                        }
                        Ok(graded)
                    });
                    let mut all = lock(&all);
                    match (graded, &mut *all) {
                        (Ok(graded), Ok(all)) => all.push((place, graded)),
                        (Err(error), Ok(_)) => *all = Err(error),
                        (_, Err(_)) => return,
                    }
                }
            });
        }
    });
    let mut all = all
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner())?;
    all.sort_by_key(|(place, _)| *place);
    Ok(all.into_iter().map(|(_, grades)| grades).collect())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A class to grade.
pub struct Class<'a> {
    /// This program.
    pub exe: &'a Path,
    pub setup: &'a Setup,
    pub tasks: &'a [Task],
    pub points: &'a Points,
    pub ledger: &'a Ledger,
    /// The time, in seconds since 1970, UTC.
    pub now_secs: &'a (dyn Fn() -> u64 + Sync),
}

impl Class<'_> {
    /// What one exercise of one student may take: reading and compiling, its answers,
    /// and comparing them.
    fn deadline(&self) -> Duration {
        // A busy machine compiles slowly, too.
        const AROUND: Duration = Duration::from_secs(240);
        AROUND + self.setup.budget
    }

    fn grade(&self, grader: &mut Grader, place: usize, student: &Student) -> Result<StudentGrades> {
        let (name, ledger) = (&student.name, self.ledger);
        let (mut graded, mut fresh) = (Vec::new(), false);
        let known = { self.tasks.iter() }.map(|task| ledger.entry(name, task.exercise.id));
        let known: Vec<Option<Entry>> = known.collect::<Result<_>>()?;
        let unknown = known
            .iter()
            .enumerate()
            .filter(|(_, known)| known.is_none());
        let mut together: Vec<usize> = unknown.map(|(exercise, _)| exercise).collect();
        if together.len() == 1 {
            together.clear();
        }
        for ((exercise, task), known) in self.tasks.iter().enumerate().zip(known) {
            let id = task.exercise.id;
            let mut question = Question {
                place,
                student: name.clone(),
                exercise,
                worth: points::of(self.points, task.exercise),
                seed: ledger.seeds.of(name),
                now_secs: (self.now_secs)(),
                known: known.as_ref().map(|entry| entry.digest.clone()),
                together: together.clone(),
            };
            let mut told = grader.ask(&question);
            if told.is_err() && !together.is_empty() {
                // It may have been another of their answers: from here on each is alone.
                together.clear();
                question.together.clear();
                told = grader.ask(&question);
            }
            match (told, &known) {
                (Ok(None), Some(known)) => graded.push(known.whole()),
                (Ok(None), None) => bail!("the grader's process knows a grade that nobody gave"),
                (Ok(Some(entry)), _) => {
                    graded.push(entry.whole());
                    // Where no notebook could be read, nothing was graded.
                    let is_grade = !entry.digest.is_empty();
                    fresh |= is_grade || known.is_some();
                    // What the grader failed on is graded again the next time.
                    let stands = is_grade && entry.graded.verdict != GRADER;
                    ledger.store(name, id, stands.then_some(&entry))?;
                }
                (Err(error), _) => {
                    fresh = true;
                    let reason = format!("{error:#}");
                    let worth = &question.worth;
                    graded.push(Graded::nothing(task.exercise, worth, GRADER, reason));
                    ledger.store(name, id, None)?;
                }
            }
        }
        Ok(StudentGrades {
            name: name.clone(),
            graded,
            fresh,
        })
    }
}

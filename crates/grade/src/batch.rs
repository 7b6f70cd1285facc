//! All submissions: in parallel, and only what is new or has changed.
use super::compile::Bench;
use super::extract::{Extracted, Nothing, extract, function};
use super::mark::{GRADER, Graded, Rules, grade};
use super::points::{self, Points};
use super::sandbox::{PROBE, probe};
use super::submissions::Student;
use crate::handout::handout;
use anyhow::{Context, Result, bail};
use kernel::notebook_file::Notebook;
use lambda_workbook::exercises::{self, Exercise};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

/// An exercise to grade.
pub struct Task {
    pub exercise: &'static Exercise,
    pub handout: Notebook,
    pub solution: Notebook,
}

impl Task {
    /// The exercise's notebooks in a project.
    pub fn of(root: &Path, exercise: &'static Exercise) -> Result<Task> {
        let path = root
            .join("solutions")
            .join(format!("{}.ipynb", exercise.id));
        Ok(Task {
            exercise,
            handout: handout(&path)?,
            solution: Notebook::read(&path)?,
        })
    }

    /// All exercises, or those named.
    pub fn chosen(root: &Path, names: &[String]) -> Result<Vec<Task>> {
        let chosen = match names.is_empty() {
            true => exercises::ALL.to_vec(),
            false => names
                .iter()
                .map(|name| {
                    exercises::find(name).with_context(|| format!("there is no exercise {name}"))
                })
                .collect::<Result<_>>()?,
        };
        chosen
            .into_iter()
            .map(|exercise| Task::of(root, exercise))
            .collect()
    }
}

/// What one student got.
#[derive(Clone, Debug)]
pub struct StudentGrades {
    pub name: String,
    pub graded: Vec<Graded>,
    /// Whether any of it was graded now, and not before.
    pub fresh: bool,
}

/// What was graded before, by student and exercise.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    pub seed: u64,
    entries: BTreeMap<String, Entry>,
}

impl Ledger {
    /// Nothing graded yet.
    pub fn new(seed: u64) -> Self {
        Ledger {
            seed,
            entries: BTreeMap::new(),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    digest: String,
    graded: Graded,
    shown: String,
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
    for task in tasks {
        let worth = points::of(points, task.exercise);
        let grade = |notebook| {
            grade(
                rules,
                task.exercise,
                &worth,
                extract(notebook, &task.handout, task.exercise),
            )
        };
        let (solution, stub) = (grade(&task.solution), grade(&task.handout));
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
            probe(&bench.exe, &bench.worker(&program.path))
        }
        super::compile::Compiled::Errors(said) => bail!("{said}"),
        super::compile::Compiled::Stopped(_, told) => bail!("{told}"),
    }
}

/// Grades every student, `jobs` at once, and says after each how far it is.
pub fn grade_all(
    rules: &Rules,
    students: &[Student],
    tasks: &[Task],
    points: &Points,
    ledger: &mut Ledger,
    jobs: usize,
    done: &(dyn Fn(&StudentGrades) + Sync),
) -> Vec<StudentGrades> {
    let next = Mutex::new(students.iter().enumerate());
    let all = Mutex::new(Vec::new());
    let before = &*ledger;
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, students.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let student = next
                        .lock()
                        .unwrap_or_else(|poisoned| poisoned.into_inner())
                        .next();
                    let Some((place, student)) = student else {
                        return;
                    };
                    let (grades, entries) = grade_student(rules, student, tasks, points, before);
                    done(&grades);
                    let mut all = all.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                    all.push((place, grades, entries));
                }
            });
        }
    });
    let mut all = all
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    all.sort_by_key(|(place, ..)| *place);
    let grades = all.into_iter().map(|(_, grades, entries)| {
        ledger.entries.extend(entries);
        grades
    });
    grades.collect()
}

type Entries = Vec<(String, Entry)>;

fn grade_student(
    rules: &Rules,
    student: &Student,
    tasks: &[Task],
    points: &Points,
    before: &Ledger,
) -> (StudentGrades, Entries) {
    let mut entries = Vec::new();
    let (mut graded, mut fresh) = (Vec::new(), false);
    for task in tasks {
        let worth = points::of(points, task.exercise);
        let found = match student.notebook(task.exercise, function(task.exercise)) {
            Ok((notebook, note)) => {
                extract(&notebook, &task.handout, task.exercise).map(|mut found| {
                    found.notes.splice(0..0, note);
                    found
                })
            }
            Err(problem) => {
                graded.push(Graded::nothing(
                    task.exercise,
                    &worth,
                    problem.verdict,
                    problem.reason,
                ));
                continue;
            }
        };
        let key = format!("{}\n{}", student.name, task.exercise.id);
        let digest = digest(
            rules,
            &found,
            &serde_json::to_string(&worth).unwrap_or_default(),
        );
        let known = before
            .entries
            .get(&key)
            .filter(|entry| entry.digest == digest);
        let result = match known {
            Some(entry) => {
                let source = found.map(|found| found.source).unwrap_or_default();
                Graded {
                    shown: entry.shown.clone(),
                    source,
                    ..entry.graded.clone()
                }
            }
            None => {
                fresh = true;
                grade(rules, task.exercise, &worth, found)
            }
        };
        if result.verdict != GRADER {
            let shown = result.shown.clone();
            entries.push((
                key,
                Entry {
                    digest,
                    graded: result.clone(),
                    shown,
                },
            ));
        }
        graded.push(result);
    }
    (
        StudentGrades {
            name: student.name.clone(),
            graded,
            fresh,
        },
        entries,
    )
}

/// What a grade depends on.
fn digest(rules: &Rules, found: &Result<Extracted, Nothing>, worth: &str) -> String {
    let build = rules.bench.libraries.display();
    let all = format!(
        "{found:?}\n{worth}\n{}\n{build}\n{:?}",
        rules.seed, rules.patience
    );
    Sha256::digest(all.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

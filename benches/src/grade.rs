//! `workbook bench grade`: a class of right, wrong and broken submissions.
use super::print_table;
use anyhow::{Context, Result, bail};
use kernel::notebook_file::{Notebook, lines, source};
use kernel::place::Built;
use lambda_workbook::exercises;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use workbook::Outcome;

#[derive(clap::Args)]
pub struct Args {
    /// Submissions
    #[arg(long, default_value_t = 200)]
    students: usize,
    /// How many exercises each, from the first on
    #[arg(long, default_value_t = 3)]
    exercises: usize,
}

pub fn run(args: Args) -> Result<Outcome> {
    let built = Built::find()?;
    let folder = tempfile::tempdir()?;
    let chosen = &exercises::ALL[..args.exercises.clamp(1, exercises::ALL.len())];
    for exercise in chosen {
        let answers = answers(&built.root, exercise.id, exercise.name)?;
        for student in 0..args.students {
            let answer = &answers[student % answers.len()];
            let place = folder.path().join(format!("in/student-{student:03}"));
            fs::create_dir_all(&place)?;
            answer.write(&place.join(format!("{}.ipynb", exercise.id)))?;
        }
    }
    let mut grade = Command::new(&built.exe);
    grade.arg("grade").arg(folder.path().join("in"));
    grade
        .arg("--out")
        .arg(folder.path().join("grades.csv"))
        .args(["--seed", "7", "--similar", "2"]);
    for exercise in chosen {
        grade.args(["--exercise", exercise.id]);
    }
    let started = Instant::now();
    let mut running = grade.spawn().context("cannot start the grader")?;
    let mut most = 0;
    let status = loop {
        if let Some(status) = running.try_wait()? {
            break status;
        }
        most = most.max(resident(running.id()));
        std::thread::sleep(Duration::from_millis(100));
    };
    if !status.success() {
        bail!("the grader failed");
    }
    let secs = started.elapsed().as_secs_f64();
    let graded = args.students * chosen.len();
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    print_table(&[
        row("submissions", args.students.to_string()),
        row("exercises each", chosen.len().to_string()),
        row("seconds", format!("{secs:.0}")),
        row("seconds an answer", format!("{:.2}", secs / graded as f64)),
        row(
            "MB at most, grader and all it started",
            (most >> 20).to_string(),
        ),
    ]);
    Ok(Outcome::Done)
}

/// The solution, the stub, every mutant, and what does not compile, in turn.
fn answers(root: &Path, id: &str, name: &str) -> Result<Vec<Notebook>> {
    let path = root.join("solutions").join(format!("{id}.ipynb"));
    let solution = Notebook::read(&path)?;
    let place = |cell: &serde_json::Value| cell["metadata"]["nbgrader"]["solution"] == true;
    let at = solution
        .cells()
        .iter()
        .position(place)
        .context("no solution cell")?;
    let right = source(&solution.cells()[at]);
    let mut sources = vec![right.clone(), right.replacen(';', "", 1)];
    let mutants: Vec<PathBuf> = fs::read_dir(root.join("solutions/mutants").join(name))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    for mutant in mutants {
        // Half of a class is right.
        sources.extend([fs::read_to_string(mutant)?, right.clone()]);
    }
    let notebook = |text: String| {
        let mut notebook = Notebook {
            path: path.clone(),
            json: solution.json.clone(),
        };
        notebook.cells_mut()[at]["source"] = lines(&text);
        notebook
    };
    Ok(sources.into_iter().map(notebook).collect())
}

/// The memory of a process and of those it started, in bytes.
fn resident(process: u32) -> u64 {
    let of_one = |process: u32| {
        let text = fs::read_to_string(format!("/proc/{process}/statm")).unwrap_or_default();
        let pages: u64 = text
            .split(' ')
            .nth(1)
            .and_then(|pages| pages.parse().ok())
            .unwrap_or(0);
        pages * 4096
    };
    let tasks = fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let children = tasks.flat_map(|task| {
        let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        text.split_whitespace()
            .filter_map(|child| child.parse().ok())
            .collect::<Vec<u32>>()
    });
    of_one(process) + children.map(resident).sum::<u64>()
}

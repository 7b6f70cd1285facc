//! `workbook grade`: marks for a folder of submissions.
use crate::Outcome;
use anyhow::{Context, Result, bail};
use grade::batch::{Ledger, StudentGrades, Task, grade_all, prove};
use grade::compile::Bench;
use grade::mark::{GRADER, Rules};
use grade::similar::{Pair, pairs};
use grade::submissions::{file_name, students};
use grade::{feedback, points, report};
use indicatif::{ProgressBar, ProgressStyle};
use kernel::notebook_file::source;
use kernel::place::Built;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(clap::Args)]
pub struct Args {
    /// A folder that holds a folder or a notebook for each student, by name
    submissions: PathBuf,
    /// The table to write; beside it come the same in JSON and a folder of feedback
    #[arg(long, default_value = "grades.csv")]
    out: PathBuf,
    /// Exercises to grade; all of them unless said
    #[arg(long = "exercise", value_name = "NAME")]
    exercises: Vec<String>,
    /// What the cases are drawn from; by lot unless said, and then kept for late ones
    #[arg(long)]
    seed: Option<u64>,
    /// Submissions to grade at once; one a processor unless said
    #[arg(long)]
    jobs: Option<usize>,
    /// Seconds for one answer
    #[arg(long, default_value_t = 10.0, value_name = "SECS")]
    timeout: f64,
    /// Report pairs of submissions that share at least this much
    #[arg(long, default_value_t = 0.8, value_name = "SHARE")]
    similar: f64,
    /// Grade everything again, also what has not changed
    #[arg(long)]
    again: bool,
    /// Run submissions with all rights that you have: only what you have read yourself
    #[arg(long)]
    unsandboxed: bool,
}

pub fn run(args: Args) -> Result<Outcome> {
    if !(args.timeout > 0.0 && args.timeout <= 3_600.0) {
        bail!("--timeout is a number of seconds, from 0 to 3600");
    }
    let built = Built::find()?;
    let bench = Bench::new(&built, !args.unsandboxed)?;
    let points = points::read(&built.root)?;
    let tasks = Task::chosen(&built.root, &args.exercises)?;
    let students = students(&args.submissions)?;
    let feedback = args.out.with_extension("feedback");
    fs::create_dir_all(&feedback).with_context(|| format!("cannot make {}", feedback.display()))?;
    let ledger_path = args.out.with_extension("ledger.json");
    let mut ledger = read_ledger(&ledger_path, &args)?;
    let rules = Rules {
        bench: &bench,
        seed: ledger.seed,
        patience: Duration::from_secs_f64(args.timeout),
        scanned: true,
    };
    prove(&rules, &tasks, &points)?;
    let bar = bar(students.len());
    let done = |grades: &StudentGrades| {
        bar.set_message(grades.name.clone());
        bar.inc(1);
    };
    let jobs = args
        .jobs
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let all = grade_all(&rules, &students, &tasks, &points, &mut ledger, jobs, &done);
    bar.finish_and_clear();
    let similar = similar(&tasks, &all, args.similar);
    write(&ledger_path, serde_json::to_string(&ledger)?.as_bytes())?;
    for student in &all {
        let page = feedback.join(file_name(&student.name) + ".html");
        write(&page, feedback::page(student).as_bytes())?;
    }
    let json = report::json(&all, ledger.seed, &similar);
    write(
        &args.out.with_extension("json"),
        serde_json::to_string_pretty(&json)?.as_bytes(),
    )?;
    write(&args.out, report::csv(&all).as_bytes())?;
    Ok(summary(&args, &all, &similar, ledger.seed))
}

/// What was graded before. Another seed asks everybody again.
fn read_ledger(path: &Path, args: &Args) -> Result<Ledger> {
    let fresh = || {
        let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
        // It is read in JSON by programs that know 53 bits of a number.
        Ledger::new(args.seed.unwrap_or(seed >> 12))
    };
    let Ok(text) = fs::read_to_string(path) else {
        return Ok(fresh());
    };
    let ledger: Ledger = serde_json::from_str(&text).with_context(|| {
        format!(
            "{} cannot be read: delete it to grade everything again",
            path.display()
        )
    })?;
    let seed = args.seed.unwrap_or(ledger.seed);
    if args.again || seed != ledger.seed {
        return Ok(Ledger::new(seed));
    }
    Ok(ledger)
}

fn bar(students: usize) -> ProgressBar {
    let bar = ProgressBar::new(students as u64);
    let style =
        ProgressStyle::with_template("{bar:30} {pos} of {len} students, {eta} left: {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn similar(tasks: &[Task], all: &[StudentGrades], least: f64) -> Vec<Pair> {
    let of = |task: &Task| {
        let id = task.exercise.id;
        let graded = all.iter().flat_map(|student| {
            student
                .graded
                .iter()
                .map(move |graded| (&student.name, graded))
        });
        let sources =
            graded.filter(|(_, graded)| graded.exercise == id && !graded.source.is_empty());
        let sources: Vec<_> = sources
            .map(|(name, graded)| (name.clone(), graded.source.clone()))
            .collect();
        let stub: String = task
            .handout
            .cells()
            .iter()
            .map(|cell| source(cell) + "\n")
            .collect();
        pairs(id, &stub, &sources, least)
    };
    tasks.iter().flat_map(of).collect()
}

/// Whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let written = (|| -> Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    })();
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn summary(args: &Args, all: &[StudentGrades], similar: &[Pair], seed: u64) -> Outcome {
    let fresh = all.iter().filter(|student| student.fresh).count();
    println!(
        "{} students, {fresh} of them graded now, seed {seed}",
        all.len()
    );
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    for graded in all.iter().flat_map(|student| &student.graded) {
        *verdicts.entry(&graded.verdict).or_default() += 1;
    }
    let verdicts: Vec<String> = verdicts
        .iter()
        .map(|(verdict, count)| format!("{count} {verdict}"))
        .collect();
    println!("answers: {}", verdicts.join(", "));
    for pair in similar {
        let [one, other] = &pair.students;
        println!(
            "similar: {one} and {other}, {:.0} % of {}",
            pair.share * 100.0,
            pair.exercise
        );
    }
    println!(
        "written: {}, and beside it .json and .feedback/",
        args.out.display()
    );
    let faults: Vec<_> = all
        .iter()
        .flat_map(|student| {
            let faults = student
                .graded
                .iter()
                .filter(|graded| graded.verdict == GRADER);
            faults.map(move |graded| (&student.name, graded))
        })
        .collect();
    for (name, graded) in &faults {
        println!(
            "the grader failed on {name}, {}: {}",
            graded.exercise, graded.reason
        );
    }
    if faults.is_empty() {
        Outcome::Done
    } else {
        Outcome::No
    }
}

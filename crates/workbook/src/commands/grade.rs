//! `workbook grade`: marks for a folder of submissions.
use crate::Outcome;
use anyhow::{Context, Result, bail};
use grade::batch::{Class, StudentGrades, grade_all, prove};
use grade::compile::Bench;
use grade::ledger::{Ledger, Seeds, write};
use grade::mark::{GRADER, Rules};
use grade::process::Setup;
use grade::sandbox::Groups;
use grade::similar::{Pair, pairs};
use grade::submissions::{file_name, students};
use grade::task::Task;
use grade::{feedback, points, report};
use indicatif::{ProgressBar, ProgressStyle};
use kernel::notebook_file::source;
use kernel::place::Built;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
    /// Draw other cases for each student, so that answers cannot be passed on
    #[arg(long)]
    seed_per_student: bool,
    /// Submissions to grade at once; one a processor unless said
    #[arg(long)]
    jobs: Option<usize>,
    /// Seconds for one answer
    #[arg(long, default_value_t = 10.0, value_name = "SECS")]
    timeout: f64,
    /// Report pairs of submissions that share at least this much
    #[arg(long, default_value_t = 0.8, value_name = "SHARE")]
    similar: f64,
    /// Write the seed on the students' pages: when it is too late to hand in
    #[arg(long)]
    show_seed: bool,
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
    if args.out.extension().is_none_or(|end| end != "csv") {
        bail!(
            "--out {}: it must end in .csv, because the other files are named after it",
            args.out.display()
        );
    }
    let built = Built::find()?;
    let mut bench = Bench::new(&built, !args.unsandboxed)?;
    bench.groups = Groups::delegated();
    let points = points::read(&built.root)?;
    let tasks = Task::chosen(&built.root, &args.exercises)?;
    let students = students(&args.submissions)?;
    let feedback = args.out.with_extension("feedback");
    fs::create_dir_all(&feedback).with_context(|| format!("cannot make {}", feedback.display()))?;
    let ledger = ledger(&args)?;
    let patience = Duration::from_secs_f64(args.timeout);
    let setup = Setup {
        submissions: args.submissions.clone(),
        exercises: tasks
            .iter()
            .map(|task| task.exercise.id.to_owned())
            .collect(),
        patience,
        budget: patience.max(BUDGET),
        sandboxed: !args.unsandboxed,
        groups: bench.groups.clone(),
    };
    let rules = Rules {
        bench: &bench,
        seed: ledger.seeds.seed,
        patience,
        budget: setup.budget,
        scanned: true,
        together: None,
    };
    prove(&rules, &tasks, &points)?;

    // Every student's page is written as soon as the grades are there.
    let bar = bar(students.len());
    let done = |grades: &StudentGrades| {
        bar.set_message(grades.name.clone());
        bar.inc(1);
        let page = feedback.join(file_name(&grades.name) + ".html");
        let seed = args.show_seed.then(|| ledger.seeds.of(&grades.name));
        write(&page, feedback::page(grades, seed).as_bytes())
    };
    let jobs = args
        .jobs
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let class = Class {
        exe: &built.exe,
        setup: &setup,
        tasks: &tasks,
        points: &points,
        ledger: &ledger,
        now_secs: &|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            since.map_or(0, |since| since.as_secs())
        },
    };
    let all = grade_all(&class, &students, jobs, &done)?;
    bar.finish_and_clear();
    let similar = similar(&tasks, &all, &ledger, args.similar)?;
    let json = report::json(&all, &ledger.seeds, &similar);
    write(
        &args.out.with_extension("json"),
        serde_json::to_string_pretty(&json)?.as_bytes(),
    )?;
    write(&args.out, report::csv(&all).as_bytes())?;
    Ok(summary(&args, &all, &similar, &ledger.seeds))
}

/// The grader's own process, which may die; see [`grade::process`].
pub fn process(setup: &str) -> Result<Outcome> {
    grade::process::serve(setup, |sandboxed| Bench::new(&Built::find()?, sandboxed))?;
    Ok(Outcome::Done)
}

/// For all answers of one submission to one exercise, unless one may take longer.
const BUDGET: Duration = Duration::from_secs(60);

/// What was graded before. Other seeds ask everybody again.
fn ledger(args: &Args) -> Result<Ledger> {
    let folder = args.out.with_extension("ledger");
    let ledger = Ledger::open(&folder, |before| {
        let (drawn, _) = uuid::Uuid::new_v4().as_u64_pair();
        // It is read in JSON by programs that know 53 bits of a number.
        let seed = before.map_or(drawn >> 12, |before| before.seed);
        Seeds {
            seed: args.seed.unwrap_or(seed),
            per_student: args.seed_per_student,
        }
    })?;
    if args.again {
        ledger.forget()?;
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

fn similar(
    tasks: &[Task],
    all: &[StudentGrades],
    ledger: &Ledger,
    least: f64,
) -> Result<Vec<Pair>> {
    let mut similar = Vec::new();
    // One exercise at a time: the sources of all would fill the memory.
    for task in tasks {
        let id = task.exercise.id;
        let mut sources = Vec::new();
        for student in all {
            let entry = ledger.entry(&student.name, id)?;
            let source = entry.map(|entry| entry.source).unwrap_or_default();
            if !source.is_empty() {
                sources.push((student.name.clone(), source));
            }
        }
        let stub: String = task
            .handout
            .cells()
            .iter()
            .map(|cell| source(cell) + "\n")
            .collect();
        similar.extend(pairs(id, &stub, &sources, least));
    }
    Ok(similar)
}

fn summary(args: &Args, all: &[StudentGrades], similar: &[Pair], seeds: &Seeds) -> Outcome {
    let fresh = all.iter().filter(|student| student.fresh).count();
    println!(
        "{} students, {fresh} of them graded now, seed {}{}",
        all.len(),
        seeds.seed,
        if seeds.per_student {
            ", another for each student"
        } else {
            ""
        }
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

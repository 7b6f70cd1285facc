//! Every attack gets the verdict that its file names, and no points.
use super::parts::{exe, notebook, root, solution};
use grade::batch::prove;
use grade::compile::Bench;
use grade::extract::extract;
use grade::mark::{Graded, Rules, grade};
use grade::points::{self, Worth};
use grade::scan::scan;
use grade::task::Task;
use kernel::notebook_file::Notebook;
use kernel::place::Built;
use lambda_workbook::exercises::{self, Exercise, pacific_days};
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

pub struct Attack {
    pub name: String,
    pub exercise: &'static Exercise,
    pub source: String,
    scanned: Vec<String>,
    pub unscanned: Vec<String>,
}

pub fn attacks() -> Vec<Attack> {
    let folder = root().join("crates/workbook/tests/grade/attacks");
    let mut attacks: Vec<Attack> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let (head, source) = head(&text);
            let line = |what: &str| {
                head.iter()
                    .find_map(|line| line.strip_prefix(&format!("// {what}: ")))
            };
            let verdicts = |what: &str| {
                let line =
                    line(what).unwrap_or_else(|| panic!("{} has no `{what}`", path.display()));
                line.split('|').map(str::to_owned).collect()
            };
            let exercise = line("exercise").unwrap_or(pacific_days::EXERCISE.name);
            Attack {
                exercise: exercises::find(exercise).expect("an exercise"),
                name: path.file_stem().unwrap().to_string_lossy().into_owned(),
                source: source.replace("@ROOT@", root().to_str().unwrap()),
                scanned: verdicts("scanned"),
                unscanned: verdicts("unscanned"),
            }
        })
        .collect();
    attacks.sort_by(|one, other| one.name.cmp(&other.name));
    attacks
}

/// The lines of a file's head, which ends with the verdict without the scan, and the rest.
fn head(text: &str) -> (Vec<&str>, String) {
    let lines: Vec<&str> = text.lines().collect();
    let last = lines
        .iter()
        .position(|line| line.starts_with("// unscanned: "));
    let (head, source) = lines.split_at(last.expect("`unscanned`") + 1);
    (head.to_vec(), source.join("\n"))
}

fn bench() -> Bench {
    let built = Built {
        exe: exe(),
        ..Built::find().unwrap()
    };
    let mut bench = Bench::new(&built, true).unwrap();
    // Compiling an answer takes 0.4 s.
    bench.limits.cpu_secs = 6;
    bench
}

fn worth() -> Worth {
    Worth {
        points: 10.0,
        weights: Default::default(),
    }
}

pub fn graded(rules: &Rules, exercise: &'static Exercise, source: &str) -> Graded {
    let text = notebook(source).to_string();
    let submission = Notebook::parse(&text, Path::new("a.ipynb")).unwrap();
    let task = Task::of(&root(), exercise).unwrap();
    grade(
        rules,
        exercise,
        &worth(),
        extract(&submission, &task.handout, exercise),
    )
}

#[test]
fn every_attack_gets_its_verdict_and_no_points() {
    let bench = bench();
    let untouched = fs::read_to_string(root().join("exercises/points.toml")).unwrap();
    let attacks = attacks();
    assert!(attacks.len() >= 170, "the corpus is there");
    let next = Mutex::new(attacks.iter());
    let wrong = Mutex::new(Vec::new());
    // Two, because compile bombs take all the processor time that they get, and other tests run.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(attack) = next.lock().unwrap().next() else {
                        return;
                    };
                    // A busy machine takes its time for what must come to another end.
                    let late = attack.unscanned == ["time"];
                    let patience = Duration::from_secs(if late { 2 } else { 20 });
                    // What the scan finds nothing in takes the same way with it and
                    // without it: one run has both verdicts.
                    let both: &[bool] = match scan(&attack.source) {
                        Some(_) => &[true, false],
                        None => &[true],
                    };
                    for &scanned in both {
                        let rules = Rules {
                            bench: &bench,
                            seed: 7,
                            patience,
                            budget: Duration::from_secs(60),
                            scanned,
                            together: None,
                        };
                        // A machine that is too busy to compile says nothing about an attack.
                        let is_busy = |graded: &Graded| graded.reason.contains("too busy");
                        let tries = (0..4).map(|_| graded(&rules, attack.exercise, &attack.source));
                        let mut tries = tries.skip_while(is_busy);
                        let Some(graded) = tries.next() else {
                            let said = format!("{}: the machine is too busy", attack.name);
                            wrong.lock().unwrap().push(said);
                            continue;
                        };
                        let wanted = match (scanned, both.len()) {
                            (true, 1) => vec![&attack.scanned, &attack.unscanned],
                            (true, _) => vec![&attack.scanned],
                            (false, _) => vec![&attack.unscanned],
                        };
                        let verdict = wanted.iter().all(|any| any.contains(&graded.verdict));
                        // A wrong answer may be right about a case, such as the empty one.
                        let points = graded.points == 0.0
                            || graded.verdict == "wrong" && graded.points < graded.of;
                        if !verdict || !points {
                            let said = format!(
                                "{}, scanned {scanned}: {} of {wanted:?}, {} points: {:.300}",
                                attack.name, graded.verdict, graded.points, graded.reason
                            );
                            wrong.lock().unwrap().push(said);
                        }
                        assert!(
                            !graded.shown.contains("<script>")
                                && !graded.shown.contains("<img src=x")
                        );
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let after = fs::read_to_string(root().join("exercises/points.toml")).unwrap();
    assert_eq!(untouched, after);
}

#[test]
fn the_readers_cases_by_heart_are_worth_nothing_but_the_empty_one() {
    let bench = bench();
    let rules = Rules {
        bench: &bench,
        seed: 7,
        patience: Duration::from_secs(5),
        budget: Duration::from_secs(60),
        scanned: true,
        together: None,
    };
    let attack = attacks()
        .into_iter()
        .find(|attack| attack.name == "knows_the_readers_cases")
        .unwrap();
    let passed: Vec<String> = graded(&rules, attack.exercise, &attack.source)
        .cases
        .into_iter()
        .filter(|case| case.verdict == "passed")
        .map(|case| case.case)
        .collect();
    assert!(passed.is_empty() || passed == ["empty"], "{passed:?}");
}

#[test]
fn the_sandbox_holds_and_the_solutions_get_all_points() {
    let bench = bench();
    let rules = Rules {
        bench: &bench,
        seed: 11,
        // Nothing here takes long by itself, and other tests are running.
        patience: Duration::from_secs(60),
        budget: Duration::from_secs(300),
        scanned: true,
        together: None,
    };
    let tasks = Task::chosen(&root(), &[]).unwrap();
    prove(&rules, &tasks, &points::read(&root()).unwrap()).unwrap();
}

#[test]
fn one_seed_grades_the_same_again_and_another_asks_otherwise() {
    let bench = bench();
    let wrong = solution("01_1_pacific_days").replace(".earliest()", ".latest()");
    let graded = |seed| {
        graded(
            &Rules {
                bench: &bench,
                seed,
                patience: Duration::from_secs(10),
                budget: Duration::from_secs(60),
                scanned: true,
                together: None,
            },
            &pacific_days::EXERCISE,
            &wrong,
        )
    };
    let (once, again, other) = (graded(1), graded(1), graded(2));
    assert_eq!(once, again);
    assert_eq!(
        (once.verdict.as_str(), once.points),
        ("wrong", other.points)
    );
    assert_ne!(once.shown, other.shown);
}

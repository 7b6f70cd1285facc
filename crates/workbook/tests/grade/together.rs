//! Answers of one student in one program.
use super::attacks::{Attack, attacks, graded};
use super::linked::ANSWERS;
use super::parts::{exe, solution};
use grade::compile::{Bench, Program};
use grade::linked::paths;
use grade::mark::Rules;
use grade::scan::scan;
use grade::together::Together;
use kernel::place::Built;
use lambda_workbook::exercises::{self, Exercise, pacific_days, pn_counter};
use std::collections::BTreeSet;
use std::fs;
use std::sync::Mutex;
use std::time::Duration;

fn bench() -> Bench {
    let built = Built {
        exe: exe(),
        ..Built::find().unwrap()
    };
    Bench::new(&built, true).unwrap()
}

fn solved(exercise: &'static Exercise) -> (&'static Exercise, String) {
    (exercise, solution(exercise.id))
}

fn rules<'a>(bench: &'a Bench, together: &'a Together) -> Rules<'a> {
    Rules {
        bench,
        seed: 7,
        patience: Duration::from_secs(60),
        budget: Duration::from_secs(300),
        scanned: true,
        together: Some(together),
    }
}

/// Asserts that a right answer has all points, though it may share a program with others.
fn assert_passes(
    bench: &Bench,
    together: &Together,
    (exercise, source): &(&'static Exercise, String),
) {
    let graded = graded(&rules(bench, together), exercise, source);
    let said = format!("{}: {}", exercise.id, graded.reason);
    assert_eq!(
        (graded.verdict.as_str(), graded.points),
        ("passed", 10.0),
        "{said}"
    );
}

fn paths_of(program: &Program) -> BTreeSet<String> {
    paths(&fs::read(&program.path).unwrap()).unwrap()
}

/// Rule: the solutions of all exercises that share fit in one program, which has no reference, no case
/// and no marks; and each answers there as in a program of its own. An exercise whose answer may use
/// what would answer another one does not share.
#[test]
fn the_solutions_are_one_program_without_what_is_judged_by() {
    let bench = bench();
    let sources: Vec<_> = exercises::ALL.iter().copied().map(solved).collect();
    let together = Together::compile(&bench, sources.clone());
    let mut alone = Vec::new();
    for (exercise, source) in &sources {
        let Some(program) = together.program(exercise, source) else {
            alone.push(exercise.name);
            continue;
        };
        let linked = paths_of(program);
        let judged = |path: &&String| {
            let inside = path.strip_prefix("exercises::").unwrap_or_default();
            let item = inside.split("::").nth(1).unwrap_or_default();
            inside.starts_with("marks") || ["reference", "cases", "EXERCISE"].contains(&item)
        };
        assert_eq!(linked.iter().find(judged), None, "{}", exercise.id);
        // Of no exercise: all of them could reach it. A type in the name of a generic function, which
        // the frame of another exercise links, answers nothing.
        let answers = || ANSWERS.iter().flat_map(|(_, answers)| *answers);
        let answers = |path: &&String| answers().any(|answer| path.contains(answer));
        let is_a_type = |path: &&String| *path == "lambda::batch::bounces::Stretch";
        let found = linked
            .iter()
            .filter(answers)
            .filter(|path| !is_a_type(path));
        let found: Vec<&String> = found.collect();
        assert!(found.is_empty(), "{}: {found:?}", exercise.id);
    }
    alone.sort_unstable();
    let uses_more = [
        "daily_uniques",
        "dedupe_window",
        "delta_uniques",
        "fields_grouping",
        "idempotent_update",
        "incident_repair",
        "late_rows",
        "merge_cache",
        "plan_again",
        "replay",
        "retraction",
        "switch_over",
        "visits",
        "visits_across",
        "visits_range",
        "watermark",
    ];
    assert_eq!(alone, uses_more);
    for solved in &sources {
        assert_passes(&bench, &together, solved);
    }
}

/// Answers that a program with others does not hold, each with a reason.
fn left_out() -> [(&'static str, (&'static Exercise, String)); 6] {
    let find = |name| exercises::find(name).unwrap();
    let pacific = |more: &str| {
        (
            &pacific_days::EXERCISE,
            solution(pacific_days::EXERCISE.id) + more,
        )
    };
    let forbidden = "lambda_workbook::batch::page_views_by_local_day";
    let signature = "fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame>";
    let table = "fn(&DataFrame, Tz) -> PolarsResult<DataFrame>";
    [
        ("an error", (find("top_three"), "fn top_three(".to_owned())),
        (
            "a type that is wrong",
            (
                find("cost_model"),
                solution(find("cost_model").id) + "\nfn n() -> i64 { \"\" }",
            ),
        ),
        (
            "what is the answer, called",
            (
                &pacific_days::EXERCISE,
                format!("{signature} {{ {forbidden}(views, zone) }}"),
            ),
        ),
        (
            "what is the answer, in a table that nothing refers to",
            pacific(&format!("\n#[used] static TABLE: {table} = {forbidden};")),
        ),
        (
            "the exercise itself, in such a table",
            pacific(
                "\n#[used] static TABLE: fn() = || { let _ = lambda_workbook::solution!(pacific_days); };",
            ),
        ),
        (
            "a macro for other answers",
            pacific("\n#[macro_export] macro_rules! helper { () => { 1 } }"),
        ),
    ]
}

/// Rule: nothing of an answer that has an error, or names what its exercise does not allow, is in the
/// program of the others, from wherever it is named; and the others have all their points.
#[test]
fn what_is_left_out_of_a_program_is_not_in_it() {
    let bench = bench();
    let honest = [
        solved(exercises::find("pn_counter").unwrap()),
        solved(exercises::find("bounce_rate").unwrap()),
    ];
    for (why, answer) in left_out() {
        let all = [&honest[..], std::slice::from_ref(&answer)].concat();
        let together = Together::compile(&bench, all);
        assert!(together.program(answer.0, &answer.1).is_none(), "{why}");
        for (exercise, source) in &honest {
            if let Some(program) = together.program(exercise, source) {
                let of_answer =
                    |path: &String| path.contains("local_day") || path.contains("pacific");
                assert_eq!(paths_of(program).into_iter().find(of_answer), None, "{why}");
            }
            assert_passes(&bench, &together, &(*exercise, source.clone()));
        }
    }
    // Nor is one that has changed since.
    let together = Together::compile(&bench, honest.to_vec());
    let (exercise, source) = &honest[0];
    assert!(together.program(exercise, source).is_some());
    assert!(
        together
            .program(exercise, &(source.clone() + " "))
            .is_none()
    );
}

/// Rule: an answer that takes the memory of its process, or of its threads, costs no other a point.
#[test]
fn memory_that_one_answer_takes_costs_no_other_a_point() {
    let bench = bench();
    let find = |name| exercises::find(name).unwrap();
    let of_threads = "thread_local! { static B: std::cell::Cell<[u8; 4_000_000]> = const { std::cell::Cell::new([0; 4_000_000]) }; }\n";
    let statics: String = (0..36)
        .map(|n| format!("static C{n}: std::sync::Mutex<std::mem::MaybeUninit<[u8; 40 << 20]>> = std::sync::Mutex::new(std::mem::MaybeUninit::uninit());\n"))
        .collect();
    let reads: String = (0..36).map(|n| format!("let _ = C{n}.lock();")).collect();
    let merge = find("register_merge");
    let greedy = [
        solution(merge.id)
            + "\n"
            + of_threads
            + "fn touch() { B.with(|_| ()); }\n#[used] static T: fn() = touch;",
        solution(merge.id)
            + "\n"
            + &statics
            + &format!("fn touch() {{ {reads} }}\n#[used] static T: fn() = touch;"),
    ];
    for source in greedy {
        let honest = solved(&pacific_days::EXERCISE);
        let together = Together::compile(&bench, vec![(merge, source), honest.clone()]);
        assert_passes(&bench, &together, &honest);
    }
}

/// Rule: an answer that becomes the same program under the name of another answer finds nothing there
/// that it may not use itself.
#[test]
fn another_answer_of_the_program_answers_no_better() {
    let bench = bench();
    let find = |name| exercises::find(name).unwrap();
    let other = "fn visits_and_bounces(views: &DataFrame) -> PolarsResult<DataFrame> { batch::bounces(views) }";
    let both = vec![
        (find("bounce_rate"), other.to_owned()),
        solved(find("bounce_defect")),
        solved(&pacific_days::EXERCISE),
    ];
    let together = Together::compile(&bench, both.clone());
    assert!(together.program(both[0].0, &both[0].1).is_none());
    let program = together
        .program(both[1].0, &both[1].1)
        .expect("two are left");
    let bounces = |path: &String| path.contains("bounces") && path.starts_with("lambda");
    assert_eq!(paths_of(program).into_iter().find(bounces), None);
}

/// Rule: what is refused for what it calls is refused beside other answers as well.
#[test]
fn an_attack_is_refused_beside_an_honest_answer() {
    let bench = bench();
    let refused = |attack: &Attack| {
        scan(&attack.source).is_none()
            && attack
                .unscanned
                .iter()
                .any(|verdict| verdict == "forbidden")
    };
    let attacks: Vec<Attack> = attacks().into_iter().filter(refused).collect();
    assert!(attacks.len() > 20, "{} attacks", attacks.len());
    let next = Mutex::new(attacks.iter());
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(attack) = next.lock().unwrap().next() else {
                        return;
                    };
                    let honest = match attack.exercise.id == pn_counter::EXERCISE.id {
                        true => solved(&pacific_days::EXERCISE),
                        false => solved(&pn_counter::EXERCISE),
                    };
                    let both = vec![(attack.exercise, attack.source.clone()), honest];
                    let together = Together::compile(&bench, both);
                    if together.program(attack.exercise, &attack.source).is_none() {
                        continue;
                    }
                    // Then it is one that the system refuses.
                    let rules = rules(&bench, &together);
                    let graded = graded(&rules, attack.exercise, &attack.source);
                    if !attack.unscanned.contains(&graded.verdict) {
                        let said = format!("{}: {}", attack.name, graded.verdict);
                        wrong.lock().unwrap().push(said);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{wrong:?}");
}

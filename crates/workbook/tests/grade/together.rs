//! Answers of one student in one program.
use super::attacks::{Attack, attacks, graded};
use super::parts::{exe, solution};
use grade::compile::Bench;
use grade::linked::paths;
use grade::mark::Rules;
use grade::scan::scan;
use grade::together::Together;
use kernel::place::Built;
use lambda_workbook::exercises::{self, Exercise, daily_uniques, pacific_days};
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

/// Rule: all solutions fit in one program, which has no reference, no case and no marks; and each
/// answers there as in a program of its own.
#[test]
fn all_solutions_are_one_program_without_what_is_judged_by() {
    let bench = bench();
    let sources: Vec<_> = exercises::ALL.iter().copied().map(solved).collect();
    let together = Together::compile(&bench, sources.clone());
    let rules = Rules {
        bench: &bench,
        seed: 7,
        patience: Duration::from_secs(60),
        budget: Duration::from_secs(300),
        scanned: true,
        together: Some(&together),
    };
    for (exercise, source) in &sources {
        let program = together.program(exercise, source);
        let program = program.unwrap_or_else(|| panic!("{} is not in it", exercise.id));
        let linked = paths(&fs::read(&program.path).unwrap()).unwrap();
        let (reference, cases) = (
            format!("exercises::{}::reference", exercise.name),
            format!("exercises::{}::cases", exercise.name),
        );
        let marks = |path: &&String| path.starts_with("exercises::marks");
        assert!(!linked.contains(&reference), "{}", exercise.id);
        assert!(!linked.contains(&cases), "{}", exercise.id);
        assert_eq!(linked.iter().find(marks), None);
        let graded = graded(&rules, exercise, source);
        assert_eq!(
            (graded.verdict.as_str(), graded.points),
            ("passed", 10.0),
            "{}",
            exercise.id
        );
    }
}

/// Rule: an answer with an error, or one that is refused, is not in the program, and the others are.
#[test]
fn what_is_wrong_with_one_answer_leaves_out_no_other() {
    let bench = bench();
    let find = |name| exercises::find(name).unwrap();
    let all = [
        solved(find("pn_counter")),
        (find("top_three"), "fn top_three(".to_owned()),
        (
            &pacific_days::EXERCISE,
            "fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> \
             { batch::page_views_by_local_day(views, zone) }"
                .to_owned(),
        ),
        // It does not compile alone either.
        (
            find("label_round"),
            solution(find("label_round").id) + "\nuse super::pn_counter::*;",
        ),
        (
            find("cost_model"),
            solution(find("cost_model").id).replacen("fn ", "fn nothing() -> i64 { \"\" }\nfn ", 1),
        ),
        solved(&daily_uniques::EXERCISE),
    ];
    let together = Together::compile(&bench, all.to_vec());
    let found = all
        .iter()
        .map(|(exercise, source)| together.program(exercise, source).is_some());
    let found: Vec<bool> = found.collect();
    assert_eq!(found, [true, false, false, false, false, true]);
    // Nor is one that has changed since.
    let (exercise, source) = &all[0];
    assert!(
        together
            .program(exercise, &(source.clone() + " "))
            .is_none()
    );
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
                    let honest = match attack.exercise.id == daily_uniques::EXERCISE.id {
                        true => solved(&pacific_days::EXERCISE),
                        false => solved(&daily_uniques::EXERCISE),
                    };
                    let both = vec![(attack.exercise, attack.source.clone()), honest];
                    let together = Together::compile(&bench, both);
                    if together.program(attack.exercise, &attack.source).is_none() {
                        continue;
                    }
                    // Then it is one that the system refuses.
                    let rules = Rules {
                        bench: &bench,
                        seed: 7,
                        patience: Duration::from_secs(20),
                        budget: Duration::from_secs(60),
                        scanned: true,
                        together: Some(&together),
                    };
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

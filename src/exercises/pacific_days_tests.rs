//! The stub is unsolved, the reference passes, each mutant fails for its own
//! reason. The solution itself stands in its notebook and is tested on the real
//! kernel.
use super::super::{READERS_SEED, Status, Verdict, judge};
use super::*;
use crate::notebook::Render;

crate::exercises::mutants::mutants!(
    pacific_days::daily_page_views:
    count_is_u32, counts_seconds, days_of_86400, fixed_offset, midnight_always, polars_truncate,
    sum_of_hours, truncates, unsorted, utc_day,
);

fn verdict(function: Function) -> Verdict {
    judge(&EXERCISE, READERS_SEED, &move |inputs| answer(function, inputs))
}

#[test]
fn the_reference_passes_with_any_seed() {
    for seed in 0..20 {
        let verdict = judge(&EXERCISE, seed, &reference);
        assert_eq!(verdict.status, Status::Passed, "{}: {}", verdict.headline(), verdict.reason());
    }
}

#[test]
fn the_stub_is_unsolved_and_says_what_to_write() {
    let verdict = verdict(|_, _| todo!());
    assert_eq!(verdict.status, Status::Unsolved);
    assert!(verdict.reason().contains(EXERCISE.signature));
    let text = verdict.render().get("text/plain").unwrap().to_owned();
    assert!(text.contains("hint!(pacific_days)"), "{text}");
}

#[test]
fn each_mutant_fails_for_its_own_reason() {
    for mutant in MUTANTS {
        mutant.assert_found(&verdict(mutant.function));
    }
}

#[test]
fn another_seed_asks_otherwise_and_finds_the_same_mutants() {
    for seed in 0..8 {
        for mutant in MUTANTS {
            mutant.assert_found_where_announced(&judge(&EXERCISE, seed, &move |inputs| answer(mutant.function, inputs)));
        }
    }
}

#[test]
fn no_case_with_rows_is_the_readers_own() {
    crate::exercises::mutants::assert_drawn(&EXERCISE);
}

#[test]
fn every_mutant_of_the_folder_is_tested() {
    crate::exercises::mutants::assert_complete("pacific_days", MUTANTS.iter().map(|mutant| mutant.name));
}

#[test]
fn the_smallest_failing_input_is_one_view() {
    let found = MUTANTS.iter().find(|mutant| mutant.name == "sum_of_hours").unwrap();
    let failed = verdict(found.function).failed.unwrap();
    assert_eq!(failed.inputs.frame("views").unwrap().height(), 1);
}

#[test]
fn a_verdict_shows_both_answers_with_clocks() {
    let found = MUTANTS.iter().find(|mutant| mutant.name == "utc_day").unwrap();
    let rich = verdict(found.function).render();
    let text = rich.get("text/plain").unwrap();
    assert!(text.contains("expected") && text.contains("your answer"), "{text}");
    assert!(text.contains("00:00 PDT"), "{text}");
    assert!(rich.get("text/html").unwrap().contains("lw-mark"));
    let json: serde_json::Value = serde_json::from_str(rich.get(crate::exercises::VERDICT_MIME).unwrap()).unwrap();
    assert_eq!(json["status"], "wrong");
    assert_eq!(json["case"], "evening");
}

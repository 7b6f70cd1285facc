//! The stub is unsolved, the reference passes, each mutant fails for its own
//! reason.
use super::super::{READERS_SEED, Status, Verdict, judge};
use super::*;

crate::exercises::mutants::mutants!(
    alternating_expiry::sets_asked:
    cleared_only_once, clears_at_the_end, clears_the_asked_set, from_the_run_before, never_clears, one_set, takes_turns_on_failure,
);

fn verdict(function: Function) -> Verdict {
    judge(&EXERCISE, READERS_SEED, &move |inputs| answer(function, inputs))
}

#[test]
fn the_reference_passes_with_any_seed() {
    for seed in 0..10 {
        let verdict = judge(&EXERCISE, seed, &reference);
        assert_eq!(verdict.status, Status::Passed, "{}: {}", verdict.headline(), verdict.reason());
    }
}

#[test]
fn the_stub_is_unsolved_and_says_what_to_write() {
    let verdict = verdict(|_| todo!());
    assert_eq!(verdict.status, Status::Unsolved);
    assert!(verdict.reason().contains(EXERCISE.signature));
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
    crate::exercises::mutants::assert_complete("alternating_expiry", MUTANTS.iter().map(|mutant| mutant.name));
}

#[test]
fn every_case_has_an_answer() {
    for case in cases(READERS_SEED) {
        assert!(reference(&case.inputs).is_ok(), "{}", case.name);
    }
}

//! Exercises that check themselves.
//!
//! ```
//! use lambda_workbook::prelude::*;
//! use lambda_workbook::exercises::{judge, Status, pacific_days};
//!
//! fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
//!     todo!()
//! }
//! let verdict = judge(&pacific_days::EXERCISE, 0, &|inputs| pacific_days::answer(daily_page_views, inputs));
//! assert_eq!(verdict.status, Status::Unsolved);
//! ```
//!
//! In a notebook that is `check!(pacific_days, daily_page_views)`, which also
//! stores the reader's progress. Reading order: [`exercise`] (what one is) ->
//! [`value`] (arguments and answers) -> [`attempt`] (one call, whatever it does)
//! -> [`compare`] (what differs) -> [`judge()`] (the first case that fails, on its
//! smallest input) -> [`verdict`] (what is said) -> [`progress`] (what is kept). For
//! a grader: [`draw`] (cases by lot) -> [`marks`] (every case, points) -> [`wire`]
//! and [`worker`] (the function in a process of its own).
//!
//! # A new exercise
//!
//! 1. a file here, with `EXERCISE`, `Function` and `answer`, and one line in the
//!    list below;
//! 2. `solutions/ID.ipynb` with the solution between `// BEGIN SOLUTION` and
//!    `// END SOLUTION`; `workbook release` makes `exercises/ID.ipynb`;
//! 3. `solutions/mutants/NAME/*.rs`: known wrong answers, each with the case that
//!    must find it.
//!
//! Invariants:
//! 1. The stub is unsolved, the solution passes, every mutant fails at the case
//!    that it names.
//! 2. A check passes only if every case was answered, and rightly.
//! 3. Same seed, same cases; another seed, other cases that find the same mistakes.
pub mod attempt;
pub mod compare;
pub mod draw;
pub mod exercise;
mod judge;
pub mod marks;
#[cfg(all(test, target_os = "linux"))]
#[path = "../../../tests/memory.rs"]
mod memory;
#[cfg(test)]
pub(crate) mod mutants;
#[cfg(test)]
mod parts_in_the_week;
pub mod progress;
mod progress_table;
mod respondent;
mod solution;
mod tries;
pub mod value;
pub mod verdict;
pub mod wire;
pub mod worker;

pub use exercise::{Case, Exercise};
pub use judge::{judge, judge_by, mark};
pub use marks::Marks;
pub use progress_table::{Hints, ProgressTable, hint, progress};
pub use respondent::{Ask, Respondent};
pub use solution::{Solution, give_up, reset, solution};
pub use value::{Inputs, Value};
pub use verdict::{CallFailure, Status, VERDICT_MIME, Verdict};

macro_rules! exercises {
    ($($name:ident),* $(,)?) => {
        $(pub mod $name;)*

        /// Every exercise, in the order of the chapters.
        pub static ALL: &[&Exercise] = &[$(&$name::EXERCISE),*];
    };
}

exercises![
    pacific_days,
    register_merge,
    daily_uniques,
    visits,
    visits_range,
    label_round,
    bounce_rate,
    shard_choice,
    index_layout,
    publish_atomically,
    portable_sql,
    idempotent_update,
    surviving_consumer,
    fields_grouping,
    dedupe_window,
    row_key,
    alternating_expiry,
    visits_across,
    pair_choice,
    merge_cache,
    counter_merge,
    pn_counter,
    stale_schedule,
    or_set_merge,
    counter_node,
    exactly_once,
    top_three,
    opaque_state,
    watermark,
    late_rows,
    replay,
    retraction,
    plan_again,
    switch_over,
    believed_cities,
    partial_recompute,
    bloom_join,
    cost_model,
    bounce_defect,
    incident_repair,
    delta_uniques,
    forget_person,
];

/// The seed of a reader's own checks; a grader takes another.
pub const READERS_SEED: u64 = 20_150_803;

/// Judges a reader's function and stores the progress.
pub fn check(exercise: &'static Exercise, answer: attempt::AttemptAnswer) -> Verdict {
    let mut verdict = judge(exercise, READERS_SEED, answer);
    let stored =
        progress::ProgressStore::of_project().and_then(|progress| progress.count(&verdict));
    verdict.note = stored
        .err()
        .map(|error| format!("Progress was not stored: {error}"));
    verdict
}

/// Finds an exercise by its id or its name.
///
/// ```
/// use lambda_workbook::exercises;
/// assert_eq!(exercises::find("01_1_pacific_days").unwrap().name, "pacific_days");
/// assert!(exercises::find("nonsense").is_none());
/// ```
pub fn find(name: &str) -> Option<&'static Exercise> {
    ALL.iter()
        .copied()
        .find(|exercise| exercise.id == name || exercise.name == name)
}

/// Checks a reader's function: `check!(pacific_days, daily_page_views)`.
///
/// A function of another signature does not compile, and the compiler says which
/// one is asked for.
#[macro_export]
macro_rules! check {
    ($name:ident, $function:expr) => {{
        let function: $crate::$name::Function = $function;
        $crate::check(&$crate::$name::EXERCISE, &move |inputs| {
            $crate::$name::answer(function, inputs)
        })
    }};
}

/// Shows the solution of an exercise that has passed: `solution!(pacific_days)`; of
/// another only to who gives up: `solution!(pacific_days, give_up)`.
#[macro_export]
macro_rules! solution {
    ($name:ident) => {
        $crate::solution(&$crate::$name::EXERCISE)
    };
    ($name:ident, give_up) => {
        $crate::give_up(&$crate::$name::EXERCISE)
    };
}

/// Marks a function on every case of an exercise, for a course that grades in the
/// kernel: `marks!(pacific_days, daily_page_views, seed: 7, points: 10.0)`. Names
/// of cases with weights may follow: `"half_hour" => 2.0`.
///
/// Whoever writes the function can do in the kernel whatever they like, so marks
/// that matter come from `workbook grade`.
#[macro_export]
macro_rules! marks {
    ($name:ident, $function:expr, seed: $seed:expr, points: $points:expr $(, $case:literal => $weight:expr)* $(,)?) => {{
        let function: $crate::$name::Function = $function;
        $crate::mark(
            &$crate::$name::EXERCISE,
            $seed,
            &mut |inputs: &$crate::Inputs| {
                let answer = move |inputs: &$crate::Inputs| $crate::$name::answer(function, inputs);
                $crate::attempt::attempt(&answer, inputs)
            },
        )
        .of($points)
        .weighing([$(($case, $weight)),*])
    }};
}

/// Opens the next hint of an exercise: `hint!(pacific_days)`.
#[macro_export]
macro_rules! hint {
    ($name:ident) => {
        $crate::hint(&$crate::$name::EXERCISE)
    };
}

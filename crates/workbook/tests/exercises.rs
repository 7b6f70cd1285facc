//! Exercises on the real kernel and in the shell: the stub is unsolved, the solution
//! passes, every mutant fails where its first line says; and what is committed is
//! current.
//!
//! One kernel serves an exercise: it runs the solution as it is committed, then the
//! handout, then all mutants. Each rule reads what that gave.
use crate::execution::{Execution, block_on, exe, root, start, stems};
use grade::compile::Bench;
use grade::handout::{handout, solutions};
use kernel::client::CellRun;
use kernel::notebook_file::{Notebook, joined, source};
use kernel::place::Built;
use lambda_workbook::exercises::progress::ProgressStore;
use lambda_workbook::exercises::{self, Exercise, VERDICT_MIME};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;
use workbook::commands::check::{Found, Reader};

/// One test of each rule for each exercise, so that they run beside each other, and
/// those of one exercise alone can be run: `cargo test --test all pacific_days`.
macro_rules! every_exercise {
    ($($rule:ident)*) => {
        $(every_exercise! { $rule:
            pacific_days register_merge daily_uniques visits visits_range label_round bounce_rate
            shard_choice index_layout publish_atomically portable_sql idempotent_update surviving_consumer
             fields_grouping dedupe_window row_key alternating_expiry visits_across pair_choice merge_cache counter_merge pn_counter stale_schedule
             or_set_merge counter_node exactly_once top_three opaque_state watermark late_rows replay
             retraction plan_again switch_over believed_cities partial_recompute bloom_join cost_model bounce_defect
             incident_repair
            delta_uniques forget_person
        })*

        #[test]
        fn every_exercise_has_its_tests() {
            let names: Vec<&str> = exercises::ALL.iter().map(|exercise| exercise.name).collect();
            $(assert_eq!($rule::EXERCISES, names);)*
        }
    };
    ($rule:ident: $($name:ident)*) => {
        mod $rule {
            pub const EXERCISES: &[&str] = &[$(stringify!($name)),*];

            $(
                #[test]
                fn $name() {
                    super::$rule(super::exercises::find(stringify!($name)).unwrap());
                }
            )*
        }
    };
}

every_exercise! {
    every_mutant_fails_where_it_says_in_a_cell_and_in_the_shell
    the_handout_runs_to_its_end_and_fails_only_where_it_says_so
    the_solution_gives_what_is_committed
    the_solution_passes_in_a_cell_and_in_the_shell
    the_stub_is_unsolved_in_a_cell_and_in_the_shell
}

/// A handout as it is committed, where that can be told: a reader's copy is solved
/// in place.
fn committed(path: &Path) -> Option<Value> {
    let name = path.strip_prefix(root()).ok()?;
    let mut git = Command::new("git");
    let shown = git
        .arg("show")
        .arg(format!(":{}", name.display()))
        .current_dir(root())
        .output()
        .ok()?;
    serde_json::from_slice(&shown.stdout).ok()
}

#[test]
fn every_handout_is_current() {
    for solution in solutions(&root()).unwrap() {
        let made = handout(&solution).unwrap();
        let on_disk = Notebook::read(&made.path)
            .map(|notebook| notebook.json)
            .ok();
        let committed = committed(&made.path);
        // Without git, only that somebody has a notebook there can be said.
        let current = on_disk.as_ref() == Some(&made.json)
            || committed.is_none_or(|committed| committed == made.json);
        assert!(
            on_disk.is_some() && current,
            "run `cargo workbook release`: {} is stale",
            made.path.display()
        );
    }
}

#[test]
fn every_exercise_has_its_notebooks() {
    let mut ids: Vec<&str> = exercises::ALL.iter().map(|exercise| exercise.id).collect();
    ids.sort();
    assert_eq!(stems("solutions"), ids);
    // A reader may keep copies there.
    let handouts = stems("exercises");
    assert!(
        ids.iter().all(|id| handouts.iter().any(|stem| stem == id)),
        "{handouts:?}"
    );
}

/// What one exercise gave on one kernel.
struct Sitting {
    solution: Execution,
    handout: Execution,
    /// Each mutant's verdict, in the order of [`mutants`].
    mutants: Vec<InACell>,
}

/// Returns the sitting of an exercise. The first test that asks runs it.
fn sitting(exercise: &'static Exercise) -> &'static Sitting {
    static SITTINGS: LazyLock<Vec<OnceLock<Sitting>>> =
        LazyLock::new(|| exercises::ALL.iter().map(|_| OnceLock::new()).collect());
    let ids = exercises::ALL.iter().map(|other| other.id);
    let place = ids.into_iter().position(|id| id == exercise.id).unwrap();
    SITTINGS[place].get_or_init(|| block_on(sit(exercise)))
}

async fn sit(exercise: &'static Exercise) -> anyhow::Result<Sitting> {
    let path = solution(exercise);
    let progress = tempfile::tempdir()?;
    let mut client = start(path.parent().expect("a folder"), progress.path()).await?;
    // First, because its outputs have the numbers of their cells in them.
    let solution = Execution::of(Notebook::read(&path)?, &mut client).await?;
    let handout = Execution::of(handout(&path)?, &mut client).await?;
    let ran = client.execute(&all_at_once(exercise)).await?;
    anyhow::ensure!(
        ran.error().is_none(),
        "{}: {:#}",
        exercise.id,
        ran.error().unwrap()
    );
    client.shutdown().await?;
    Ok(Sitting {
        solution,
        handout,
        mutants: verdicts(&ran, exercise).collect(),
    })
}

/// A cell that checks all mutants of an exercise, each in a block of its own. That a
/// check finds a function of an earlier cell is the solution's to show.
fn all_at_once(exercise: &Exercise) -> String {
    let (name, function) = (exercise.name, function(exercise));
    let check = |(_, source): &(String, String)| {
        format!("{{\n{source}\ndisplay(check!({name}, {function}));\n}}\n")
    };
    mutants(exercise).iter().map(check).collect()
}

fn solution(exercise: &Exercise) -> PathBuf {
    let name = format!("{}.ipynb", exercise.id);
    root().join("solutions").join(name)
}

/// The sources of a notebook's code cells, in order.
fn cells(notebook: &Notebook) -> Vec<String> {
    let code = notebook.code_cells();
    code.iter()
        .map(|&cell| source(&notebook.cells()[cell]))
        .collect()
}

/// A verdict as a cell gives it.
#[derive(Debug)]
struct InACell {
    status: String,
    case: Option<String>,
    text: String,
}

/// The verdicts on an exercise among a cell's outputs, in order.
fn verdicts(ran: &CellRun, exercise: &Exercise) -> impl Iterator<Item = InACell> {
    let json = |data: &Value| match &data[VERDICT_MIME] {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        json => json.clone(),
    };
    let found = move |output: &Value| {
        let data = &output["data"];
        let found: Value = json(data);
        if found["exercise"] != exercise.id {
            return None;
        }
        Some(InACell {
            status: found["status"].as_str()?.to_owned(),
            case: found["case"].as_str().map(str::to_owned),
            text: joined(&data["text/plain"]),
        })
    };
    ran.outputs.iter().filter_map(found)
}

/// Without the last lines: each place has its own.
fn said(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("Progress") && !line.starts_with("Note: "));
    lines.collect::<Vec<_>>().join("\n")
}

fn reader(folder: &Path) -> Reader {
    let built = Built {
        exe: exe().to_owned(),
        ..Built::find().unwrap()
    };
    Reader {
        bench: Bench::new(&built, false).unwrap(),
        patience: Duration::from_secs(20),
        progress: ProgressStore::at(&folder.join("progress")),
    }
}

/// A notebook with these code cells, checked in the shell.
fn in_the_shell(
    reader: &Reader,
    folder: &Path,
    cells: &[String],
    exercise: &'static Exercise,
) -> Found {
    let cells: Vec<Value> = cells
        .iter()
        .map(|source| {
            json!({"cell_type": "code", "source": source, "metadata": {}, "outputs": [],
                "execution_count": null})
        })
        .collect();
    let json = json!({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells});
    let path = folder.join(format!("{}.ipynb", exercise.id));
    std::fs::write(&path, json.to_string()).unwrap();
    reader.check(&path, exercise).unwrap()
}

/// Fails unless a notebook's cell and the shell give this verdict, in the same words.
fn assert_verdict(wanted: &str, execution: &Execution, exercise: &'static Exercise) {
    let in_cells = execution.cells.iter();
    let mut in_cells = in_cells.flat_map(|(_, ran)| verdicts(ran, exercise));
    let in_a_cell = in_cells
        .next()
        .unwrap_or_else(|| panic!("no verdict: {:#?}", execution.errors()));
    assert_eq!(in_a_cell.status, wanted, "{}", in_a_cell.text);
    let folder = tempfile::tempdir().unwrap();
    let reader = reader(folder.path());
    let cells = cells(&execution.notebook);
    let in_the_shell = in_the_shell(&reader, folder.path(), &cells, exercise);
    assert_eq!(said(&in_the_shell.text), said(&in_a_cell.text));
}

fn the_solution_gives_what_is_committed(exercise: &'static Exercise) {
    sitting(exercise).solution.assert_gives_what_is_committed();
}

fn the_solution_passes_in_a_cell_and_in_the_shell(exercise: &'static Exercise) {
    assert_verdict("passed", &sitting(exercise).solution, exercise);
}

fn the_stub_is_unsolved_in_a_cell_and_in_the_shell(exercise: &'static Exercise) {
    assert_verdict("unsolved", &sitting(exercise).handout, exercise);
}

/// The stub says `todo!()`. A cell that the reader's own function must feed is marked as
/// one that may fail, so that every front end goes on after it.
fn the_handout_runs_to_its_end_and_fails_only_where_it_says_so(exercise: &'static Exercise) {
    let handout = &sitting(exercise).handout;
    let fed = |cell: &Value| cell["id"].as_str().unwrap().starts_with("lesson");
    let may_fail = |cell: &Value| cell["metadata"]["tags"] == json!(["raises-exception"]);
    let errors = handout.errors();
    for (cell, error) in &errors {
        assert!(fed(cell) && may_fail(cell), "{cell:#}");
        assert_eq!(error["evalue"], "not yet implemented");
    }
    let code = |cell: &&Value| cell["cell_type"] == "code" && fed(cell);
    assert_eq!(
        errors.len(),
        handout.notebook.cells().iter().filter(code).count()
    );
}

fn every_mutant_fails_where_it_says_in_a_cell_and_in_the_shell(exercise: &'static Exercise) {
    let mutants = mutants(exercise);
    assert!(!mutants.is_empty(), "{} has no mutants", exercise.id);
    let folder = tempfile::tempdir().unwrap();
    let reader = reader(folder.path());
    let in_cells = &sitting(exercise).mutants;
    assert_eq!(in_cells.len(), mutants.len());
    for ((name, source), in_a_cell) in mutants.into_iter().zip(in_cells) {
        let (case, reason) = announced(&source);
        assert_eq!(
            in_a_cell.case.as_deref(),
            Some(case),
            "{name}: {}",
            in_a_cell.text
        );
        assert!(
            in_a_cell.text.contains(reason),
            "{name}: {}",
            in_a_cell.text
        );
        let check = format!("check!({}, {})", exercise.name, function(exercise));
        let cells = [source, check];
        let in_the_shell = in_the_shell(&reader, folder.path(), &cells, exercise);
        // Below the headline, rows that a mistake leaves in no order may differ.
        let headline = |text: &str| text.lines().next().map(str::to_owned);
        assert_eq!(
            headline(&in_the_shell.text),
            headline(&in_a_cell.text),
            "{name}"
        );
    }
}

#[test]
fn the_shell_names_what_it_cannot_judge_and_passes_none_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut reader = reader(folder.path());
    reader.patience = Duration::from_secs(2);
    let exercise = &exercises::pacific_days::EXERCISE;
    let head = format!("{} {{", exercise.signature);
    for (cell, words) in [
        (format!("{head} loop {{}} }}"), "no answer within 2 s"),
        (
            format!("{head} panic!(\"no idea\") }}"),
            "panicked: no idea",
        ),
        (format!("{head} views. }}"), "error: unexpected token"),
        (
            format!("{head} std::process::exit(0) }}"),
            "it ended by itself, with exit code 0",
        ),
        (
            ":dep rand\nfn other() {}".to_owned(),
            "no code cell defines `fn daily_page_views`",
        ),
        // A line for a shell is left out; what remains is a stub.
        (format!("!ls\n{head} todo!() }}"), exercise.signature),
    ] {
        let found = in_the_shell(&reader, folder.path(), &[cell], exercise);
        assert!(
            !found.passed() && found.text.contains(words),
            "{words}: {}",
            found.text
        );
    }
    let records = reader.progress.records().unwrap();
    assert!(!records[exercise.id].solved);
}

fn mutants(exercise: &Exercise) -> Vec<(String, String)> {
    let folder = root().join("solutions/mutants").join(exercise.name);
    let files = std::fs::read_dir(folder).expect("the exercise has mutants");
    let mut mutants: Vec<_> = files
        .map(|file| file.unwrap().path())
        .map(|path| {
            (
                path.display().to_string(),
                std::fs::read_to_string(path).unwrap(),
            )
        })
        .collect();
    mutants.sort();
    mutants
}

/// The case and the reason on a mutant's first line.
fn announced(source: &str) -> (&str, &str) {
    let first = source.lines().next().unwrap_or_default();
    let found = first
        .strip_prefix("// found by ")
        .and_then(|line| line.split_once(": "));
    found.expect("the first line is `// found by CASE: reason`")
}

/// The name of the function that the signature asks for.
fn function(exercise: &Exercise) -> &str {
    let after = exercise.signature.strip_prefix("fn ").expect("a signature");
    &after[..after.find(['(', '<']).expect("arguments")]
}

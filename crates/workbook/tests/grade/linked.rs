//! What the program of an answer is linked with.
use super::parts::{exe, root, solution};
use grade::compile::{Bench, Compiled, Program};
use grade::linked::{paths, refused};
use kernel::place::Built;
use lambda_workbook::exercises::{self, Exercise};
use std::fs;
use std::path::Path;

fn bench() -> Bench {
    let built = Built {
        exe: exe(),
        ..Built::find().unwrap()
    };
    Bench::new(&built, true).unwrap()
}

fn compiled(bench: &Bench, exercise: &'static Exercise, source: &str, folder: &Path) -> Program {
    match bench.compile(exercise, source, folder).unwrap() {
        Compiled::Program(program) => program,
        Compiled::Errors(said) | Compiled::Stopped(_, said) => panic!("{}: {said}", exercise.id),
    }
}

#[test]
fn no_program_of_an_answer_has_a_reference_or_a_case_or_marks() {
    let bench = bench();
    for exercise in exercises::ALL {
        let folder = tempfile::tempdir().unwrap();
        let program = compiled(&bench, exercise, &solution(exercise.id), folder.path());
        let linked = paths(&fs::read(&program.path).unwrap()).unwrap();
        let frame = |path: &&String| {
            let inside = path.strip_prefix("exercises::").unwrap_or("value");
            let module = inside.split("::").next().unwrap_or_default();
            ["attempt", "tries", "value", "wire", "worker"].contains(&module)
        };
        let answer = format!("exercises::{}::", exercise.name);
        let own = |path: &&String| {
            let item = path.strip_prefix(&answer).unwrap_or_default();
            !item.is_empty() && !["EXERCISE", "cases", "reference"].contains(&item)
        };
        let more: Vec<&String> = { linked.iter() }
            .filter(|path| !frame(path) && !own(path))
            .collect();
        assert!(more.is_empty(), "{}: {more:?}", exercise.id);
        assert!(!linked.is_empty(), "{}: no symbols", exercise.id);
    }
}

/// Modules, types and functions that answer an exercise, as a program would have them.
pub const ANSWERS: [(&str, &[&str]); 12] = [
    ("pacific_days", &["page_views_by_local_day"]),
    ("daily_uniques", &["uniques_by_local_day"]),
    ("bounce_rate", &["lambda::batch::bounces"]),
    ("counter_merge", &["GCounter", "PnCounter", "VersionVector"]),
    ("pn_counter", &["GCounter", "PnCounter"]),
    ("or_set_merge", &["lessons::crdt::or_set"]),
    ("counter_node", &["model_nodes", "simulator", "GCounter"]),
    (
        "exactly_once",
        &["microbatch::state_store", "microbatch::stored"],
    ),
    (
        "opaque_state",
        &["microbatch::state_store", "microbatch::stored"],
    ),
    ("stale_schedule", &["QuorumStore"]),
    ("cost_model", &["Fit", "CostModel"]),
    ("bounce_defect", &["lambda::batch::bounces"]),
];

#[test]
fn no_program_of_an_answer_has_what_is_the_answer() {
    let bench = bench();
    for (name, answers) in ANSWERS {
        let exercise = exercises::find(name).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let program = compiled(&bench, exercise, &solution(exercise.id), folder.path());
        let linked = paths(&fs::read(&program.path).unwrap()).unwrap();
        let found: Vec<&String> = { linked.iter() }
            .filter(|path| answers.iter().any(|answer| path.contains(answer)))
            .collect();
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

/// Ways to call a function without a word that a list of words could have.
#[test]
fn what_an_answer_calls_is_seen_however_it_is_written() {
    let bench = bench();
    let exercise = exercises::find("pacific_days").unwrap();
    let answer = "fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame>";
    for (how, source) in [
        ("a path", "batch::page_views_by_local_day(views, zone)"),
        (
            "a pointer",
            "let f: fn(&DataFrame, Tz) -> PolarsResult<DataFrame> = batch::page_views_by_local_day; f(views, zone)",
        ),
        (
            "braces",
            "use lambda_workbook::batch::{page_views_by_local_day as f}; f(views, zone)",
        ),
        (
            "a star",
            "use lambda_workbook::batch::*; page_views_by_local_day(views, zone)",
        ),
        (
            "a macro",
            "macro_rules! call { ($a:ident) => { batch::$a(views, zone) } } call!(page_views_by_local_day)",
        ),
        (
            "the reference",
            "let _ = zone; Ok((lambda_workbook::exercises::pacific_days::EXERCISE.hints.len() as i64).into_frame(views))",
        ),
        (
            "a box",
            "let f: Box<dyn Fn(&DataFrame, Tz) -> PolarsResult<DataFrame>> = Box::new(batch::page_views_by_local_day); f(views, zone)",
        ),
    ] {
        let helper = "trait IntoFrame { fn into_frame(self, views: &DataFrame) -> DataFrame; }\n\
                      impl IntoFrame for i64 { fn into_frame(self, views: &DataFrame) -> DataFrame { views.head(Some(self as usize)) } }";
        let source = format!("{helper}\n{answer} {{ {source} }}");
        let folder = tempfile::tempdir().unwrap();
        let program = compiled(&bench, exercise, &source, folder.path());
        let refused = refused(&fs::read(&program.object).unwrap(), exercise).unwrap();
        assert!(!refused.is_empty(), "{how}");
    }
}

/// What a right answer may do with the objects that it is given: not only call them.
#[test]
fn what_an_answer_does_with_what_it_is_given_is_allowed() {
    let bench = bench();
    let disk =
        "fn consume(log: &[String], disk: &mut speed::SimulatedDisk) -> Result<(), speed::Crash>";
    let layer = "fn partial_recompute(master: &DataFrame, batch: &DataFrame, old: &DataFrame, layer: &mut systems::BatchLayer) -> PolarsResult<DataFrame>";
    for (name, signature, body) in [
        (
            "surviving_consumer",
            disk,
            "println!(\"{disk:?} {}\", log.len()); Ok(())",
        ),
        (
            "surviving_consumer",
            disk,
            "let cell = std::cell::RefCell::new(disk); let n = cell.borrow().get(\"offset\"); cell.borrow_mut().write(&[(&log[0], n)])",
        ),
        (
            "surviving_consumer",
            disk,
            "log.iter().try_fold(disk, |disk, url| { disk.write(&[(url, 1)])?; Ok(disk) }).map(|_| ())",
        ),
        (
            "surviving_consumer",
            disk,
            "trait Next { fn next(&self) -> i64; } impl Next for speed::SimulatedDisk { fn next(&self) -> i64 { self.get(\"offset\") } } let _ = (disk.next(), log); Ok(())",
        ),
        (
            "partial_recompute",
            layer,
            "let _ = (batch, old); dbg!(&layer); println!(\"{}\", layer.rows()); layer.birthdays(master)",
        ),
        (
            "partial_recompute",
            layer,
            "let _ = (batch, old); Some(layer).map(|layer| layer.birthdays(master)).unwrap()",
        ),
    ] {
        let exercise = exercises::find(name).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let source = format!("{signature} {{ {body} }}");
        let program = compiled(&bench, exercise, &source, folder.path());
        let refused = refused(&fs::read(&program.object).unwrap(), exercise).unwrap();
        assert!(refused.is_empty(), "{name}, {body}: {refused:?}");
    }
}

#[test]
fn no_function_of_ours_is_always_inlined_since_it_would_not_be_seen() {
    let mut folders: Vec<_> = kernel::place::SUPPORT
        .iter()
        .map(|name| root().join("crates").join(name).join("src"))
        .collect();
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                seen += 1;
                let text = fs::read_to_string(&path).unwrap();
                assert!(!text.contains("inline(always)"), "{}", path.display());
            }
        }
    }
    assert!(seen > 100, "the sources are there");
}

//! Exercises on the real kernel: the stub is unsolved, the solution passes, every
//! mutant fails where its first line says; and what is committed is current.
use lambda_workbook::exercises::{self, Exercise};
use std::path::{Path, PathBuf};
use workbook::commands::check::{Found, cells, check_cells};
use workbook::commands::release::{handout, solutions};
use workbook::kernel::client::Client;
use workbook::notebook_file::Notebook;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned()
}

fn exe() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_workbook"))
}

fn run<T>(work: impl Future<Output = anyhow::Result<T>>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .expect("a runtime")
        .block_on(work)
        .expect("the kernel answers")
}

#[test]
fn every_handout_is_current() {
    for solution in solutions(&root()).unwrap() {
        let made = handout(&solution).unwrap();
        let committed = Notebook::read(&made.path).expect("the handout is committed");
        assert!(
            made.json == committed.json,
            "run `cargo workbook release`: {} is stale",
            made.path.display()
        );
    }
}

#[test]
fn every_exercise_has_its_notebooks() {
    let stems = |folder: &str| {
        let files = std::fs::read_dir(root().join(folder)).unwrap();
        let paths = files
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "ipynb"));
        let mut stems: Vec<String> = paths
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        stems.sort();
        stems
    };
    let ids: Vec<&str> = exercises::ALL.iter().map(|exercise| exercise.id).collect();
    assert_eq!(stems("solutions"), ids);
    assert_eq!(stems("exercises"), ids);
}

#[test]
fn stubs_are_unsolved_and_solutions_pass() {
    for exercise in exercises::ALL {
        let found = |folder: &str| -> Found {
            let path = root().join(folder).join(format!("{}.ipynb", exercise.id));
            let cells = cells(&Notebook::read(&path).expect("a notebook"));
            run(async {
                let progress = tempfile::tempdir()?;
                let folder = root().join(folder);
                let mut client = Client::start_apart(exe(), &folder, progress.path()).await?;
                let found = check_cells(&mut client, &cells, exercise).await?;
                client.shutdown().await?;
                Ok(found)
            })
        };
        let stub = found("exercises");
        assert_eq!(stub.status, "unsolved", "{}", stub.text);
        let solution = found("solutions");
        assert_eq!(solution.status, "passed", "{}", solution.text);
    }
}

#[test]
fn every_mutant_fails_where_it_says() {
    for exercise in exercises::ALL {
        let mutants = mutants(exercise);
        assert!(!mutants.is_empty(), "{} has no mutants", exercise.id);
        run(async {
            let progress = tempfile::tempdir()?;
            let folder = root().join("exercises");
            let mut client = Client::start_apart(exe(), &folder, progress.path()).await?;
            for (name, source) in &mutants {
                let (case, reason) = announced(source);
                let check = format!("check!({}, {})", exercise.name, function(exercise));
                let found = check_cells(&mut client, &[source.clone(), check], exercise).await?;
                assert_eq!(found.case.as_deref(), Some(case), "{name}: {}", found.text);
                assert!(found.text.contains(reason), "{name}: {}", found.text);
            }
            client.shutdown().await
        });
    }
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

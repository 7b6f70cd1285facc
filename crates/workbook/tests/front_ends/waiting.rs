//! A notebook that is opened before its kernel is built: what it runs waits, and then
//! runs, on the same connection.
use super::parts::Desk;
use super::project::{Project, run};
use std::time::Duration;

/// Functions of the script that are no scenario: `state`, `building`, `nothing_builds`
/// and `scenario`.
const OTHER_FUNCTIONS: usize = 4;

#[test]
fn a_notebook_waits_for_its_kernel_and_loses_nothing() {
    let project = Project::with_jupyterlab();
    let (code, said) = run(&mut project.launcher(&["--setup-only"]));
    assert_eq!(code, 0, "{said}");
    let desk = Desk::new();
    let mut client = desk.python(&project.path(".venv/bin/python"));
    client
        .args(["-c", include_str!("waiting.py")])
        .arg(&project.root)
        .arg(env!("CARGO_BIN_EXE_workbook"))
        .env("JUPYTER_PATH", project.path(".venv/share/jupyter"))
        .env_remove("LAMBDA_WORKBOOK_KERNEL");
    let said = desk.done(&mut client, Duration::from_secs(300));
    // A kernel may add that a client was gone before its last reply.
    let scenarios = include_str!("waiting.py").matches("\ndef ").count() - OTHER_FUNCTIONS;
    let passed = said.lines().filter(|line| !line.contains(' ')).count();
    assert_eq!(passed, scenarios, "{said}");
}

//! What is missing is named, with its mend, before anything is made.
use crate::project::{Programs, Project, assert_says, run};
use std::net::TcpListener;

#[track_caller]
fn refused(programs: &Programs, words: &[&str]) {
    let project = Project::new();
    let mut lab = project.launcher(&["--setup-only"]);
    let (code, said) = run(programs.only(&mut lab));
    assert_eq!(code, 3, "{said}");
    assert_says(&said, words);
    assert_says(&said, &["fix: "]);
    assert!(!project.path(".venv").exists(), "nothing is made");

    let (code, said) = run(programs.only(&mut project.launcher(&["doctor"])));
    assert_eq!(code, 1, "{said}");
    assert_says(&said, words);
}

#[test]
fn no_python_is_named_with_how_to_install_one() {
    refused(
        &Programs::new(),
        &[
            "no python3 on the PATH",
            "sudo apt install python3",
            "--python PATH",
        ],
    );
}

#[test]
fn an_old_python_is_named_with_its_version() {
    let programs = Programs::new().python("python3", "sys.version_info = (3, 6, 9)");
    refused(&programs, &["3.9 or later is needed", "3.6.9", "python3"]);
}

#[test]
fn a_python_without_venv_names_the_package_to_install() {
    let programs = Programs::new().python("python3", "sys.modules[\"ensurepip\"] = None");
    refused(
        &programs,
        &["no venv module", "sudo apt install python3-venv"],
    );
}

#[test]
fn a_python_that_is_none_is_told_apart() {
    let programs = Programs::new().script("python3", "echo broken >&2; exit 4");
    refused(&programs, &["does not run as Python", "broken"]);
}

#[test]
fn a_newer_python_behind_an_old_one_is_found() {
    let programs = Programs::new()
        .python("python3", "sys.version_info = (3, 6, 9)")
        .python("python3.12", "sys.version_info = (3, 12, 5)");
    let project = Project::new();
    let (_, said) = run(programs.only(&mut project.launcher(&["doctor"])));
    assert_says(&said, &["ok        Python          3.12.5"]);
}

#[test]
fn no_linker_is_named() {
    let project = Project::new();
    let folder = tempfile::tempdir().unwrap();
    let (code, said) = run(project.launcher(&["doctor"]).env("PATH", folder.path()));
    assert_eq!(code, 1, "{said}");
    assert_says(&said, &["no rustc on the PATH", "no `cc` on the PATH"]);
}

#[test]
fn a_port_in_use_is_named_with_a_free_one_before_anything_is_made() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let project = Project::new();
    let (code, said) = run(&mut project.launcher(&["--no-browser", "--port", &port]));
    assert_eq!(code, 3, "{said}");
    assert_says(
        &said,
        &[&format!("port {port} is in use"), "cargo lab --port "],
    );
    assert!(!project.path(".venv").exists());
}

#[test]
fn wrong_use_is_exit_code_2() {
    let project = Project::new();
    for args in [
        &["--port", "0"][..],
        &["--port", "70000"],
        &["--python", "no/such/python"],
        &["--setup-only", "--port", "9000"],
        &["--nonsense"],
    ] {
        let (code, said) = run(&mut project.launcher(args));
        assert_eq!(code, 2, "{args:?}: {said}");
    }
}

#[test]
fn a_folder_that_is_no_workbook_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::new();
    let mut doctor = project.launcher(&["doctor"]);
    let (code, said) = run(doctor.env("LAMBDA_WORKBOOK_ROOT", folder.path()));
    assert_eq!(code, 3, "{said}");
    assert_says(&said, &["holds no Lambda Workbook"]);
}

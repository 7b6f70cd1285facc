//! Whatever state a cut-off run leaves, the next run mends.
use crate::project::{KERNEL_JSON, Programs, Project, assert_says, packages, run};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

const RECORD: &str = ".venv/lambda-workbook.json";
const SETUP: [&str; 1] = ["--setup-only"];

#[track_caller]
fn set_up(project: &Project) -> String {
    let (code, said) = run(packages(&mut project.launcher(&SETUP)));
    assert_eq!(code, 0, "{said}");
    let module = project.path(".venv/bin/python");
    let check = std::process::Command::new(module)
        .args(["-c", "import tiny_lab; print(tiny_lab.answer)"])
        .output()
        .unwrap();
    assert_eq!(check.stdout, b"42\n");
    said
}

/// Damages a whole set-up; doctor must name it and the next run mend it.
#[track_caller]
fn mends(damage: impl Fn(&Project), words: &[&str]) {
    let project = Project::with_packages();
    set_up(&project);
    damage(&project);
    let (code, said) = run(packages(&mut project.launcher(&["doctor"])));
    assert_eq!(code, 1, "{said}");
    assert_says(&said, words);
    assert_says(&said, &["fix: run `cargo lab`"]);
    set_up(&project);
    let (code, said) = run(packages(&mut project.launcher(&["doctor"])));
    assert_eq!(code, 0, "{said}");
}

#[test]
fn a_whole_set_up_is_left_alone_and_needs_no_python_on_the_path() {
    let project = Project::with_packages();
    set_up(&project);
    let programs = Programs::new();
    let mut again = project.launcher(&SETUP);
    let (code, said) = run(programs.only(packages(&mut again)));
    assert_eq!((code, said.as_str()), (0, "Everything is set up\n"));
}

#[test]
fn a_half_made_environment() {
    mends(
        |project| {
            fs::remove_dir_all(project.path(".venv/lib")).unwrap();
            project.edit(RECORD, |text| {
                let at = text.find("\"stage\"").unwrap();
                format!("{}\"stage\": \"making\"}}", &text[..at])
            });
        },
        &["half made"],
    );
}

#[test]
fn a_lost_file_of_a_package() {
    mends(
        |project| {
            for entry in fs::read_dir(project.path(".venv/lib")).unwrap() {
                let module = entry.unwrap().path().join("site-packages/tiny_lab.py");
                fs::remove_file(module).unwrap();
            }
        },
        &["tiny-lab 1.0 is not whole", "tiny_lab.py"],
    );
}

#[test]
fn a_python_that_was_removed_and_a_broken_kernelspec() {
    mends(
        |project| {
            let bin = project.path(".venv/bin");
            for entry in fs::read_dir(&bin).unwrap() {
                let path = entry.unwrap().path();
                if path.is_symlink() {
                    fs::remove_file(path).unwrap();
                }
            }
            project.edit(KERNEL_JSON, |_| "{\"argv\":".to_string());
        },
        &["no longer runs", "kernel.json"],
    );
}

#[test]
fn a_project_folder_that_has_moved() {
    let project = Project::with_packages();
    set_up(&project);
    let project = project.moved("moved");
    let said = set_up(&project);
    assert_says(&said, &["Making .venv"]);
    let spec = fs::read_to_string(project.path(KERNEL_JSON)).unwrap();
    assert_says(&spec, &["/moved\""]);
}

#[test]
fn somebody_elses_environment_is_moved_aside_and_kept() {
    let project = Project::new();
    fs::create_dir(project.path(".venv")).unwrap();
    fs::write(project.path(".venv/precious"), "mine").unwrap();
    let said = set_up(&project);
    assert_says(&said, &[".venv.before-1"]);
    assert_eq!(
        fs::read_to_string(project.path(".venv.before-1/precious")).unwrap(),
        "mine"
    );
}

/// Kills a real run as soon as it says `word`; the next run mends.
#[track_caller]
fn survives_a_kill_at(word: &str) {
    let project = Project::new();
    let mut lab = project.launcher(&SETUP);
    let mut child = packages(&mut lab).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let said = lines
        .map_while(Result::ok)
        .find(|line| line.starts_with(word));
    assert!(said.is_some(), "the run never said {word}");
    child.kill().unwrap();
    child.wait().unwrap();
    set_up(&project);
    assert!(
        !project.path(".venv.before-1").exists(),
        "it was known as ours"
    );
}

#[test]
fn a_kill_while_the_environment_is_made() {
    survives_a_kill_at("Making .venv");
}

#[test]
fn a_kill_while_packages_are_installed() {
    survives_a_kill_at("Installing packages");
}

#[test]
fn a_failed_install_shows_pips_last_lines_its_log_and_the_mend() {
    let project = Project::new();
    let mut lab = project.launcher(&SETUP);
    packages(&mut lab).env("PIP_FIND_LINKS", project.path("empty"));
    let (code, said) = run(&mut lab);
    assert_eq!(code, 3, "{said}");
    assert_says(
        &said,
        &[
            "installing packages failed",
            "No matching distribution found for tiny-lab",
            ".lab/logs/packages.log",
            "fix: the package index cannot be reached",
        ],
    );
    assert!(project.path(".lab/logs/packages.log").is_file());
    set_up(&project);
}

#[test]
fn two_runs_at_once_the_second_is_told_and_harms_nothing() {
    let project = Project::new();
    let mut lab = project.launcher(&SETUP);
    let mut first = packages(&mut lab).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(first.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("Making .venv")));
    let (code, said) = run(packages(&mut project.launcher(&SETUP)));
    assert_eq!(code, 3, "{said}");
    assert_says(
        &said,
        &["another `cargo lab` is setting up", &first.id().to_string()],
    );
    for line in lines {
        line.unwrap();
    }
    assert!(first.wait().unwrap().success());
}

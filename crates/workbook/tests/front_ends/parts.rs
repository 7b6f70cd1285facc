//! What these tests need besides the build, where it is, and how it is run.
use super::project::{Project, checkout};
use crate::extent;
use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::RwLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The suite gives each of the kernel's messages a tenth of a second: it runs alone, the
/// others of this folder beside each other. Tests start in the order of their names, and
/// the suite is the first of this folder, so no test of another one is due beside it.
pub static QUIET: RwLock<()> = RwLock::new(());

/// Says that a test is left out, on a stream that cargo does not capture; fails where
/// nothing may be, as `extent` has it.
#[track_caller]
pub fn leave_out<T>(what: &str) -> Option<T> {
    assert!(
        extent::may_leave_out(),
        "may not be left out, but there is {what}"
    );
    let test = std::thread::current();
    let test = test.name().unwrap_or("a test");
    let _ = writeln!(std::io::stderr(), "left out: {test}: there is {what}");
    None
}

/// The Python with Jupyter's conformance suite and nbgrader: the one named in
/// `LAMBDA_WORKBOOK_TEST_PYTHON`, else the one in `target/test-venv`.
#[track_caller]
pub fn test_python() -> Option<PathBuf> {
    let python = match std::env::var_os("LAMBDA_WORKBOOK_TEST_PYTHON") {
        Some(path) => PathBuf::from(path),
        None => Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("test-venv/bin/python"),
    };
    if python.is_file() {
        return Some(python);
    }
    leave_out(&format!(
        "no {}; the README's section on tests makes it",
        python.display()
    ))
}

/// The Python in the checkout's `.venv`, with our kernelspec beside it.
pub fn jupyter_python() -> PathBuf {
    Project::set_up_checkout();
    checkout().join(".venv/bin/python")
}

/// A folder to work in, and Jupyter's tools with no settings but what is in it.
pub struct Desk {
    pub folder: TempDir,
}

impl Desk {
    pub fn new() -> Desk {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Desk { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A Python that finds our kernelspec as `cargo lab` installed it.
    pub fn python(&self, python: &Path) -> Command {
        let jupyter = jupyter_python();
        let venv = jupyter.ancestors().nth(2).expect("the .venv");
        let mut command = Command::new(python);
        let bin = python.parent().expect("a bin folder").to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(bin).chain(std::env::split_paths(&path));
        command
            .current_dir(self.folder.path())
            .env("PATH", std::env::join_paths(paths).unwrap())
            .env("PYTHONNOUSERSITE", "1")
            .env_remove("PYTHONPATH")
            .env("JUPYTER_PREFER_ENV_PATH", "1")
            .env("JUPYTER_PATH", venv.join("share/jupyter"))
            .env("LAMBDA_WORKBOOK_DATA", checkout().join("data"))
            .env("LAMBDA_WORKBOOK_KERNEL", env!("CARGO_BIN_EXE_workbook"))
            // Checks count here, and not as the reader's.
            .env("LAMBDA_WORKBOOK_PROGRESS", self.path("progress"));
        for name in ["CONFIG", "DATA", "RUNTIME"] {
            command.env(format!("JUPYTER_{name}_DIR"), self.path("jupyter"));
        }
        command
    }

    /// Runs to the end, or to the end of our patience: the exit code, and what was said.
    #[track_caller]
    pub fn run(&self, command: &mut Command, patience: Duration) -> (i32, String) {
        let log = self.path("said.log");
        let output = File::create(&log).unwrap();
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .process_group(0);
        let mut child = command.spawn().unwrap();
        let deadline = Instant::now() + patience;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if Instant::now() > deadline {
                // SAFETY: a signal to the group that our child leads.
                unsafe { libc::kill(-(child.id() as i32), libc::SIGKILL) };
                child.wait().unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let said = std::fs::read(&log).unwrap();
        let said = String::from_utf8_lossy(&said).into_owned();
        let status = status.unwrap_or_else(|| panic!("not done in {patience:?}:\n{said}"));
        (status.code().unwrap_or(-1), said)
    }

    /// As [`Desk::run`], where it must succeed.
    #[track_caller]
    pub fn done(&self, command: &mut Command, patience: Duration) -> String {
        let (code, said) = self.run(command, patience);
        assert_eq!(code, 0, "{command:?}\n{said}");
        said
    }
}

//! Project folders to set up, and the programs that set-up finds on its PATH.
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

pub const WORKBOOK: &str = env!("CARGO_BIN_EXE_workbook");

/// A project folder of its own, without sources, so that the build counts as fresh.
pub struct Project {
    _folder: TempDir,
    pub root: PathBuf,
}

impl Project {
    pub fn new() -> Project {
        // Under cargo's folder: on the same disk as a `.venv` to link.
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let root = folder.path().canonicalize().unwrap().join("book");
        fs::create_dir_all(root.join("notebooks")).unwrap();
        let manifest = File::create(root.join("Cargo.toml")).unwrap();
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        manifest.set_modified(old).unwrap();
        Project {
            _folder: folder,
            root,
        }
    }

    /// A project with the real JupyterLab: links to what the checkout's own set-up
    /// installed, which is made first where it is missing (that alone needs a network).
    pub fn with_jupyterlab() -> Project {
        let checkout = checkout();
        let project = Project::new();
        let linked = |flags| {
            let mut copy = Command::new("cp");
            copy.args([flags, "--"]).arg(checkout.join(".venv"));
            copy.arg(project.root.join(".venv")).stderr(Stdio::null());
            copy.status().unwrap().success()
        };
        assert!(linked("-Rpl") || linked("-Rp"), "cp of .venv");
        project.edit_record(|text| {
            text.replace(checkout.to_str().unwrap(), project.root.to_str().unwrap())
        });
        project
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn workbook(&self, args: &[&str]) -> Command {
        let mut command = Command::new(WORKBOOK);
        command
            .args(args)
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .env("LAMBDA_WORKBOOK_ROOT", &self.root)
            .env("LAMBDA_WORKBOOK_DATA", data());
        command
    }

    /// Changes the record of the set-up, as an interrupted run would have left it.
    pub fn edit_record(&self, edit: impl Fn(String) -> String) {
        let path = self.path(".venv/lambda-workbook.json");
        let text = edit(fs::read_to_string(&path).unwrap());
        // Removed first: it may be a link to the checkout's own.
        fs::remove_file(&path).unwrap();
        fs::write(&path, text).unwrap();
    }
}

/// The real checkout, set up.
fn checkout() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let root = root.canonicalize().unwrap();
        let output = Command::new(WORKBOOK)
            .args(["lab", "--setup-only"])
            .env("LAMBDA_WORKBOOK_ROOT", &root)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        root
    })
}

/// One data set for every project here: making it is another test's matter.
fn data() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("setup-data")
}

/// A folder of one package to install, `tiny-lab` 1.0, and its requirements.
pub struct Packages {
    folder: TempDir,
}

impl Packages {
    pub fn new() -> Packages {
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new("python3")
            .args(["-c", MAKE_WHEEL])
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(made.success());
        Packages { folder }
    }

    /// Installs these packages instead of JupyterLab, from this folder alone.
    pub fn only<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let folder = self.folder.path();
        command
            .env(
                "LAMBDA_WORKBOOK_REQUIREMENTS",
                folder.join("requirements.txt"),
            )
            .env("PIP_NO_INDEX", "1")
            .env("PIP_FIND_LINKS", folder)
    }
}

const MAKE_WHEEL: &str = r#"
import base64, hashlib, os, sys, zipfile
folder = sys.argv[1]
path = os.path.join(folder, "tiny_lab-1.0-py3-none-any.whl")
info = "tiny_lab-1.0.dist-info/"
files = {
    "tiny_lab.py": "answer = 42\n",
    info + "METADATA": "Metadata-Version: 2.1\nName: tiny-lab\nVersion: 1.0\n",
    info + "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
record = ""
for name, text in files.items():
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
    record += "%s,sha256=%s,%d\n" % (name, digest.decode(), len(text))
files[info + "RECORD"] = record + info + "RECORD,,\n"
with zipfile.ZipFile(path, "w") as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
digest = hashlib.sha256(open(path, "rb").read()).hexdigest()
with open(os.path.join(folder, "requirements.txt"), "w") as out:
    out.write("tiny-lab==1.0 ; python_version >= '3' \\\n    --hash=sha256:%s\n" % digest)
    out.write("windows-only==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:%s\n" % digest)
"#;

/// A PATH with the Rust toolchain, a linker, and what the test puts there.
pub struct Programs {
    folder: TempDir,
}

impl Programs {
    pub fn new() -> Programs {
        let folder = tempfile::tempdir().unwrap();
        for name in ["rustc", "cargo", "cc", "sh"] {
            let program = find(name).unwrap_or_else(|| panic!("{name} is on the PATH"));
            symlink(program, folder.path().join(name)).unwrap();
        }
        Programs { folder }
    }

    pub fn script(self, name: &str, body: &str) -> Programs {
        let path = self.folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// The real Python, that runs `first` before what it is told to run.
    pub fn python(self, name: &str, first: &str) -> Programs {
        let real = find("python3").expect("python3 is on the PATH");
        let body = format!(
            "exec '{}' -c 'import sys; {first}; exec(sys.argv[-1])' \"$@\"",
            real.display()
        );
        self.script(name, &body)
    }

    pub fn only<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("PATH", self.folder.path())
    }
}

fn find(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// What a program said, on both streams.
pub fn text(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text += &String::from_utf8_lossy(&output.stderr);
    text
}

/// Runs to the end: the exit code, and what was said.
pub fn run(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
    (output.status.code().unwrap_or(-1), text(&output))
}

#[track_caller]
pub fn assert_says(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{word:?} is missing in:\n{said}");
    }
}

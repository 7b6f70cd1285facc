//! Project folders to set up, and the programs that set-up finds on its PATH.
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// The program under test. The tests of other packages find it beside their own.
pub fn launcher() -> PathBuf {
    match option_env!("CARGO_BIN_EXE_launcher") {
        Some(path) => path.into(),
        None => {
            let workbook = kernel().expect("a test of the programs");
            let path = workbook.with_file_name("launcher");
            assert!(path.is_file(), "run `cargo build --package launcher` first");
            path
        }
    }
}

/// The kernel under test, in the tests of its package.
pub fn kernel() -> Option<PathBuf> {
    option_env!("CARGO_BIN_EXE_workbook").map(PathBuf::from)
}

pub const KERNEL_JSON: &str = ".venv/share/jupyter/kernels/lambda-workbook/kernel.json";

/// A project folder of its own. Nothing is built in it unless it
/// [has sources](Project::with_sources): its kernel is the real one where that is this
/// package's, else a script that does nothing.
pub struct Project {
    _folder: Option<TempDir>,
    pub root: PathBuf,
    sources: bool,
}

impl Project {
    pub fn new() -> Project {
        // Under cargo's folder: on the same disk as a `.venv` to link.
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let root = folder.path().canonicalize().unwrap().join("book");
        Project::at(root, Some(folder))
    }

    fn at(root: PathBuf, folder: Option<TempDir>) -> Project {
        fs::create_dir_all(root.join("notebooks")).unwrap();
        let manifest = File::create(root.join("Cargo.toml")).unwrap();
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        manifest.set_modified(old).unwrap();
        let project = Project {
            _folder: folder,
            root,
            sources: false,
        };
        project.program("kernel.sh", "exit 0");
        project
    }

    /// A workspace whose package `workbook` has this `main.rs`, for cargo to build.
    pub fn with_sources(main: &str) -> Project {
        Project::with_packages().and_sources(main)
    }

    /// The same for a project that is there.
    pub fn and_sources(self, main: &str) -> Project {
        let project = Project {
            sources: true,
            ..self
        };
        let package = project.path("workbook");
        fs::create_dir_all(package.join("src")).unwrap();
        fs::write(package.join("src/main.rs"), main).unwrap();
        let manifest = "[package]\nname = \"workbook\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
        fs::write(package.join("Cargo.toml"), manifest).unwrap();
        let workspace = "[workspace]\nmembers = [\"workbook\"]\nresolver = \"3\"\n";
        fs::write(project.path("Cargo.toml"), workspace).unwrap();
        let lock = "version = 4\n\n[[package]]\nname = \"workbook\"\nversion = \"0.1.0\"\n";
        fs::write(project.path("Cargo.lock"), lock).unwrap();
        project
    }

    /// The same project in a folder of another name.
    pub fn moved(mut self, name: &str) -> Project {
        let moved = self.root.with_file_name(name);
        fs::rename(&self.root, &moved).unwrap();
        self.root = moved;
        self
    }

    /// Writes a shell script.
    pub fn program(&self, name: &str, body: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// A project with the real JupyterLab: links to what the checkout's own set-up
    /// installed, which is made first where it is missing (that alone needs a network).
    pub fn with_jupyterlab() -> Project {
        Project::set_up_checkout();
        Project::linked_to(&checkout())
    }

    /// Sets up the checkout itself, once in this program.
    pub fn set_up_checkout() {
        static CHECKOUT: OnceLock<()> = OnceLock::new();
        CHECKOUT.get_or_init(|| {
            let mut lab = Command::new(launcher());
            lab.arg("--setup-only")
                .env("LAMBDA_WORKBOOK_ROOT", checkout())
                .env(
                    "LAMBDA_WORKBOOK_KERNEL",
                    kernel().unwrap_or("/bin/true".into()),
                );
            let (code, said) = run(&mut lab);
            assert_eq!(code, 0, "{said}");
        });
    }

    /// A project with [`packages`] installed, by links to one that is kept.
    pub fn with_packages() -> Project {
        static BASE: OnceLock<Project> = OnceLock::new();
        let base = BASE.get_or_init(|| {
            let base = Project::at(kept("setup-base"), None);
            let mut lab = base.launcher(&["--setup-only"]);
            let (code, said) = run(packages(&mut lab));
            assert_eq!(code, 0, "{said}");
            base
        });
        Project::linked_to(&base.root)
    }

    fn linked_to(base: &Path) -> Project {
        let project = Project::new();
        let linked = |flags| {
            let mut copy = Command::new("cp");
            copy.args([flags, "--"]).arg(base.join(".venv"));
            copy.arg(project.path(".venv")).stderr(Stdio::null());
            copy.status().unwrap().success()
        };
        assert!(linked("-RPpl") || linked("-RPp"), "cp of .venv");
        let (old, new) = (base.to_str().unwrap(), project.root.to_str().unwrap());
        project.edit(".venv/lambda-workbook.json", |text| text.replace(old, new));
        // The kernelspec, which names the other folder, is for the next run to mend.
        project
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn launcher(&self, args: &[&str]) -> Command {
        let mut command = Command::new(launcher());
        command
            .args(args)
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .env("LAMBDA_WORKBOOK_ROOT", &self.root)
            .env("LAMBDA_WORKBOOK_DATA", checkout().join("data"))
            .env_remove("CARGO_TARGET_DIR");
        if !self.sources {
            let kernel = kernel().unwrap_or_else(|| self.path("kernel.sh"));
            command.env("LAMBDA_WORKBOOK_KERNEL", kernel);
        }
        command
    }

    /// Changes a file, as an interrupted run would have left it.
    pub fn edit(&self, name: &str, edit: impl Fn(String) -> String) {
        let path = self.path(name);
        let text = edit(fs::read_to_string(&path).unwrap());
        // Removed first: it may be a link to another project's.
        fs::remove_file(&path).unwrap();
        fs::write(&path, text).unwrap();
    }
}

/// A folder that stays from one test run to the next.
fn kept(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder.canonicalize().unwrap()
}

pub fn checkout() -> PathBuf {
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let root = folders.find(|folder| folder.join("Cargo.lock").is_file());
    root.unwrap().canonicalize().unwrap()
}

/// Installs one small package, `tiny-lab` 1.0, instead of JupyterLab, with no index.
pub fn packages(command: &mut Command) -> &mut Command {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = kept("setup-packages");
        let made = Command::new("python3")
            .args(["-c", MAKE_WHEEL])
            .arg(&folder)
            .status();
        assert!(made.unwrap().success());
        folder
    });
    command
        .env(
            "LAMBDA_WORKBOOK_REQUIREMENTS",
            folder.join("requirements.txt"),
        )
        .env("PIP_NO_INDEX", "1")
        .env("PIP_FIND_LINKS", folder)
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
        # A fixed time, so that the file's hash is the same in every run.
        wheel.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
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
        let _ = fs::remove_file(&path);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// The program that the test itself would find.
    pub fn link(self, name: &str) -> Programs {
        let program = find(name).unwrap_or_else(|| panic!("{name} is on the PATH"));
        symlink(program, self.folder.path().join(name)).unwrap();
        self
    }

    /// The real Python, that runs `first` before what it is told to run.
    pub fn python(self, name: &str, first: &str) -> Programs {
        // Not a shim, which would look for more programs on the PATH.
        let mut real = Command::new("python3");
        let real = real.args(["-c", "import sys; print(sys.executable)"]);
        let real = String::from_utf8(real.output().unwrap().stdout).unwrap();
        let body = format!(
            "exec '{}' -c 'import sys; {first}; exec(sys.argv[-1])' \"$@\"",
            real.trim()
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

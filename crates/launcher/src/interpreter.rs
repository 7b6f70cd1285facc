//! Finds a Python that can make an environment: 3.9 or later, with venv.
use super::process::{INSTALL_VENV, all_on_path};
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The oldest minor version of Python 3 that the pinned JupyterLab runs on.
const OLDEST: u32 = 9;

/// A Python that will do.
#[derive(Debug, Clone, PartialEq)]
pub struct Python {
    /// The program itself: no shim, and no environment's link to it.
    pub base: PathBuf,
    /// As in "3.11.7".
    pub version: String,
}

/// Why no Python will do. `Display` is one line; [`NoPython::fix`] the remedy.
#[derive(Debug, Clone, PartialEq)]
pub enum NoPython {
    Missing,
    /// Every Python found and its version.
    TooOld(Vec<(PathBuf, String)>),
    NoVenv(Python),
    /// A program of that name that does not answer as Python does.
    Broken {
        path: PathBuf,
        why: String,
    },
}

impl fmt::Display for NoPython {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoPython::Missing => write!(f, "no python3 on the PATH"),
            NoPython::TooOld(found) => {
                write!(f, "Python 3.{OLDEST} or later is needed; found only")?;
                for (n, (path, version)) in found.iter().enumerate() {
                    let comma = if n == 0 { "" } else { "," };
                    write!(f, "{comma} {version} ({})", path.display())?;
                }
                Ok(())
            }
            NoPython::NoVenv(python) => write!(
                f,
                "Python {} ({}) has no venv module: ensurepip is missing",
                python.version,
                python.base.display()
            ),
            NoPython::Broken { path, why } => {
                write!(f, "{} does not run as Python: {why}", path.display())
            }
        }
    }
}

impl std::error::Error for NoPython {}

impl NoPython {
    pub fn fix(&self) -> &'static str {
        match self {
            NoPython::Missing | NoPython::TooOld(_) => {
                "install Python 3.9 or later (`sudo apt install python3 python3-venv`, `sudo dnf install python3`, `brew install python`), or name one: `cargo lab --python PATH`"
            }
            NoPython::NoVenv(_) => INSTALL_VENV,
            NoPython::Broken { .. } => "name another one: `cargo lab --python PATH`",
        }
    }
}

/// What [`PROBE`] prints.
#[derive(Deserialize)]
struct Answer {
    version: (u32, u32, u32),
    base: PathBuf,
    venv: bool,
}

/// Runs on any Python from 2.6, so that an old one is called old and not broken.
const PROBE: &str = r#"
import json, sys
def has(name):
    try:
        __import__(name)
        return True
    except Exception:
        return False
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "base": getattr(sys, "_base_executable", None) or sys.executable,
    "venv": has("venv") and has("ensurepip"),
}))
"#;

/// The first Python that will do: the one `asked` for, else `python3`, then
/// `python3.14` down to `python3.9` and `python` on the PATH. One inside `venv`
/// does not count: that environment may be about to be made anew.
pub fn find(asked: Option<&Path>, venv: &Path) -> Result<Python, NoPython> {
    let candidates = match asked {
        Some(path) => vec![path.to_path_buf()],
        None => ["python3".to_string()]
            .into_iter()
            .chain((OLDEST..=14).rev().map(|minor| format!("python3.{minor}")))
            .chain(["python".to_string()])
            .flat_map(|name| all_on_path(&name))
            .filter(|path| !path.starts_with(venv))
            .collect(),
    };
    let mut old = Vec::new();
    let mut other = None;
    for path in candidates {
        match probe(&path) {
            Ok(answer) => {
                let (major, minor, patch) = answer.version;
                let version = format!("{major}.{minor}.{patch}");
                if (major, minor) < (3, OLDEST) {
                    old.push((path, version));
                    continue;
                }
                let base = if answer.base.is_file() {
                    answer.base
                } else {
                    path
                };
                let python = Python { base, version };
                if answer.venv {
                    return Ok(python);
                }
                // Nearer to what is wanted than a broken or an old one.
                if !matches!(other, Some(NoPython::NoVenv(_))) {
                    other = Some(NoPython::NoVenv(python));
                }
            }
            Err(why) => other = other.or(Some(NoPython::Broken { path, why })),
        }
    }
    Err(match other {
        Some(NoPython::NoVenv(python)) => NoPython::NoVenv(python),
        _ if !old.is_empty() => NoPython::TooOld(old),
        Some(broken) => broken,
        None => NoPython::Missing,
    })
}

fn probe(path: &Path) -> Result<Answer, String> {
    let output = clean(&mut Command::new(path))
        .args(["-E", "-s", "-c", PROBE])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let last = text.lines().last().unwrap_or("it said nothing");
        return Err(format!("{} ({last})", output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|_| "its answer makes no sense".to_string())
}

/// Takes away what the reader's own settings would do to our Python: other module
/// folders, another home, installing outside `.venv`. Where packages come from
/// (PIP_INDEX_URL, proxies, certificates) stays theirs.
pub fn clean(command: &mut Command) -> &mut Command {
    for name in [
        "PYTHONHOME",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_ROOT",
        "PIP_REQUIREMENT",
        "PIP_CONSTRAINT",
        "PIP_NO_BINARY",
        "PIP_LOG",
    ] {
        command.env_remove(name);
    }
    // Empty values, where a file of pip's configuration must be overruled.
    command
        .env("PYTHONNOUSERSITE", "1")
        .env("PIP_USER", "0")
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .env("PIP_NO_INPUT", "1")
}

//! Sail on this machine: a server of Spark Connect in Rust, which pip installs and which needs no Java.
use super::java::last_lines;
use super::process::{self, Running};
use super::spark::query;
use super::system::{LocalSystem, free_port};
use super::{LocalError, Result, io_at};
use launcher::interpreter::{self, NoPython, Python, clean};
use launcher::{environment, project::Project};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const REQUIREMENTS: &str = include_str!("../../systems/sail/requirements.txt");

/// The port that is tried first. Sail's own would be 50051, which a client may get for its end of a
/// connection.
const USUAL: u16 = 15003;
/// How long a query may take.
const QUERY: Duration = Duration::from_secs(30);

/// Sail in a folder. It keeps nothing itself: what queries write lies where they say.
#[derive(Clone, Debug)]
pub struct LocalSail {
    home: PathBuf,
}

impl LocalSail {
    /// Names the folder, which is made when Sail is started.
    pub fn at(home: impl Into<PathBuf>) -> Self {
        Self { home: home.into() }
    }

    /// Returns the Python of an environment with Sail, which is made unless it is there.
    fn python(&self, say: &dyn Fn(&str)) -> Result<PathBuf> {
        let venv = self.home.join("venv");
        let (python, mark) = (venv.join("bin/python"), venv.join("requirements.txt"));
        // Written last, so an environment without it is half made. The program is a link, and leads
        // nowhere once the Python of the machine is gone.
        let made = fs::read_to_string(&mark).is_ok_and(|had| had == REQUIREMENTS);
        if made && python.is_file() {
            return Ok(python);
        }
        let base = base_python()?;
        say("installing Sail with pip (63 MB, once)");
        if venv.exists() {
            fs::remove_dir_all(&venv).map_err(io_at("remove", &venv))?;
        }
        let draft = self.home.join("requirements.txt");
        fs::write(&draft, REQUIREMENTS).map_err(io_at("write", &draft))?;
        run(Command::new(base).args(["-m", "venv"]).arg(&venv))?;
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--only-binary=:all:",
            "--no-deps",
        ];
        run(Command::new(&python).args(pip).arg("-r").arg(&draft))?;
        fs::rename(&draft, &mark).map_err(io_at("name", &mark))?;
        Ok(python)
    }
}

/// Returns the Python that makes environments: the one with which `cargo lab` has made its own, or
/// else the one that it would take.
fn base_python() -> Result<PathBuf> {
    let project = Project::find().map_err(|error| LocalError::Missing(format!("{error:#}")))?;
    if let Ok(record) = environment::whole(&project)
        && new_enough(&record.python)
    {
        return Ok(record.base);
    }
    let install = "install Python 3.10 or later with venv (Debian and Ubuntu: `apt install python3 \
                   python3-venv`), as the first `python3` on the PATH";
    let (problem, fix) = match interpreter::find(None, &project.venv()) {
        Ok(python) if new_enough(&python.version) => return Ok(python.base),
        Ok(Python { version, base }) => {
            let problem = format!("Python {version} ({}) is too old for Sail", base.display());
            (problem, install)
        }
        Err(error @ NoPython::NoVenv(_)) => (error.to_string(), error.fix()),
        Err(error) => (error.to_string(), install),
    };
    Err(LocalError::Missing(format!(
        "{problem}; Sail is installed with Python.\nFix: {fix}.\n\
         Or use a Spark that runs elsewhere: docs/spark.md says how, and any address will do"
    )))
}

/// Returns whether Sail runs on a version of Python, as in "3.11.7": from 3.10 on.
fn new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next(), numbers.next()) >= (Some(3), Some(10))
}

/// Runs a program of Python to its end.
fn run(command: &mut Command) -> Result<()> {
    let output = clean(command).stdin(Stdio::null()).output();
    let program = format!("{command:?}");
    let output = output.map_err(|error| LocalError::Failed {
        program: program.clone(),
        said: error.to_string(),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(LocalError::Failed {
        program,
        said: format!(
            "{}\nIs there a network? Is there a Python 3.10 or later?",
            last_lines(&String::from_utf8_lossy(&said), 5)
        ),
    })
}

impl LocalSystem for LocalSail {
    fn name(&self) -> &'static str {
        "sail"
    }

    fn scheme(&self) -> &'static str {
        "sc"
    }

    fn home(&self) -> &Path {
        &self.home
    }

    fn log(&self) -> PathBuf {
        self.home.join("sail.log")
    }

    fn look_for_programs(&self) -> Result<()> {
        base_python().map(drop)
    }

    fn launch(&self, port: Option<u16>, say: &dyn Fn(&str)) -> Result<Running> {
        let python = self.python(say)?;
        // The port of the last start, so that clients find it again.
        let note = self.home.join("port");
        let last = fs::read_to_string(&note).ok();
        let last = last.and_then(|port| port.trim().parse().ok());
        let port = free_port(&self.home, port.or(last), USUAL)?;
        fs::write(&note, port.to_string()).map_err(io_at("write", &note))?;

        say("starting Sail");
        let mut command = Command::new(python);
        clean(&mut command)
            .args(["-m", "pysail", "spark", "server", "--ip", "127.0.0.1"])
            .args(["--port", &port.to_string()])
            .env("RUST_LOG", "info");
        let address = format!("127.0.0.1:{port}");
        process::start(&self.home, &mut command, &self.log(), &address)
    }

    /// Runs a query.
    fn try_out(&self, running: &Running) -> std::result::Result<(), String> {
        query(&running.address, QUERY)?;
        // Another program may have the port, and may be a Sail too: then this one ends.
        match self.found_its_port_taken() || !running.is_alive() {
            true => Err("another program answers at its port".to_owned()),
            false => Ok(()),
        }
    }
}

/// Returns the folder of Sail in a folder of systems.
pub fn home(systems: &Path) -> PathBuf {
    systems.join("sail")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sail_runs_on_python_3_10_and_later() {
        let new = ["3.10.0", "3.14.2", "4.0.0"];
        assert!(new.into_iter().all(new_enough));
        let old = ["3.9.18", "2.7.18", ""];
        assert!(!old.into_iter().any(new_enough));
    }
}

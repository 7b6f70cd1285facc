//! What is good to have and never needed: peers for the benches, a browser for the
//! page tests, faster linking, fuller completion.
use super::process::{answer, on_path};
use super::step::{Finding, Setup, Step};
use super::{port, toolchain};
use std::path::PathBuf;

pub fn all() -> Vec<Box<dyn Step>> {
    vec![
        Box::new(Port),
        Box::new(toolchain::StdSource),
        Box::new(toolchain::FastLinker),
        Box::new(Program {
            name: "chromium",
            programs: &["chromium", "chromium-browser", "google-chrome"],
            gives: "the tests of what a page shows are left out",
            fix: "sudo apt install chromium",
        }),
        Box::new(Program {
            name: "java",
            programs: &["java"],
            gives: "`workbook bench` leaves out PySpark, which runs on it",
            fix: "sudo apt install default-jre-headless",
        }),
        Box::new(Program {
            name: "evcxr_jupyter",
            programs: &["evcxr_jupyter"],
            gives: "`workbook bench kernel` leaves out the stock kernel",
            fix: "cargo install evcxr_jupyter",
        }),
        Box::new(Module { name: "duckdb" }),
        Box::new(Module { name: "polars" }),
        Box::new(Module { name: "pyspark" }),
    ]
}

/// The port that `cargo lab` takes first. Another one does as well.
struct Port;

impl Step for Port {
    fn name(&self) -> &'static str {
        "port"
    }

    fn check(&self, _setup: &Setup) -> Finding {
        match port::next_free(port::FIRST) {
            Some(port::FIRST) => Finding::Fine(format!("{} is free", port::FIRST)),
            Some(free) => Finding::Fine(format!(
                "{} is in use; `cargo lab` takes {free}",
                port::FIRST
            )),
            None => Finding::optional(
                format!("{} and those after it are in use", port::FIRST),
                "cargo lab --port N",
            ),
        }
    }
}

/// A program on the PATH, under any of its names.
struct Program {
    name: &'static str,
    programs: &'static [&'static str],
    /// What is missed without it.
    gives: &'static str,
    fix: &'static str,
}

impl Step for Program {
    fn name(&self) -> &'static str {
        self.name
    }

    fn check(&self, _setup: &Setup) -> Finding {
        match self.programs.iter().find_map(|name| on_path(name)) {
            Some(path) => Finding::Fine(path.display().to_string()),
            None => Finding::optional(self.gives, self.fix),
        }
    }
}

/// A Python package that `workbook bench batch` measures beside ours.
struct Module {
    name: &'static str,
}

impl Step for Module {
    fn name(&self) -> &'static str {
        self.name
    }

    fn check(&self, setup: &Setup) -> Finding {
        let code = format!(
            "import importlib.metadata as m; print(m.version('{}'))",
            self.name
        );
        let pythons: Vec<PathBuf> = [Some(setup.project.venv_python()), on_path("python3")]
            .into_iter()
            .flatten()
            .collect();
        let found = pythons
            .iter()
            .find_map(|python| Some((answer(python, &["-c", &code])?, python)));
        match found {
            Some((version, python)) => {
                Finding::Fine(format!("{version} ({})", setup.project.name(python)))
            }
            None => Finding::optional(
                "`workbook bench batch` leaves it out",
                format!(".venv/bin/python -m pip install {}", self.name),
            ),
        }
    }
}

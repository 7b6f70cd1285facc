//! The step that needs a Python: one that can make the environment, or the environment's own.
use super::step::{Finding, Setup, Step};
use super::{environment, project::Project};

/// Python as a step: the one in a working `.venv`, or else one that can make it.
pub struct PythonStep;

impl Step for PythonStep {
    fn name(&self) -> &'static str {
        "Python"
    }

    fn check(&self, setup: &Setup) -> Finding {
        // A working environment needs no other Python: `cargo lab` must not fail
        // because python3 has left the PATH since.
        if setup.python.is_none()
            && let Some(version) = in_venv(&setup.project)
        {
            return Finding::Fine(format!("{version}, in .venv"));
        }
        match setup.base_python() {
            Ok(python) => Finding::Fine(format!("{} ({})", python.version, python.base.display())),
            Err(error) => Finding::problem(error.to_string(), error.fix()),
        }
    }
}

fn in_venv(project: &Project) -> Option<String> {
    environment::whole(project).ok().map(|record| record.python)
}

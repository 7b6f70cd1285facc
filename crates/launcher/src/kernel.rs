//! The built kernel: the program `workbook` and the library that every cell links.
use super::build::{
    self,
    state::{Phase, State},
};
use super::step::{Finding, RUN_LAB, Setup, Step};
use super::{lock, toolchain};

pub struct KernelStep;

impl Step for KernelStep {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn check(&self, setup: &Setup) -> Finding {
        let project = &setup.project;
        if let Some(named) = std::env::var_os(build::KERNEL) {
            let named = named.display().to_string();
            return match State::program(project) {
                Some(_) => Finding::Fine(format!("{named}, as {} says", build::KERNEL)),
                None => Finding::problem(
                    format!("{named} ({}) is not there", build::KERNEL),
                    format!(
                        "name the built program `workbook`, or unset {}",
                        build::KERNEL
                    ),
                ),
            };
        }
        let Some(state) = State::read(project) else {
            return Finding::problem("not built yet", RUN_LAB);
        };
        if let Some(failure) = &state.failure {
            return Finding::problem(failure.what.clone(), failure.fix.clone());
        }
        if state.phase != Phase::Ready && lock::is_building(project) {
            return Finding::problem(state.line(), "wait for `cargo lab`, which is building it");
        }
        let Some(kernel) = state.kernel else {
            return Finding::problem("not built yet", RUN_LAB);
        };
        let name = project.name(&kernel.program);
        if !kernel.program.is_file() {
            return Finding::problem(format!("{name} is not there"), RUN_LAB);
        }
        // A library that another compiler built cannot be linked.
        if let Some(here) = toolchain::rustc_version()
            && here != kernel.rustc
        {
            return Finding::problem(
                format!(
                    "{here} is here, but {} built the kernel: cells cannot link it",
                    kernel.rustc
                ),
                "run `cargo lab`, which builds it again with this toolchain",
            );
        }
        Finding::Fine(name)
    }
}

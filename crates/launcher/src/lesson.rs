//! The lesson's data set, which every chapter reads. The kernel makes it.
use super::build::state::State;
use super::step::{Finding, RUN_LAB, Setup, Step};
use std::process::{Command, Stdio};

pub struct LessonData;

impl Step for LessonData {
    fn name(&self) -> &'static str {
        "lesson data"
    }

    fn check(&self, setup: &Setup) -> Finding {
        let Some(program) = State::program(&setup.project) else {
            return Finding::problem("made once the kernel is built", RUN_LAB);
        };
        let output = Command::new(program)
            .args(["prepare", "--check"])
            .env("LAMBDA_WORKBOOK_ROOT", &setup.project.root)
            .stdin(Stdio::null())
            .output();
        match output {
            Ok(output) => {
                let said = match output.stdout.is_empty() {
                    true => &output.stderr,
                    false => &output.stdout,
                };
                let text = String::from_utf8_lossy(said).trim().to_string();
                if output.status.success() {
                    Finding::Fine(text)
                } else {
                    Finding::problem(text, RUN_LAB)
                }
            }
            Err(error) => Finding::problem(format!("the kernel does not run: {error}"), RUN_LAB),
        }
    }
}

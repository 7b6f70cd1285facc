//! The answers of one student, compiled as one program.
//!
//! Half of what rustc does for an answer is reading the names of all that the libraries have
//! compiled, which is the same for every answer: 0.3 of 0.7 s. So the answers of a student are
//! compiled together, each in a module of its own. Each is asked in a process of its own as
//! before, and what it calls is found from its own function on.
//!
//! Nothing depends on it: an answer that is not in such a program is compiled alone. That is every
//! answer that has an error or is refused here, so that its verdict and its reason are those of a
//! program of its own.
use super::compile::{Bench, Compiled, Part, Program};
use super::linked::Reached;
use super::scan::scan;
use anyhow::{Context, Result};
use lambda_workbook::exercises::Exercise;
use std::collections::BTreeMap;
use std::fs;

/// How often those with errors are left out and the others are compiled again.
const ROUNDS: usize = 3;

/// Programs for some of a student's answers.
#[derive(Debug, Default)]
pub struct Together {
    /// By the id of the exercise, with the source that it was made of.
    programs: BTreeMap<&'static str, (String, Program)>,
    _folder: Option<tempfile::TempDir>,
}

impl Together {
    /// Compiles sources, one for each exercise. What goes wrong leaves out answers, and nothing
    /// else.
    pub fn compile(bench: &Bench, sources: Vec<(&'static Exercise, String)>) -> Together {
        // What is refused by its words is compiled alone, if at all.
        let sources = sources.into_iter();
        let left = sources.filter(|(_, source)| scan(source).is_none());
        compiled(bench, left.collect()).unwrap_or_default()
    }

    /// The program for a source, if there is one.
    pub fn program(&self, exercise: &Exercise, source: &str) -> Option<&Program> {
        let (made_of, program) = self.programs.get(exercise.id)?;
        (made_of == source).then_some(program)
    }
}

fn compiled(bench: &Bench, mut left: Vec<(&'static Exercise, String)>) -> Result<Together> {
    for _ in 0..ROUNDS {
        if left.len() < 2 {
            break;
        }
        let folder = tempfile::Builder::new()
            .prefix("lambda-workbook-grade-")
            .tempdir()?;
        // No answer can name the module of another one.
        let secret = uuid::Uuid::new_v4().simple();
        let parts: Vec<Part> = { left.iter() }
            .map(|(exercise, source)| Part {
                exercise,
                source,
                module: format!("{}_{secret}", exercise.name),
            })
            .collect();
        let (compiled, with_errors) = bench.compile_together(&parts, folder.path())?;
        match compiled {
            Compiled::Program(program) => {
                let object = fs::read(&program.object).context("no object file")?;
                let reached = Reached::in_object(&object)?;
                let mut programs = BTreeMap::new();
                for part in parts {
                    let from = format!("worker::{}::serve", part.frame());
                    if reached.refused(&from, part.exercise)?.is_empty() {
                        let program = Program {
                            answer: part.module,
                            ..program.clone()
                        };
                        let made_of = part.source.to_owned();
                        programs.insert(part.exercise.id, (made_of, program));
                    }
                }
                return Ok(Together {
                    programs,
                    _folder: Some(folder),
                });
            }
            Compiled::Errors(_) => {
                let had: Vec<bool> = { parts.iter() }
                    .map(|part| with_errors.contains(&part.file()))
                    .collect();
                if !had.contains(&true) {
                    break;
                }
                let mut had = had.into_iter();
                left.retain(|_| !had.next().unwrap_or_default());
            }
            Compiled::Stopped(..) => break,
        }
    }
    Ok(Together::default())
}

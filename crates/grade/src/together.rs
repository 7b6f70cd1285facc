//! The answers of one student, compiled as one program.
//!
//! Half of what rustc does for an answer is reading the names of all that the libraries have
//! compiled, which is the same for every answer: 0.3 of 0.7 s. So the answers of a student are
//! compiled together, each in a module of its own, and each is asked in a process of its own.
//!
//! A process holds the code and the static memory of all answers in its program, and an answer that
//! breaks Rust's safety, or becomes the same program under another name, can reach all of it. So:
//! - only answers to exercises that share ([`linked::shares`]) are in such a program;
//! - the whole program names nothing that none of these exercises allows, from wherever it does;
//! - what an answer refers to from its own function on is in the vocabulary of its exercise;
//! - a pass counts, and nothing else. An answer that fails here may fail by what another one does
//!   to the memory of the process; it is compiled and asked alone, as is every answer that has an
//!   error or is refused. So its verdict and its reason are those of a program of its own.
use super::compile::{Bench, Compiled, Part, Program};
use super::linked::{self, Reached};
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
    /// Whether what is not a pass counts as well: for sources that are trusted.
    trusted: bool,
    /// By the id of the exercise, with the source that it was made of.
    programs: BTreeMap<&'static str, (String, Program)>,
    _folder: Option<tempfile::TempDir>,
}

impl Together {
    /// Compiles sources, one for each exercise. What goes wrong leaves out answers, and nothing
    /// else.
    pub fn compile(bench: &Bench, sources: Vec<(&'static Exercise, String)>) -> Together {
        // What is refused by its words is compiled alone, if at all; and so is a macro that other
        // answers could use.
        let may = |(exercise, source): &(&'static Exercise, String)| {
            linked::shares(exercise) && scan(source).is_none() && !source.contains("macro_export")
        };
        let left = sources.into_iter().filter(may);
        compiled(bench, left.collect()).unwrap_or_default()
    }

    /// As [`compile`](Self::compile), for sources of this project: every verdict counts.
    pub fn compile_trusted(bench: &Bench, sources: Vec<(&'static Exercise, String)>) -> Together {
        Together {
            trusted: true,
            ..Self::compile(bench, sources)
        }
    }

    /// Whether a verdict of one of these programs counts.
    pub fn decides(&self, verdict: &str) -> bool {
        self.trusted || verdict == "passed"
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
        let secret = || uuid::Uuid::new_v4().simple();
        let parts: Vec<Part> = { left.iter() }
            .map(|(exercise, source)| Part {
                exercise,
                source,
                module: format!("{}_{}", exercise.name, secret()),
            })
            .collect();
        let (compiled, with_errors) = bench.compile_together(&parts, folder.path())?;
        match compiled {
            Compiled::Program(program) => {
                let object = fs::read(&program.object).context("no object file")?;
                let reached = Reached::in_object(&object)?;
                let is_refused = |part: &Part| -> Result<bool> {
                    let from = format!("worker::{}::serve", part.frame());
                    Ok(!reached.refused(&from, part.exercise)?.is_empty())
                };
                let refused: Vec<bool> = parts.iter().map(is_refused).collect::<Result<_>>()?;
                if refused.contains(&true) {
                    // Its code would be in the processes of the others.
                    leave_out(&mut left, refused);
                    continue;
                }
                let exercises: Vec<&Exercise> = parts.iter().map(|part| part.exercise).collect();
                if !linked::allowed_to_none(&object, &exercises)?.is_empty() {
                    break;
                }
                let programs = parts.into_iter().map(|part| {
                    let program = Program {
                        answer: part.module,
                        ..program.clone()
                    };
                    (part.exercise.id, (part.source.to_owned(), program))
                });
                return Ok(Together {
                    programs: programs.collect(),
                    _folder: Some(folder),
                    ..Together::default()
                });
            }
            Compiled::Errors(_) => {
                let had: Vec<bool> = { parts.iter() }
                    .map(|part| with_errors.contains(&part.file()))
                    .collect();
                if !had.contains(&true) {
                    break;
                }
                leave_out(&mut left, had);
            }
            Compiled::Stopped(..) => break,
        }
    }
    Ok(Together::default())
}

/// Leaves out the answers that are marked.
fn leave_out(left: &mut Vec<(&'static Exercise, String)>, marked: Vec<bool>) {
    let mut marked = marked.into_iter();
    left.retain(|_| !marked.next().unwrap_or_default());
}

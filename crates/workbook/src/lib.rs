//! The program `workbook`: the command line. The notebook kernel is the crate `kernel`, the
//! grader `grade`, the set-up `launcher`.
//!
//! It is a library too, so that tests and benchmarks can call it.

pub mod commands;

/// How a command ended: the process's exit code.
///
/// 0 done, 1 the answer is no (a check failed), 2 wrong use (clap's own), 3 the
/// set-up or the input is broken (every `Err`).
pub enum Outcome {
    Done,
    No,
}

/// Ends the program as clap does when the words of the command line are wrong.
pub fn wrong_use(problem: impl std::fmt::Display) -> ! {
    eprintln!("error: {problem}");
    std::process::exit(2)
}
